"""A dropped campaign file from its row in ``upload`` to its receipt."""

import logging
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.campaigns import orders, store
from include.campaigns.campaign_file import name_in, parse_campaign
from include.campaigns.faults import Fault, RefusedError
from include.campaigns.publish import publish
from include.campaigns.regions import rules_for
from include.campaigns.store import Client
from include.db import connect, sql
from include.db.audit import record
from include.db.savepoint import savepoint
from include.errors import InputError
from include.logs import canonical
from include.settings import settings
from include.storage import Storage

log = logging.getLogger(__name__)


def apply_upload(upload_id: int) -> dict[str, Any]:
    """Do what a dropped campaign file asks and write its receipt; the document shown.

    Safe to repeat: a file already applied only has its receipt written again.
    """
    storage = Storage(settings().bucket_url)
    with connect() as conn:
        upload = _claim(conn, upload_id)
        receipt = upload["receipt"] or _apply(conn, upload, storage)
        _remember(conn, upload, receipt)
    publish(storage, upload["client"], receipt)
    _put_away(upload, storage)
    canonical(
        log,
        "campaign_file",
        client=upload["client"],
        file=receipt["file"]["name"],
        campaign=receipt["campaign"],
        state=receipt["state"],
        reason=receipt["reason"],
    )
    return receipt


def drop(code: str, name: str, raw: bytes) -> int:
    """Put a file where its client would drop it, already registered; its upload's number."""
    key = f"clients/{code}/inbox/campaigns/{PurePosixPath(name).name}"
    storage = Storage(settings().bucket_url)
    storage.path(key)
    with connect() as conn:
        owner = store.client(conn, code)
        values = {
            "client_id": owner.client_id,
            "key": key,
            "sha256": sha256(raw).hexdigest(),
            "bytes": len(raw),
        }
        with conn.cursor() as cur:
            cur.execute(sql("campaigns/register_drop"), values)
            cur.execute(sql("campaigns/find_drop"), values)
            row = cur.fetchone()
    storage.write_bytes(key, raw)
    if row is None:
        raise InputError("unknown_upload", f"{name} was taken away before it could be read")
    return int(row[0])


def _claim(conn: Connection, upload_id: int) -> dict[str, Any]:
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/claim_upload"), {"upload_id": upload_id})
        row = cur.fetchone()
        if row is None:
            raise InputError("unknown_upload", f"there is no campaign file {upload_id}")
        names = [column.name for column in cur.description or ()]
    return dict(zip(names, row, strict=True))


def _apply(conn: Connection, upload: dict[str, Any], storage: Storage) -> dict[str, Any]:
    owner = store.client(conn, upload["client"])
    name: str | None = None
    try:
        raw = _read(upload, storage)
        name = name_in(raw)
        with savepoint(conn):
            document = _order(conn, upload, owner, raw)
    except InputError as error:
        document = _refused(conn, name, error, owner)
    return _receipt(upload, document)


def _read(upload: dict[str, Any], storage: Storage) -> bytes:
    try:
        return storage.read_known(upload["key"], upload["bytes"], upload["sha256"])
    except FileNotFoundError:
        raise RefusedError([Fault("file_gone")]) from None


def _order(conn: Connection, upload: dict[str, Any], owner: Client, raw: bytes) -> dict[str, Any]:
    rules = rules_for(owner)
    file = parse_campaign(raw, rules)
    outcome = orders.carry_out(conn, owner, file, upload["upload_id"], rules)
    action, subject = f"campaign_file_{file.state}", f"campaign:{owner.code}/{file.spec.name}"
    facts = {"state": outcome.state, "reason": outcome.reason, "upload": upload["import_id"]}
    record(conn, f"client:{owner.code}", action, subject, **facts)
    return orders.document(file.spec.name, outcome, owner)


def _refused(
    conn: Connection, name: str | None, error: InputError, owner: Client
) -> dict[str, Any]:
    """A file that changed nothing: its campaign, if there is one, stands as it stood."""
    there = store.find(conn, owner.client_id, name, lock=False) if name else None
    if isinstance(error, RefusedError):
        errors = [fault.document(owner.language) for fault in error.faults]
    else:
        errors = [
            {
                "line": error.place.line,
                "field": error.place.field,
                "code": error.code,
                "message": error.message(owner.language),
                "message_fr": error.message_fr,
                "message_en": error.message_en,
            }
        ]
    return {
        "campaign": name,
        "state": there.state if there else "rejected",
        "reason": error.code,
        "errors": errors,
        "warnings": [],
        "quote": None,
    }


def _receipt(upload: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "campaign-receipt/1",
        "import_id": upload["import_id"],
        "client": upload["client"],
        "accepted": not document["errors"],
        "file": {
            "name": PurePosixPath(upload["key"]).name,
            "sha256": upload["sha256"],
            "bytes": upload["bytes"],
        },
        **document,
    }


def _remember(conn: Connection, upload: dict[str, Any], receipt: dict[str, Any]) -> None:
    values = {
        "upload_id": upload["upload_id"],
        "state": "loaded" if receipt["accepted"] else "rejected",
        "reason": receipt["errors"][0]["code"] if receipt["errors"] else None,
        "receipt": Json(receipt),
    }
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/finish_upload"), values)


def _put_away(upload: dict[str, Any], storage: Storage) -> None:
    """Out of the inbox, so that the next drop of that name is a new one; what is one already stays."""
    if not upload["in_inbox"]:
        return
    name = PurePosixPath(upload["key"]).name
    folder = f"{upload['created_at']:%Y/%m}/{upload['import_id']}"
    try:
        if storage.digest(upload["key"]) == upload["sha256"]:
            storage.move(upload["key"], f"clients/{upload['client']}/processed/{folder}/{name}")
    except FileNotFoundError:
        log.info("%s was out of the inbox already", upload["key"])
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "update upload set in_inbox = false, updated_at = now() where upload_id = %s",
            (upload["upload_id"],),
        )
