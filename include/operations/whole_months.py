"""What retention drops by the partition: messages, tickets, the history of the signal.

A month goes when its last day is older than the limit. A partition that somebody reads all the while is
given up after some attempts and named; it goes in another night.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg2.errors

from include.db import connect, sql

ATTEMPTS = 20
PAUSE_SECONDS = 0.5  # for those who waited behind us


@dataclass(frozen=True)
class Purged:
    """What one policy took away, or would: ``gone`` counts rows, messages or files."""

    kind: str
    months: int
    before: datetime
    gone: int
    note: str = ""


def months_before(at: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last of that month."""
    count = at.year * 12 + at.month - 1 - months
    for day in (at.day, 30, 29, 28):
        try:
            return at.replace(year=count // 12, month=count % 12 + 1, day=min(day, at.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def messages(months: int, at: datetime, dry_run: bool) -> Iterator[Purged]:
    """Months of which nothing is open."""
    before = months_before(at, months)
    old = _old_months("list_message_months", before)
    for month in old:
        gone, note = _open_messages(month) if dry_run else _drop_messages(month)
        yield Purged("messages", months, before, gone, f"{month:%Y-%m}{note}")
    if not old:
        yield Purged("messages", months, before, 0)


def tickets(months: int, at: datetime, dry_run: bool) -> Iterator[Purged]:
    """Partitions with their prices, by when their files were read; then, row by row, what is left over."""
    before = months_before(at, months)
    found = _all("smsswitch_taxation", "list_ticket_blocks", {"before": before})
    for block, month, count in found:
        gone, note = count, ""
        if not dry_run:
            statement = "select drop_ticket_block(%s, %s)"
            gone, note = _drop("smsswitch_taxation", statement, (block, before))
        yield Purged("tickets", months, before, gone, f"{month:%Y-%m}{note}")
    with connect("smsswitch_taxation") as conn, conn.cursor() as cur:
        dropped = [block for block, _, _ in found]
        cur.execute(sql("operations/purge_tickets"), {"before": before, "dropped": dropped})
        gone = cur.rowcount
        if dry_run:
            conn.rollback()
    if gone or not found:
        yield Purged("tickets", months, before, gone, "row by row" if gone else "")


def signal(months: int, at: datetime, dry_run: bool) -> Iterator[Purged]:
    """Months, then what lies before the first of them."""
    before = months_before(at, months)
    old = _old_months("list_sample_months", before)
    for month in old:
        if dry_run:
            count = "select count(*) from modem_sample where at >= %s and at < %s"
            gone, note = _one("smsswitch_app", count, (month, _next(month))), ""
        else:
            gone, note = _drop("smsswitch_app", "select drop_sample_month(%s)", (month,))
        yield Purged("signal", months, before, gone, f"{month:%Y-%m}{note}")
    if dry_run:
        ((gone,),) = _all("smsswitch_app", "count_earlier_samples", {"before": before})
        note = ""
    else:
        gone, note = _drop("smsswitch_app", "select purge_earlier_samples(%s)", (before,))
    if gone or note or not old:
        yield Purged("signal", months, before, gone, note)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _old_months(statement: str, before: datetime) -> list[date]:
    found = _all("smsswitch_app", statement, {})
    return [month for (month,) in found if _next(month) <= before.date()]


def _all(role: str, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connect(role) as conn, conn.cursor() as cur:
        cur.execute(sql(f"operations/{statement}"), values)
        return cur.fetchall()


def _one(role: str, statement: str, values: tuple[Any, ...]) -> int:
    with connect(role) as conn, conn.cursor() as cur:
        cur.execute(statement, values)
        return int((cur.fetchone() or (0,))[0])


def _drop(role: str, statement: str, values: tuple[Any, ...]) -> tuple[int, str]:
    """How many rows went; none, and why, if the table was in use each time."""
    for attempt in range(ATTEMPTS):
        try:
            return _one(role, statement, values), ""
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            if attempt + 1 < ATTEMPTS:
                time.sleep(PAUSE_SECONDS)
    return 0, " kept: in use"


def _open_messages(month: date) -> tuple[int, str]:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select count(*), count(*) filter (where not settled or "
            "state in ('planned', 'leased', 'uncertain')) from message where activation_month = %s",
            (month,),
        )
        total, still_open = cur.fetchone() or (0, 0)
    return (0, f" kept: {still_open} messages are open") if still_open else (int(total), "")


def _drop_messages(month: date) -> tuple[int, str]:
    try:
        return _drop("smsswitch_app", "select drop_message_partitions(%s)", (month,))
    except psycopg2.errors.ObjectInUse:
        return 0, _open_messages(month)[1]
