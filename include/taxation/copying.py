"""What a load writes besides its tickets' conversion: rows by COPY, layouts, tickets set aside."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from include.db import sql
from include.taxation import adapt
from include.taxation.adapt import Plan
from include.taxation.convert import Tally

_COPY_BYTES = 1 << 22


class _Stream:
    """What COPY reads: the rows as they are made, so that both sides work at once."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self.rows = rows
        self.rest = b""
        self.fault: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        while not self.rest:
            try:
                self.rest = next(self.rows)
            except StopIteration:
                return b""
            except Exception as fault:  # noqa: BLE001 - psycopg2 would tell only its text
                self.fault = fault
                return b""
        if size < 0:
            size = len(self.rest)
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece


def copy_rows(conn: Connection, columns: Sequence[str], rows: Iterator[bytes]) -> None:
    """COPY rows into taxdata; what ``rows`` raises comes out, with the rows before it copied."""
    names = pgsql.SQL(", ").join(map(pgsql.Identifier, columns))
    statement = pgsql.SQL("copy taxdata ({}) from stdin with (null '', encoding 'UTF8')")
    stream = _Stream(rows)
    with conn.cursor() as cur:
        cur.copy_expert(
            statement.format(names).as_string(conn),
            cast(Any, stream),  # only read() is ever called
            size=_COPY_BYTES,
        )
    if stream.fault is not None:
        raise stream.fault


def record_layout(conn: Connection, plan: Plan, version: str, pbx: str) -> None:
    """Remember a layout and where its fields go, unless it is known."""
    layout = plan.layout
    with conn.cursor() as cur:
        cur.execute(
            sql("taxation/record_layout"),
            {
                "layout": layout.id,
                "ticket_version": version,
                "columns": len(layout.columns),
                "record_length": layout.record_length,
                "pbx": pbx,
                "ddl": adapt.ddl(plan.changes).as_string(conn) if plan.changes else "",
            },
        )
        if not cur.rowcount:
            return
        rows = [
            (layout.id, position, s.field.name, s.name, s.field.first, s.field.last, s.field.type)
            for position, s in enumerate(plan.stored, 1)
        ]
        execute_values(cur, "insert into meta_columndesc values %s", rows)


def set_rejects_aside(conn: Connection, file_id: int, tally: Tally) -> None:
    """Keep the single tickets of a file that cannot be loaded."""
    if not tally.rejected:
        return
    rows = [(file_id, r.line, r.reason, r.column, r.value) for r in tally.rejected]
    with conn.cursor() as cur:
        execute_values(cur, "insert into rejected_ticket values %s", rows, page_size=1000)
