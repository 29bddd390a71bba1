"""The price of every ticket that has none, set-based: SQL does the arithmetic of a million calls.

What is in force when comes from the pricing function's own model (``include.billing.price``), laid
out in temporary tables, so that both give the same price to the last decimal.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor, execute_values

from include.billing.rate_tables import RateTables
from include.billing.tariff import ensure_default, version
from include.db import connect, sql
from include.errors import InputError

LOCK = 7_226_011
_ALL: dict[str, Any] = {"since": None, "until": None, "tariff": None, "again": False}
_NOTHING: dict[str, Any] = {
    "rerating_id": None, "calls": 0, "changed": 0, "before": {}, "after": {}, "priced_anew": 0,
    "lost_their_price": 0, "differences": [],
}  # fmt: skip
log = logging.getLogger(__name__)


def rate_new() -> dict[str, Any]:
    """Rate the tickets that have no price yet, each under the version of its tariff of that day.

    Outgoing calls always; incoming and local ones where the tariff has rates for them. Safe to run
    at any time: a rated ticket is not rated again, one without a price is when another version of
    its tariff counts for its day. ``{"rated", "unrated", "reasons", "tariffs"}``, where a ticket
    older than the first version of its tariff stays unrated and is tried again.
    """
    with connect() as conn:
        return _rate(conn, _ALL)


def rerate(
    since: date,
    until: date,
    *,
    tariff: str | None = None,
    actor: str = "cli",
    dry_run: bool = False,
) -> dict[str, Any]:
    """Rate the calls of some days (both included) again, by the versions that count for them now.

    Calls that those versions have priced stay as they are, so a second run finds nothing. Prices of
    other versions are superseded, not lost; every difference is kept in ``rerating_difference``.
    What ``rate_new`` returns and ``{"since", "until", "tariff", "dry_run", "rerating_id", "calls",
    "changed", "priced_anew", "lost_their_price", "before", "after", "differences"}``: sums by
    currency, and the first twenty differences. Raises ``InputError`` ``bad_range``.
    """
    if until < since:
        raise InputError(
            "bad_range", f"{until} is before {since}", f"le {until} est avant le {since}"
        )
    asked = {"since": since, "until": until, "tariff": tariff}
    with connect() as conn:
        told = _rate(conn, {**asked, "again": True})
        with conn.cursor(cursor_factory=RealDictCursor) as cur:
            cur.execute(sql("billing/compare_ratings"), {**asked, "actor": actor})
            found = cur.fetchone()
        if dry_run:
            conn.rollback()
    return {**told, **asked, "dry_run": dry_run, **(found or _NOTHING)}


def rate(
    since: str | None = None,
    until: str | None = None,
    tariff: str | None = None,
    *,
    dry_run: bool = False,
    actor: str = "cli",
) -> dict[str, Any]:
    """``rate_new``, or with both days (ISO 8601) ``rerate``. ``InputError`` ``bad_range``."""
    if since is None and until is None and tariff is None and not dry_run:
        return rate_new()
    try:
        first, last = date.fromisoformat(since or ""), date.fromisoformat(until or "")
    except ValueError:
        raise InputError(
            "bad_range",
            "re-rating needs two days, such as 2026-11-01 and 2026-11-30",
            "il faut deux jours, tels que 2026-11-01 et 2026-11-30",
        ) from None
    return rerate(first, last, tariff=tariff, dry_run=dry_run, actor=actor)


def _rate(conn: Connection, wanted: dict[str, Any]) -> dict[str, Any]:
    ensure_default(conn)
    with conn.cursor() as cur:
        cur.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        cur.execute(sql("billing/rating_tables"))
        cur.execute(sql("billing/collect_calls"), wanted)
        cur.execute("analyze rating_group, rating_call (tariff_id, group_id, called)")
        cur.execute(sql("billing/set_aside_ratings"), wanted)
    tariffs = _lay_out(conn)
    with conn.cursor() as cur:
        cur.execute(sql("billing/reach_plans"))
        cur.execute("analyze rating_reached")
        cur.execute(sql("billing/rate_plain_calls"))
        rated = cur.rowcount
        cur.execute("select count(*) from rating_call")
        ((calls,),) = cur.fetchall()
        reasons: dict[str | None, int] = {}
        if calls > rated:
            cur.execute(sql("billing/rate_other_calls"))
            reasons = dict(cur.fetchall())
    rated += reasons.pop(None, 0)
    unrated = sum(reasons.values())
    log.info("rated %s calls, %s without a price", rated, unrated)
    return {"rated": rated, "unrated": unrated, "reasons": reasons, "tariffs": tariffs}


def _lay_out(conn: Connection) -> list[str]:
    """Fill the temporary tables for every tariff version that a collected call needs."""
    with conn.cursor() as cur:
        cur.execute(sql("billing/list_call_days"))
        wanted: dict[int, set[int]] = defaultdict(set)
        directions: dict[int, set[str]] = defaultdict(set)
        for tariff_id, direction, first, last in cur.fetchall():
            directions[tariff_id].add(direction)
            wanted[tariff_id].update(range(first, last + 1))
    tables = RateTables()
    codes = set()
    for tariff_id in sorted(wanted):
        tariff = version(conn, tariff_id)
        tables.add(tariff, sorted(directions[tariff_id]), list(_blocks(wanted[tariff_id])))
        codes.add(tariff.code)
    with conn.cursor() as cur:
        for table, rows in tables.rows.items():
            execute_values(cur, f"insert into {table} values %s", rows, page_size=5000)  # noqa: S608
            cur.execute(f"analyze {table}")
    return sorted(codes)


def _blocks(days: Iterable[int]) -> Iterable[tuple[datetime, datetime]]:
    """Days in a row, as instants from the first midnight (UTC) to the last."""
    for _, places in groupby(enumerate(sorted(days)), lambda place: place[1] - place[0]):
        together = [day for _, day in places]
        yield _midnight(together[0]), _midnight(together[-1] + 1)


def _midnight(day: int) -> datetime:
    return datetime.fromtimestamp(day * 86_400, UTC)
