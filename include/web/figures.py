"""The figures of the monitoring page, in a handful of quick queries."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.campaigns.compliance import profile
from include.db import connect, sql
from include.errors import InputError
from include.fleet.capacity import LOST_AFTER, capacities, share_out
from include.settings import settings

Row = dict[str, Any]
_OF_TODAY = ("sent_today", "delivered_today")  # for the tiles; not among a group's own figures


def overview() -> Row:
    """The document of ``GET /api/groups``: the moment, the tiles, the groups."""
    with connect() as conn:
        at, groups = _groups(conn)
        questions = _rows(conn, "questions", {})[0]
        live = sum(group.per_minute for group in capacities(conn))
    tiles = {
        "queued": sum(group["queued"] for group in groups),
        "sent_today": sum(group["sent_today"] for group in groups),
        "delivered_percent": _percent(groups),
        "rate": round(sum(group["rate"] for group in groups), 1),
        "capacity_left": int(live * minutes_left(at)),
        "questions_waiting": sum(questions.values()),
        "questions": questions,
    }
    return {"at": at, "tiles": tiles, "groups": [_own(group) for group in groups]}


def alerts() -> list[Row]:
    """The document of ``GET /api/alerts``: those that are open, newest first, 200 at most."""
    with connect() as conn:
        return _rows_of(conn, "operations/list_alerts", {"everything": False, "most": 200})


def group_details(group_id: int) -> Row:
    """The document of ``GET /api/groups/{id}``; ``InputError`` unknown_group.

    A host has one queue, from which each modem takes when it is free: ``queued`` of a modem is its
    share of it. ``sent_24h`` and ``rssi_24h`` are by hour, the last one ends now.
    """
    with connect() as conn:
        at, groups = _groups(conn, group_id)
        if not groups:
            raise unknown(group_id)
        (group,) = groups
        values = {"group_id": group_id, "at": at, "midnight": _midnight(at)}
        modems = _rows(conn, "modems", values)
        sent = _rows(conn, "sent_by_hour", values)
        signal = _rows(conn, "signal_by_hour", values)
    shares = share_out(group["queued"], {m["imei"]: 1 for m in modems if m["in_service"]})
    for modem in modems:
        imei = modem["imei"]
        modem["dbm"] = None if modem["rssi"] is None else 2 * modem["rssi"] - 113
        modem["queued"] = shares.get(imei, 0) if shares else None
        modem["quota"] = quota_of_the_day(modem["quota"], modem.pop("sent_today"))
        modem["sent_24h"] = by_hour([r for r in sent if r["imei"] == imei], "sent", 0)
        modem["rssi_24h"] = by_hour([r for r in signal if r["imei"] == imei], "rssi", None)
    hours = [sum(column) for column in zip(*(m["sent_24h"] for m in modems), strict=True)]
    return {"at": at, "group": _own(group) | {"sent_24h": hours or [0] * 24}, "modems": modems}


def mac_of(group_id: int) -> str:
    """The MAC address of a group that is there; ``InputError`` unknown_group."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select mac::text from modem_group where group_id = %s and deleted_at is null",
            (group_id,),
        )
        row = cur.fetchone()
    if row is None:
        raise unknown(group_id)
    return str(row[0])


def unknown(group_id: int) -> InputError:
    """The complaint of a page that is older than the deletion of its group."""
    return InputError(
        "unknown_group",
        f"there is no group {group_id} (any more)",
        f"il n'y a pas (ou plus) de groupe {group_id}",
    )


def minutes_left(at: datetime) -> float:
    """Minutes of today's sending hours still to come; of the whole day where the law sets none."""
    window = profile(settings().compliance_profile).marketing_window
    zone = ZoneInfo(window.timezone if window else settings().timezone)
    midnight = _midnight(at, zone) + timedelta(days=1)
    if window is None:
        return (midnight - at) / timedelta(minutes=1)
    opens, closes = next(window.intervals(at), (midnight, midnight))
    left = min(closes, midnight) - max(opens, at)
    return max(left, timedelta()) / timedelta(minutes=1)


def quota_of_the_day(told: Any, sent_today: int) -> dict[str, int | None]:
    """What a SIM has ``used`` of its ``limit`` today: by its host's count, or by ours without one."""
    kept = told if isinstance(told, dict) else {}
    used, limit = (kept.get(key) for key in ("today", "per_day"))
    if not isinstance(used, int) or not isinstance(limit, int):
        return {"used": sent_today, "limit": None}
    return {"used": used, "limit": limit}


def by_hour(rows: Sequence[Row], key: str, nothing: Any) -> list[Any]:
    """24 values from rows that know their hour, 0 to 23."""
    found = {row["hour"]: row[key] for row in rows}
    return [found.get(hour, nothing) for hour in range(24)]


def _groups(conn: Connection, group_id: int | None = None) -> tuple[datetime, list[Row]]:
    with conn.cursor() as cur:
        cur.execute("select now()")
        (at,) = cur.fetchone() or (None,)
    assert isinstance(at, datetime)
    values = {"lost_after": LOST_AFTER, "midnight": _midnight(at), "group_id": group_id}
    return at, _rows(conn, "groups", values)


def _midnight(at: datetime, zone: ZoneInfo | None = None) -> datetime:
    zone = zone or ZoneInfo(settings().timezone)
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def _percent(groups: Sequence[Row]) -> float | None:
    sent, delivered = (sum(group[key] for group in groups) for key in _OF_TODAY)
    return round(100 * delivered / sent, 1) if sent else None


def _own(group: Row) -> Row:
    return {key: value for key, value in group.items() if key not in _OF_TODAY}


def _rows(conn: Connection, name: str, values: Row) -> list[Row]:
    return _rows_of(conn, f"web/{name}", values)


def _rows_of(conn: Connection, statement: str, values: Row) -> list[Row]:
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql(statement), values)
        return [dict(row) for row in cur.fetchall()]
