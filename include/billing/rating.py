"""The price of every ticket that has none, set-based: SQL does the arithmetic of a million calls.

What is in force when comes from the pricing function's own model (``include.billing.price``), laid
out in temporary tables, so that both give the same price to the last decimal.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from include.billing.rate_tables import RateTables
from include.billing.tariff import ensure_default, version
from include.db import connect, sql

LOCK = 7_226_011
_ONE_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


def rate_new() -> dict[str, Any]:
    """Rate the tickets that have no price yet, each under the version of its tariff of that day.

    Outgoing calls always; incoming and local ones where the tariff has rates for them. Safe to run
    at any time: a rated ticket is not rated again. ``{"rated", "unrated", "reasons", "tariffs"}``,
    where a ticket older than the first version of its tariff stays unrated and is tried again.
    """
    with connect() as conn:
        ensure_default(conn)
        with conn.cursor() as cur:
            cur.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            cur.execute(sql("billing/rating_tables"))
            cur.execute(sql("billing/collect_calls"))
        tariffs = _lay_out(conn)
        with conn.cursor() as cur:
            cur.execute("analyze rating_call, rating_prefix")
            cur.execute(sql("billing/reach_plans"))
            cur.execute(
                "analyze rating_reached, rating_timeline, rating_slot, rating_rate, rating_segment"
            )
            cur.execute(sql("billing/rate_calls"))
            reasons = dict(cur.fetchall())
    rated = reasons.pop(None, 0)
    unrated = sum(reasons.values())
    log.info("rated %s calls, %s without a price", rated, unrated)
    return {"rated": rated, "unrated": unrated, "reasons": reasons, "tariffs": tariffs}


def _lay_out(conn: Connection) -> list[str]:
    """Fill the temporary tables for every tariff version that a collected call needs."""
    with conn.cursor() as cur:
        cur.execute(sql("billing/list_call_days"))
        wanted: dict[int, set[date]] = defaultdict(set)
        directions: dict[int, set[str]] = defaultdict(set)
        for tariff_id, direction, first, last in cur.fetchall():
            directions[tariff_id].add(direction)
            wanted[tariff_id].update(first + n * _ONE_DAY for n in range((last - first).days + 1))
    tables = RateTables()
    codes = set()
    for tariff_id in sorted(wanted):
        tariff = version(conn, tariff_id)
        tables.add(tariff, sorted(directions[tariff_id]), list(_blocks(wanted[tariff_id])))
        codes.add(tariff.code)
    with conn.cursor() as cur:
        for table, rows in tables.rows.items():
            execute_values(cur, f"insert into {table} values %s", rows, page_size=5000)  # noqa: S608
    return sorted(codes)


def _blocks(days: Iterable[date]) -> Iterable[tuple[datetime, datetime]]:
    """Days in a row, as instants from the first midnight (UTC) to the last."""
    start: date | None = None
    before: date | None = None
    for day in sorted(days):
        if before is None or start is None or day != before + _ONE_DAY:
            if start is not None and before is not None:
                yield _midnight(start), _midnight(before + _ONE_DAY)
            start = day
        before = day
    if start is not None and before is not None:
        yield _midnight(start), _midnight(before + _ONE_DAY)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
