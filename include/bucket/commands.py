"""Command files: what a client asks for besides contacts and campaigns, and its receipt."""

import logging
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, RealDictCursor

from include.bucket.command_file import parse_command
from include.bucket.quick_send import quick_send
from include.campaigns.faults import RefusedError
from include.campaigns.publish import publish
from include.contacts import receipts, uploads
from include.contacts.list_files import list_folder, remove_list_files, write_list
from include.contacts.refusal import RefusalError
from include.contacts.shelf import encoded, shelve
from include.contacts.uploads import Upload, change_state, read_upload
from include.db import connect, sql
from include.db.audit import record
from include.logs import canonical
from include.settings import settings
from include.storage import Storage

log = logging.getLogger(__name__)
_PREFERENCES = (
    "language", "completion", "auto_confirm", "alert_address", "holidays", "formula_like_text",
)  # fmt: skip
_OPEN = ["received", "failed"]


def apply_command(upload_id: int) -> dict[str, Any]:
    """Do what a dropped command file asks; its receipt. Safe to repeat.

    What the database keeps of it is one transaction with the upload's end, so that a command cut
    off by a crash is done once: repeated, only its files and its receipt are written again.
    """
    with uploads.alone_with(upload_id):
        upload, storage = read_upload(upload_id), Storage(settings().bucket_url)
        if upload.is_told:
            if upload.in_inbox:
                shelve(storage, upload)
            return upload.receipt or {}
        if upload.state in _OPEN:
            try:
                _carry_out(upload, _read(upload, storage))
            except (RefusalError, RefusedError) as error:
                _refuse(upload, error)
        return _tell(read_upload(upload_id), storage)


def _read(upload: Upload, storage: Storage) -> dict[str, Any]:
    try:
        return parse_command(storage.read_known(upload.key, upload.bytes, upload.sha256))
    except FileNotFoundError:
        raise RefusalError("file_gone") from None


def _carry_out(upload: Upload, document: dict[str, Any]) -> None:
    command = document["command"]
    with connect() as conn:
        if command == "quick_send":
            done = quick_send(conn, upload, document["send"])
            done["campaign_reason"] = done.pop("reason")
        elif command == "preferences":
            done = _set_preferences(conn, upload, document["preferences"])
        else:
            done = {"list": document["list"]}
            _check_list(conn, upload, document["list"], delete=command == "delete_list")
        fault = next(iter(done.get("errors", ())), None)
        state, code = ("rejected", fault["code"]) if fault else ("loaded", None)
        _close(conn, upload, {"command": command, **done}, state, code)


def _close(
    conn: Connection, upload: Upload, done: dict[str, Any], state: str, code: str | None
) -> None:
    with conn.cursor() as cur:
        cur.execute(
            "update upload set receipt = %s where upload_id = %s",
            (Json({"done": done}), upload.upload_id),
        )
    change_state(conn, upload.upload_id, _OPEN, state, code)
    action = f"command_{done.get('command') or 'refused'}"
    facts = {"state": state, "reason": code, "list": done.get("list")}
    record(conn, f"client:{upload.client}", action, upload.import_id, **facts)


def _refuse(upload: Upload, error: RefusalError | RefusedError) -> None:
    """A command that changed nothing."""
    if isinstance(error, RefusalError):
        state = "duplicate" if error.outcome == "duplicate" else "rejected"
        done: dict[str, Any] = {"reason": receipts.reason_document(error)}
        code = error.code
    else:
        state, code = "rejected", error.faults[0].code
        done = {"errors": [fault.document(upload.language) for fault in error.faults]}
    with connect() as conn:
        _close(conn, upload, done, state, code)


def _set_preferences(conn: Connection, upload: Upload, wanted: dict[str, Any]) -> dict[str, Any]:
    values = {name: wanted.get(name) for name in _PREFERENCES}
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("bucket/set_preferences"), {**values, "client_id": upload.client_id})
        return {"preferences": dict(cur.fetchone())}  # type: ignore[arg-type]


def _check_list(conn: Connection, upload: Upload, name: str, *, delete: bool) -> None:
    """Refuses a list that is not the client's; deletes it where that is wanted and allowed."""
    with conn.cursor() as cur:
        cur.execute(sql("bucket/find_list"), {"client_id": upload.client_id, "name": name})
        found = cur.fetchone()
        if found is None:
            raise RefusalError("no_such_list", list=name)
        if not delete:
            return
        list_id, campaign = found
        if campaign is not None:
            raise RefusalError("list_in_use", list=name, campaign=campaign)
        try:
            cur.execute(sql("bucket/leave_list"), {"list_id": list_id})
            cur.execute("delete from contact_list where list_id = %s", (list_id,))
        except psycopg2.errors.ForeignKeyViolation:  # activated a moment ago
            raise RefusalError("list_in_use", list=name, campaign="…") from None


def _tell(upload: Upload, storage: Storage) -> dict[str, Any]:
    """Files, receipt, and out of the inbox; from what the database keeps of the command."""
    done = dict((upload.receipt or {}).get("done") or {})
    reason = done.pop("reason", None) or _reason(done)
    receipt = {**receipts.drop_document(upload, None), **done, "reason": reason}
    if done.get("command") == "export_list":
        write_list(storage, upload.client_id, done["list"], anew=True)
        place = list_folder(upload.client, done["list"])
        receipt["files"] = [f"{place}/contacts.xlsx", f"{place}/summary.json"]
    elif done.get("command") == "delete_list":
        remove_list_files(storage, upload.client, done["list"])
    elif done.get("command") == "quick_send":
        _publish_campaign(upload, storage, receipt)
    receipt["state"] = upload.state
    receipts.write_drop(storage, upload, receipt)
    uploads.keep_receipt(upload.upload_id, receipt)
    shelve(storage, upload, receipt["reason"])
    facts = {"import_id": upload.import_id, "client": upload.client, "state": upload.state}
    canonical(log, "bucket.command", command=done.get("command"), reason=upload.reason, **facts)
    return receipt


def _reason(done: dict[str, Any]) -> dict[str, Any] | None:
    for error in done.get("errors", ()):
        return {**{k: error[k] for k in ("code", "message_fr", "message_en")}, "column": None}
    return None


def _publish_campaign(upload: Upload, storage: Storage, receipt: dict[str, Any]) -> None:
    """The quote and the status, as a campaign file gets them."""
    file = {**receipt["file"], "name": encoded(upload.name)}
    publish(storage, upload.client, {**receipt, "file": file})
    write_list(storage, upload.client_id, receipt["campaign"])
    receipt["campaign_state"] = receipt["state"]
    place = f"clients/{upload.client}/outbox/campaigns/{receipt['campaign']}"
    receipt["files"] = [f"{place}/quote.html", f"{place}/quote.json", f"{place}/status.json"]
