"""After a restore: no claims until every host has said what it sent since the backup."""

from typing import Any

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError


def fence(by: str) -> dict[str, Any]:
    """Stop all claims until every host was heard or is written off; returns as `fence_state`."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select raise_fence()")
        record(conn, by, "fence", "database")
    return fence_state()


def write_off(alias: str, by: str) -> dict[str, Any]:
    """Answer for a group whose host cannot be heard any more; returns as `fence_state`.

    ``InputError`` not_fenced if nothing is awaited of that group.
    """
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select write_off_fence(%s)", (alias,))
        if not (cur.fetchone() or (False,))[0]:
            raise InputError("not_fenced", f"nothing is awaited of a group {alias}")
        record(conn, by, "fence_written_off", f"group:{alias}")
    return fence_state()


def fence_state() -> dict[str, Any]:
    """Return {"fenced", "groups": those still to be heard}."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("fleet/list_unreconciled"))
        row = cur.fetchone() or (False, [])
        return {"fenced": bool(row[0]), "groups": list(row[1])}
