"""How long things are kept: one policy for each kind, in months, from the settings.

The ledger, invoices, tariffs and the audit trail are never purged here: the law asks for ten years.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from include.db import connect, sql
from include.db.audit import record
from include.logs import canonical
from include.operations.settings import current
from include.operations.whole_months import Purged, messages, months_before, signal, tickets
from include.settings import settings
from include.storage import Storage, StoredFile

__all__ = ["client_files", "months_before", "run"]

log = logging.getLogger(__name__)
# kind -> (statement, the role that may)
ROWS = {
    "contacts": ("purge_contacts", "smsswitch_app"),
    "inbound": ("purge_inbound", "smsswitch_app"),
    "alerts": ("purge_alerts", "smsswitch_app"),
    "analyses": ("purge_analyses", "smsswitch_app"),
}
MONTHS = {"messages": messages, "tickets": tickets, "signal": signal}
#: Below a client's prefix: what it dropped, and what says so.
FOLDERS = ("processed", "quarantine", "outbox/imports")


def run(
    *, dry_run: bool = False, by: str = "retention", at: datetime | None = None
) -> dict[str, Any]:
    """Apply every policy as of ``at``; a dry run says what would go and changes nothing.

    Each kind is a transaction of its own. Whole months of messages, tickets and signal history are
    dropped with their partitions; a month of messages once nothing of it is open: their counts stay
    in ``campaign_archive``.
    """
    at = at or datetime.now(UTC)
    kept = current()["retention"]
    done = [purged for kind, purge in MONTHS.items() for purged in purge(kept[kind], at, dry_run)]
    done += [_rows(kind, kept[kind], at, dry_run) for kind in ROWS]
    done += [_files(kept["files"], at, dry_run), _spools(kept["tickets"], at, dry_run)]
    if not dry_run and any(purged.gone for purged in done):
        with connect() as conn:
            gone = {p.kind: sum(q.gone for q in done if q.kind == p.kind) for p in done if p.gone}
            record(conn, by, "retention", "retention", gone=gone)
    for purged in done:
        canonical(log, "retention", **asdict(purged), dry_run=dry_run)
    return {"dry_run": dry_run, "at": at, "policies": [asdict(purged) for purged in done]}


def _rows(kind: str, months: int, at: datetime, dry_run: bool) -> Purged:
    statement, role = ROWS[kind]
    before = months_before(at, months)
    with connect(role) as conn, conn.cursor() as cur:
        cur.execute(sql(f"operations/{statement}"), {"before": before})
        gone = cur.rowcount
        if dry_run:
            conn.rollback()
    return Purged(kind, months, before, gone)


def _files(months: int, at: datetime, dry_run: bool) -> Purged:
    storage, before = Storage(settings().bucket_url), months_before(at, months)
    old = [file for file in client_files(storage) if file.modified < before]
    if not dry_run:
        for file in old:
            storage.delete(file.key)
    return Purged("files", months, before, len(old))


def client_files(storage: Storage, folders: tuple[str, ...] = FOLDERS) -> Iterator[StoredFile]:
    """The files below these folders of every client."""
    for file in storage.list("clients"):
        _, _, place = file.key.removeprefix("clients/").partition("/")
        if any(place.startswith(f"{folder}/") for folder in folders):
            yield file


def _spools(months: int, at: datetime, dry_run: bool) -> Purged:
    storage, before, gone = Storage(settings().spool_url), months_before(at, months), 0
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("operations/list_old_spools"), {"before": before})
        keys = [key for (key,) in cur.fetchall()]
    for key in keys:
        if storage.exists(key):
            gone += 1
            if not dry_run:
                storage.delete(key)
    return Purged("spool_files", months, before, gone)
