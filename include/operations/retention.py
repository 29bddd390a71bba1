"""How long things are kept: one policy for each kind, in months, from the settings.

The ledger, invoices, tariffs and the audit trail are never purged here: the law asks for ten years.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg2.errors
from psycopg2.extensions import connection as Connection

from include.db import connect, sql
from include.db.audit import record
from include.logs import canonical
from include.operations.settings import current
from include.settings import settings
from include.storage import Storage, StoredFile

log = logging.getLogger(__name__)
# kind -> (statement, the role that may)
ROWS = {
    "contacts": ("purge_contacts", "smsswitch_app"),
    "inbound": ("purge_inbound", "smsswitch_app"),
    "signal": ("purge_signal", "smsswitch_app"),
    "tickets": ("purge_tickets", "smsswitch_taxation"),
    "alerts": ("purge_alerts", "smsswitch_app"),
    "analyses": ("purge_analyses", "smsswitch_app"),
}
#: Below a client's prefix: what it dropped, and what says so.
FOLDERS = ("processed", "quarantine", "outbox/imports")


@dataclass(frozen=True)
class Purged:
    """What one policy took away, or would: ``gone`` counts rows, messages or files."""

    kind: str
    months: int
    before: datetime
    gone: int
    note: str = ""


def run(
    *, dry_run: bool = False, by: str = "retention", at: datetime | None = None
) -> dict[str, Any]:
    """Apply every policy as of ``at``; a dry run says what would go and changes nothing.

    Each kind is a transaction of its own. Whole months of messages are dropped with their partitions,
    once nothing of them is open; their counts stay in ``campaign_archive``.
    """
    at = at or datetime.now(UTC)
    kept = current()["retention"]
    done = [*_messages(kept["messages"], at, dry_run)]
    done += [_rows(kind, kept[kind], at, dry_run) for kind in ROWS]
    done += [_files(kept["files"], at, dry_run), _spools(kept["tickets"], at, dry_run)]
    if not dry_run and any(purged.gone for purged in done):
        with connect() as conn:
            gone = {p.kind: sum(q.gone for q in done if q.kind == p.kind) for p in done if p.gone}
            record(conn, by, "retention", "retention", gone=gone)
    for purged in done:
        canonical(log, "retention", **asdict(purged), dry_run=dry_run)
    return {"dry_run": dry_run, "at": at, "policies": [asdict(purged) for purged in done]}


def months_before(at: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last of that month."""
    count = at.year * 12 + at.month - 1 - months
    for day in (at.day, 30, 29, 28):
        try:
            return at.replace(year=count // 12, month=count % 12 + 1, day=min(day, at.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _rows(kind: str, months: int, at: datetime, dry_run: bool) -> Purged:
    statement, role = ROWS[kind]
    before = months_before(at, months)
    with connect(role) as conn, conn.cursor() as cur:
        cur.execute(sql(f"operations/{statement}"), {"before": before})
        gone = cur.rowcount
        if dry_run:
            conn.rollback()
    return Purged(kind, months, before, gone)


def _messages(months: int, at: datetime, dry_run: bool) -> Iterator[Purged]:
    """A month goes when its last day is older than the limit."""
    before = months_before(at, months)
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("operations/list_message_months"))
        found = [month for (month,) in cur.fetchall()]
    old = [month for month in found if _next(month) <= before.date()]
    for month in old:
        with connect() as conn:
            gone, note = _count(conn, month) if dry_run else _drop(conn, month)
        yield Purged("messages", months, before, gone, f"{month:%Y-%m}{note}")
    if not old:
        yield Purged("messages", months, before, 0)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _count(conn: Connection, month: date) -> tuple[int, str]:
    with conn.cursor() as cur:
        cur.execute(
            "select count(*), count(*) filter (where not settled or "
            "state in ('planned', 'leased', 'uncertain')) from message where activation_month = %s",
            (month,),
        )
        total, still_open = cur.fetchone() or (0, 0)
    return (0, f" kept: {still_open} messages are open") if still_open else (int(total), "")


def _drop(conn: Connection, month: date) -> tuple[int, str]:
    with conn.cursor() as cur:
        try:
            cur.execute("select drop_message_partitions(%s)", (month,))
        except psycopg2.errors.ObjectInUse:
            conn.rollback()
            return 0, f" kept: {_count(conn, month)[1].removeprefix(' kept: ')}"
        return int((cur.fetchone() or (0,))[0]), ""


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
