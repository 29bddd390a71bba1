"""The roll-up: what hosts reported becomes money, counters, finished campaigns and alerts."""

import logging
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import connect, sql
from include.fleet.capacity import LOST_AFTER, SILENT_AFTER
from include.logs import canonical

log = logging.getLogger(__name__)
ALONE = 7_226_006  # the advisory lock of one roll-up at a time
_AGES = {"silent_after": SILENT_AFTER, "lost_after": LOST_AFTER}


def rollup() -> dict[str, Any]:
    """Bring everything derived up to date; safe to run twice and at the same time.

    Settles the ledger (one entry of a kind per campaign), expires and cancels what is not to be
    sent, completes campaigns by the states of their messages, marks silent batches, stops drained
    groups, counts by modem, raises and closes alerts. Each batch that is over gets its line in the log.
    """
    with connect() as conn:
        _run(conn, "select pg_advisory_xact_lock(%s)", (ALONE,))
        expired = _run(conn, sql("fleet/expire_messages"))
        cancelled = _run(conn, sql("fleet/cancel_leftovers"))
        messages, captured, released = _rows(conn, "settle_messages")[0]
        finished = _rows(conn, "finish_campaigns")
        _run(conn, sql("fleet/release_remainders"))
        silent = _run(conn, sql("fleet/mark_silent_batches"), _AGES)
        stopped = [row[0] for row in _rows(conn, "stop_drained")]
        modems = _count_modems(conn)
        alerts = _rows(conn, "raise_alerts", _AGES)
        batches = _documents(conn, "log_batches")
        _run(conn, sql("fleet/note_time"), {"work": "rollup"})
    for batch in batches:
        canonical(log, "batch", **batch)
    canonical(
        log, "rollup", settled=messages, finished=len(finished), silent=silent, alerts=len(alerts)
    )
    return {
        "settled": {
            "messages": int(messages),
            "captured": str(captured),
            "released": str(released),
        },
        "expired": expired,
        "cancelled": cancelled,
        "finished": [
            {"campaign_id": number, "campaign": name, "client": client, "state": state}
            for number, name, client, state in finished
        ],
        "batches_marked": silent,
        "groups_stopped": stopped,
        "modems_counted": modems,
        "alerts": [
            {"kind": kind, "subject": subject, "detail": detail} for kind, subject, detail in alerts
        ],
    }


def _count_modems(conn: Connection) -> int:
    """Two statements, so that the second is planned for those modems and months."""
    touched = _rows(conn, "list_touched")
    if not touched:
        return 0
    groups, imeis, months = map(list, zip(*touched, strict=True))
    values = {"groups": groups, "imeis": imeis, "months": months}
    return _run(conn, sql("fleet/count_by_modem"), values)


def _run(conn: Connection, statement: str, values: Any = None) -> int:
    with conn.cursor() as cur:
        cur.execute(statement, values)
        return cur.rowcount


def _documents(conn: Connection, name: str) -> list[dict[str, Any]]:
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql(f"fleet/{name}"))
        return [dict(row) for row in cur.fetchall()]


def _rows(conn: Connection, name: str, values: Any = None) -> list[tuple[Any, ...]]:
    with conn.cursor() as cur:
        cur.execute(sql(f"fleet/{name}"), values)
        return cur.fetchall()
