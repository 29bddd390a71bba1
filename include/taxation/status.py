"""What has been read so far, and what a file would do: for people before and after an ingest."""

from pathlib import Path
from typing import Any

from include.db import connect, sql
from include.taxation import adapt
from include.taxation.decompress import plain_bytes
from include.taxation.layout import Layout
from include.taxation.records import sections

ROLE = "smsswitch_taxation"


def status() -> dict[str, Any]:
    """``{"pbxs", "layouts", "columns", "quarantined"}``.

    Each PBX has its files by state, tickets, rejected and duplicate tickets, and
    ``columns_gone``: columns that its earlier layouts filled and its last one does not.
    """
    with connect(ROLE) as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/show_status"))
        ((document,),) = cur.fetchall()
    return dict(document)


def plan_file(path: Path) -> dict[str, Any]:
    """What loading a file would do to taxdata, without doing it.

    ``{"layouts": [{"layout", "ticket_version", "tickets", "known", "columns_added",
    "columns_converted", "ddl"}]}``. Raises ``SpoolFault`` for a file that would be quarantined.
    """
    found = sections(plain_bytes(path.read_bytes()))
    shown = []
    with connect(ROLE) as conn:
        existing, renamed = adapt.existing_columns(conn), adapt.aliases(conn)
        for section in found:
            plan = adapt.plan(section.layout, existing, renamed)
            existing = {**existing, **{change.column: change.after for change in plan.changes}}
            ddl = adapt.ddl(plan.changes).as_string(conn) if plan.changes else ""
            shown.append(
                {
                    "layout": section.layout.id,
                    "ticket_version": section.version.decode("latin-1"),
                    "tickets": section.count,
                    "known": _known(conn, section.layout),
                    "columns_added": plan.added,
                    "columns_converted": plan.converted,
                    "ddl": ddl,
                }
            )
    return {"layouts": shown}


def _known(conn: Any, layout: Layout) -> bool:
    with conn.cursor() as cur:
        cur.execute("select from ticket_layout where layout = %s", (layout.id,))
        return cur.fetchone() is not None
