"""The tickets of one spool file into ``taxdata``, within the caller's transaction."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast

from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from include.db import sql
from include.taxation import adapt
from include.taxation.adapt import Plan
from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally
from include.taxation.decompress import plain_bytes
from include.taxation.doubles import Doubles
from include.taxation.faults import SpoolFault
from include.taxation.hashes import HashesAhead
from include.taxation.layout import Layout
from include.taxation.pbx import Pbx
from include.taxation.records import Section, sections

_COPY_BYTES = 1 << 22


@dataclass
class Loaded:
    """What loading one file did."""

    layouts: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


class ApprovalNeededError(SpoolFault):
    """The layout asks for DDL that a person has to allow first."""

    def __init__(self, plan: Plan, version: str, line: int) -> None:
        self.plan = plan
        self.version = version
        super().__init__("approval_needed", line=line)


class _Stream:
    """What COPY reads: the rows as they are made, so that both sides work at once."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self.rows = rows
        self.rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self.rest:
            chunk = next(self.rows, None)
            if chunk is None:
                return b""
            self.rest = chunk
        if size < 0:
            size = len(self.rest)
        piece, self.rest = self.rest[:size], self.rest[size:]
        return piece


def load(conn: Connection, file_id: int, data: bytes, pbx: Pbx) -> Loaded:
    """Read a spool file, adapt the table to its layouts, copy its tickets.

    Raises ``SpoolFault`` if the structure is broken, ``ApprovalNeededError`` if the policy of the
    PBX is ``approve`` and a layout of it needs DDL; the caller then rolls back.
    """
    loaded = Loaded()
    clock = PbxClock(pbx.timezone)
    doubles = Doubles(conn)
    ahead = HashesAhead(pbx.code)
    text = plain_bytes(data, listener=ahead)
    for section in sections(text, blanks_stripped=pbx.blanks_stripped):
        plan = _adapt(conn, section, pbx, loaded)
        converter = Converter(
            section,
            plan.stored,
            clock,
            pbx=pbx.code,
            charset=pbx.charset,
            tally=loaded.tally,
            hashes=ahead.of(section),
        )
        doubles.expect([converter])
        copy_rows(conn, [(file_id, converter)])
    set_rejects_aside(conn, file_id, loaded.tally)
    loaded.tally.counts["duplicate_tickets"] = doubles.mark(file_id, file_id)
    return loaded


def _adapt(conn: Connection, section: Section, pbx: Pbx, loaded: Loaded) -> Plan:
    existing = adapt.existing_columns(conn)
    plan = adapt.plan(section.layout, existing, adapt.aliases(conn))
    version = section.version.decode("latin-1")
    line = section.first_line - 1
    if plan.changes and pbx.policy == "freeze":
        raise SpoolFault("schema_frozen", line=line, detail=", ".join(plan.added + plan.converted))
    if plan.changes and pbx.policy == "approve" and not _approved(conn, section.layout):
        raise ApprovalNeededError(plan, version, line)
    if plan.changes:
        adapt.apply(conn, plan.changes)
        loaded.added += plan.added
        loaded.converted += plan.converted
    record_layout(conn, plan, version, pbx.code)
    if section.layout.id not in loaded.layouts:
        loaded.layouts.append(section.layout.id)
    return plan


def _approved(conn: Connection, layout: Layout) -> bool:
    with conn.cursor() as cur:
        cur.execute(
            "select from ticket_layout where layout = %s and approved_at is not null", (layout.id,)
        )
        return cur.fetchone() is not None


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


def copy_rows(conn: Connection, files: Sequence[tuple[int, Converter]]) -> None:
    """COPY what converters of the same columns make, each under the id of its file."""
    names = pgsql.SQL(", ").join(map(pgsql.Identifier, files[0][1].names))
    statement = pgsql.SQL("copy taxdata ({}) from stdin with (null '', encoding 'UTF8')")
    rows = chain.from_iterable(converter.rows(file_id) for file_id, converter in files)
    with conn.cursor() as cur:
        cur.copy_expert(
            statement.format(names).as_string(conn),
            cast(Any, _Stream(rows)),  # only read() is ever called
            size=_COPY_BYTES,
        )


def set_rejects_aside(conn: Connection, file_id: int, tally: Tally) -> None:
    """Keep the single tickets of a file that cannot be loaded."""
    if not tally.rejected:
        return
    rows = [(file_id, r.line, r.reason, r.column, r.value) for r in tally.rejected]
    with conn.cursor() as cur:
        execute_values(cur, "insert into rejected_ticket values %s", rows, page_size=1000)


def counts_document(tally: Tally) -> str:
    """The counts of a file as JSON, without those that are zero."""
    reasons: dict[str, int] = {}
    for rejected in tally.rejected:
        reasons[rejected.reason] = reasons.get(rejected.reason, 0) + 1
    counts = {name: number for name, number in sorted(tally.counts.items()) if number}
    return json.dumps({**counts, "rejected": reasons} if reasons else counts)
