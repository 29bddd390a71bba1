"""Working on what was registered, kind by kind, as the DAGs do."""

import logging
from typing import Any

from include.bucket.intake import Registered, scan
from include.contacts.importer import import_upload
from include.contacts.list_files import write_list
from include.contacts.uploads import read_upload
from include.db import connect
from include.errors import SmsswitchError
from include.settings import settings
from include.storage import Storage

log = logging.getLogger(__name__)


def process(upload_id: int) -> dict[str, Any]:
    """Do what is to be done for one upload, whatever its kind; its document as it then stands."""
    kind = read_upload(upload_id).kind
    if kind == "campaign":
        from include.campaigns.intake import apply_upload

        return dict(apply_upload(upload_id))
    if kind == "command":
        from include.bucket.commands import apply_command

        return apply_command(upload_id)
    document = import_upload(upload_id)
    _keep_list(upload_id, document)
    return document


def _keep_list(upload_id: int, document: dict[str, Any]) -> None:
    """The files of the list that an import changed; not part of the import, which need not wait."""
    if document.get("state") == "loaded" and document.get("list"):
        client_id = read_upload(upload_id).client_id
        write_list(Storage(settings().bucket_url), client_id, document["list"])


def scan_and_process() -> list[dict[str, Any]]:
    """Process the bucket once: ``[{import_id, client, kind, file, state, reason, document}]``.

    One file that fails holds up no other; its state is ``failed``.
    """
    return [_outcome(upload) for upload in _in_order(scan())]


def _in_order(found: list[Registered]) -> list[int]:
    """Contacts, campaigns, commands: each finds done what was dropped with it."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select upload_id from upload where state in ('received', 'mapping_submitted')")
        waiting = {int(row[0]) for row in cur.fetchall()} | {r.upload_id for r in found}
    kinds = {upload_id: read_upload(upload_id).kind for upload_id in waiting}
    turn = {"campaign": 1, "command": 2}
    return sorted(waiting, key=lambda upload_id: (turn.get(kinds[upload_id], 0), upload_id))


def _outcome(upload_id: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    try:
        document = process(upload_id)
    except SmsswitchError as error:
        log.error("upload %s: %s", upload_id, error)
    upload = read_upload(upload_id)
    return {
        "import_id": upload.import_id,
        "client": upload.client,
        "kind": upload.kind,
        "file": upload.name,
        "state": upload.state,
        "reason": upload.reason,
        "document": document,
    }
