"""Registering what clients have dropped: every complete drop becomes one row of ``upload``."""

import logging
import secrets
import time
from dataclasses import dataclass

import psycopg2

from include.bucket import look as looking
from include.bucket.look import Client, Drop
from include.bucket.names import named
from include.bucket.templates import keep_templates
from include.contacts import receipts, uploads, waiting
from include.contacts.refusal import RefusalError, quarantined
from include.contacts.shelf import encoded, shelf_key, shelve
from include.contacts.uploads import change_state, read_upload
from include.db import connect, sql
from include.errors import InputError
from include.logs import canonical
from include.settings import settings
from include.storage import Storage, StoredFile

log = logging.getLogger(__name__)
FORGOTTEN_MINUTES = 10
_MOST_WRITTEN = 1 << 20
#: Whether a scan that found something new looks again, rather than leave it to the next scan.
SECOND_LOOK = True


@dataclass(frozen=True)
class Registered:
    """An upload that somebody should work on now."""

    upload_id: int
    kind: str


def scan() -> list[Registered]:
    """Look into every inbox; the uploads to work on, in the order in which they came.

    A file is taken once two looks found it the same, so a scan that finds something new looks a
    second time two seconds later. Also closes questions nobody answered, moves finished files that
    a crash left behind, keeps ``templates/`` as it should be, and names again uploads that nobody
    has worked on for ten minutes.
    """
    storage = Storage(settings().bucket_url)
    keep_templates(storage)
    clients = _clients()
    registered: list[Registered] = []
    unsettled = [client for client in clients if _take(storage, client, registered)]
    if unsettled and SECOND_LOOK:
        time.sleep(looking.STABLE_SECONDS + 0.1)
        for client in unsettled:
            _take(storage, client, registered)
    _tidy(storage)
    return registered + _forgotten({r.upload_id for r in registered})


def _clients(code: str | None = None) -> list[Client]:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("bucket/list_clients"), {"code": code})
        return [Client(*row) for row in cur.fetchall()]


def find_client(code: str) -> Client:
    """The client of that code; ``InputError`` if there is none."""
    found = _clients(code)
    if not found:
        raise InputError(
            "no_such_client", f"there is no client {code}", f"il n'y a pas de client {code}"
        )
    return found[0]


def _take(storage: Storage, client: Client, registered: list[Registered]) -> bool:
    """Register a client's complete drops; whether others may be complete in a moment.

    Whatever one client's files do, the other clients' are looked at.
    """
    try:
        _alert_odd_entries(storage, client)
        if not looking.leads_home(storage, client):
            return False
        with connect() as conn:
            found = looking.look(conn, storage, client)
        for drop in found.drops:
            upload_id = _register_safely(storage, client, drop)
            if upload_id is not None:
                registered.append(Registered(upload_id, drop.named.kind))
    except (InputError, OSError, psycopg2.DataError) as error:
        log.exception("inbox of %s: %s", client.code, error)
        return False
    return found.unsettled


def _alert_odd_entries(storage: Storage, client: Client) -> None:
    for key in looking.odd_entries(storage, client):
        _alert(key, "a link, a pipe or a device in an inbox is never opened")


def _alert(key: str, detail: str) -> None:
    # No database holds these: halves of surrogate pairs, and NUL.
    subject = key.encode(errors="replace").decode().replace("\x00", "\N{SYMBOL FOR NULL}")
    values = {"kind": "odd_file", "subject": subject, "detail": detail}
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("bucket/raise_alert"), values)


def _register_safely(storage: Storage, client: Client, drop: Drop) -> int | None:
    """The upload to work on; ``None`` if the drop is done with, or cannot be read just now."""
    try:
        return _register(storage, client, drop)
    except FileNotFoundError:
        return None
    except (InputError, OSError, psycopg2.DataError) as error:
        log.warning("drop of %s passed over: %s", client.code, error)
        _alert(drop.file.key, "a file in an inbox that cannot be read")
        return None


def _register(storage: Storage, client: Client, drop: Drop) -> int | None:
    digest = storage.digest(drop.file.key)
    refusal = drop.named.refusal
    if drop.never_completed:
        refusal = quarantined("never_completed")
    elif drop.file.size > _most(drop.named.kind):
        refusal = quarantined("too_large", limit=_most(drop.named.kind) >> 20)
    elif drop.marker and not _fits(storage, drop.marker, digest):
        refusal = quarantined("checksum_mismatch")
    upload_id, is_new = claim(client, drop, digest)
    if drop.marker:
        storage.delete(drop.marker)
    if refusal is not None:
        _refuse(storage, drop, upload_id, refusal)
        return None
    if not is_new:
        return None
    _tell_received(storage, upload_id)
    return upload_id


def _most(kind: str) -> int:
    """The bytes that a drop may have: whole lists, or what a person writes."""
    return settings().max_file_bytes if kind in ("contacts", "blocklist") else _MOST_WRITTEN


def _fits(storage: Storage, marker: str, digest: str) -> bool:
    said = storage.read_bytes(marker)[:200].split()
    return not said or said[0].decode(errors="replace").lower() == digest


def claim(client: Client, drop: Drop, digest: str) -> tuple[int, bool]:
    """The row of a drop, and whether it is new; versions that it replaces are closed."""
    sound = drop.named.refusal is None
    key = drop.file.key if sound else _written(client, drop.file)
    values = {
        "import_id": f"imp_{secrets.token_hex(8)}",
        "client_id": client.client_id,
        "kind": drop.named.kind,
        "key": key,
        "sha256": digest,
        "bytes": drop.file.size,
        "list_name": drop.named.list_name,
        "label": drop.named.label,
    }
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("bucket/register_upload"), values)
        row = cur.fetchone()
        is_new = row is not None
        if row is None:
            cur.execute(sql("bucket/find_registered"), values)
            row = cur.fetchone()
        upload_id = int(row[0])  # type: ignore[index]
        if sound:
            cur.execute(sql("bucket/bind_sighting"), {**values, "upload_id": upload_id})
            cur.execute(sql("bucket/supersede"), {**values, "upload_id": upload_id})
            replaced = [int(r[0]) for r in cur.fetchall()]
        else:
            replaced = []
    for old in replaced:
        _tell_expired(Storage(settings().bucket_url), old, "replaced")
    return upload_id, is_new


def _written(client: Client, file: StoredFile) -> str:
    """A key that shows an unsound name without being it."""
    return f"{client.inbox}/{encoded(file.key[len(client.inbox) + 1 :])}"


def _refuse(storage: Storage, drop: Drop, upload_id: int, refusal: RefusalError) -> None:
    """Close a drop that nobody is to work on: receipt, reasons, and out of the inbox."""
    with connect() as conn:
        change_state(conn, upload_id, ["received"], "quarantined", refusal.code)
    upload = read_upload(upload_id)
    receipt = receipts.write_bare(storage, upload, refusal)
    uploads.keep_receipt(upload_id, receipt)
    if upload.key != drop.file.key:
        storage.move(drop.file.key, shelf_key(upload, drop.file.key.rpartition("/")[2]))
    shelve(storage, upload, receipt["reason"])


def _tell_received(storage: Storage, upload_id: int) -> None:
    upload = read_upload(upload_id)
    if upload.kind == "contacts":
        receipts.write_bare(storage, upload, None)
    else:
        receipts.write_drop(storage, upload, receipts.drop_document(upload, None))
    canonical(
        log,
        "bucket.received",
        import_id=upload.import_id,
        client=upload.client,
        kind=upload.kind,
        bytes=upload.bytes,
    )


def _tell_expired(storage: Storage, upload_id: int, code: str) -> None:
    upload = read_upload(upload_id)
    receipt = receipts.write_bare(storage, upload, RefusalError(code))
    uploads.keep_receipt(upload_id, receipt)


def _tidy(storage: Storage) -> None:
    waiting.tend(storage)
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("bucket/list_unshelved"))
        unshelved = [row[0] for row in cur.fetchall()]
    for upload_id in unshelved:
        upload = read_upload(upload_id)
        shelve(storage, upload, (upload.receipt or {}).get("reason"))


def _forgotten(known: set[int]) -> list[Registered]:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("bucket/list_unfinished"), {"minutes": FORGOTTEN_MINUTES})
        return [Registered(*row) for row in cur.fetchall() if row[0] not in known]


def register_now(client: Client, storage: Storage, place: str) -> int:
    """Register a file just written to ``place`` under the inbox, without waiting; its upload."""
    key = f"{client.inbox}/{place}"
    file = next(f for f in storage.list(key.rpartition("/")[0]) if f.key == key)
    drop = Drop(file, named(place))
    digest = storage.digest(key)
    upload_id, _ = claim(client, drop, digest)
    if drop.named.refusal is not None:
        _refuse(storage, drop, upload_id, drop.named.refusal)
    return upload_id
