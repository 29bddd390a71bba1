"""The kept raw files once more, under today's code: the same tickets under the same keys."""

from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from include.db import connect, sql
from include.errors import InputError
from include.settings import settings
from include.storage import Storage
from include.taxation.ingest import ROLE, Report, load_file
from include.taxation.pbx import find
from include.taxation.spooled_file import File


def replay(pbx: str | None = None, *, everything: bool = False) -> Report:
    """Read again what was set aside, or with ``everything`` every file, of one PBX or all.

    A loaded file keeps its id and lines, so prices and reports still point to the right tickets.
    The report is that of ``ingest_paths``.
    """
    storage = Storage(settings().spool_url)
    report: Report = {"files": [], "columns_added": [], "columns_converted": []}
    with connect(ROLE) as conn:
        with conn.cursor() as cur:
            cur.execute(sql("taxation/list_kept"), {"pbx": pbx, "everything": everything})
            kept = cur.fetchall()
        for row in kept:
            _one(conn, storage, row, report)
    return report


def approve_layout(layout: str, by: str) -> dict[str, Any]:
    """Allow the DDL that a layout asks for; its files load at the next ingest or replay.

    ``layout`` may be cut short as long as it is one layout's. Raises ``InputError``.
    """
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/approve_layout"), {"layout": layout, "by": by})
        rows = cur.fetchall()
        if len(rows) != 1:
            raise InputError(
                "unknown_layout", f"{layout!r} is {len(rows)} layouts that wait for approval, not 1"
            )
    return {"layout": rows[0][0], "approved_by": by, "ddl": rows[0][1]}


def _one(conn: Connection, storage: Storage, row: tuple[Any, ...], report: Report) -> None:
    code, name, size, digest, raw = row
    pbx = find(conn, code)
    assert pbx is not None
    file = File(code, name, size, digest, raw, datetime.now(UTC))
    outcome = load_file(conn, file, storage.read_bytes(raw), pbx, again=True)
    report["files"].append(outcome.document(code))
    report["columns_added"] += outcome.added
    report["columns_converted"] += outcome.converted
