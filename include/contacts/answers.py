"""Mapping files: beside the file they belong to, or dropped later to answer a proposal."""

from typing import Any

from include.contacts import receipts, uploads
from include.contacts.mapping import parse_mapping
from include.contacts.refusal import RefusalError, mapping_refused
from include.contacts.shelf import shelf_key, shelve
from include.contacts.uploads import Upload, change_state, read_upload
from include.db import connect
from include.storage import Storage

SUFFIX = ".mapping.yaml"


def sidecar_names(name: str) -> tuple[str, str]:
    """The names by which a mapping can lie beside a file called ``name``."""
    return f"{name}{SUFFIX}", f"{name.rpartition('.')[0] or name}{SUFFIX}"


def find_sidecar(storage: Storage, upload: Upload) -> str | None:
    """The key of the mapping file beside an upload's file."""
    place = upload.key.rpartition("/")[0]
    keys = (f"{place}/{name}" for name in sidecar_names(upload.name))
    return next((key for key in keys if storage.exists(key)), None)


def read_sidecar(storage: Storage, upload: Upload, key: str) -> dict[str, Any]:
    """The mapping beside a file; refused where it answers another version of it."""
    document = parse_mapping(storage.read_bytes(key))
    import_id = document.get("import_id")
    if import_id and import_id != upload.import_id:
        other = _import(upload, import_id)
        if other.sha256 != upload.sha256:
            raise mapping_refused("mapping_for_another_version")
    return document


def shelve_sidecar(storage: Storage, upload: Upload, key: str) -> None:
    """Keep a mapping that was read with the file it came with."""
    if storage.exists(key):
        storage.move(key, shelf_key(upload, key.rpartition("/")[2]))


def read_answer(upload: Upload, storage: Storage) -> tuple[dict[str, Any], int]:
    """A dropped mapping's document and the upload that it speaks of; refused where there is none."""
    try:
        data = storage.read_known(upload.key, upload.bytes, upload.sha256)
        document = parse_mapping(data)
    except FileNotFoundError:
        raise RefusalError("file_gone") from None
    if document.get("confirmed") is not True:
        raise mapping_refused("mapping_not_confirmed")
    if not document.get("columns"):
        raise mapping_refused("phone_required")
    target = _target(upload, document.get("import_id"))
    if target.reason == "replaced":
        raise mapping_refused("mapping_for_another_version")
    return document, target.upload_id


def _target(upload: Upload, import_id: str | None) -> Upload:
    if import_id:
        return _import(upload, import_id)
    place = upload.key.rpartition("/")[0]
    stem = upload.name.removesuffix(SUFFIX)
    names = [stem, *(f"{stem}.{extension}" for extension in ("csv", "txt", "xls", "xlsx"))]
    found = uploads.find_import(
        upload.client_id, import_id=None, keys=[f"{place}/{name}" for name in names]
    )
    if found is None:
        raise mapping_refused("mapping_without_file")
    return read_upload(found)


def _import(upload: Upload, import_id: str) -> Upload:
    found = uploads.find_import(upload.client_id, import_id=import_id, keys=[])
    if found is None:
        raise mapping_refused("no_such_import", import_id=import_id)
    return read_upload(found)


def close(
    upload: Upload, storage: Storage, state: str, reason: RefusalError | None, **counts: Any
) -> dict[str, Any]:
    """The end of a drop that is not contacts: its state, its receipt, its place."""
    code = reason.code if reason else None
    with connect() as conn:
        change_state(conn, upload.upload_id, ["received", "failed"], state, code)
    upload = read_upload(upload.upload_id)
    receipt = receipts.drop_document(upload, reason, **counts)
    receipts.write_drop(storage, upload, receipt)
    uploads.keep_receipt(upload.upload_id, receipt)
    shelve(storage, upload, receipt["reason"])
    return receipt
