"""The tickets of one spool file into ``taxdata``, within the caller's transaction."""

import json
from dataclasses import dataclass, field

from psycopg2.extensions import connection as Connection

from include.taxation import adapt
from include.taxation.adapt import Plan
from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally
from include.taxation.copying import copy_rows, record_layout, set_rejects_aside
from include.taxation.decompress import LARGE_BYTES, plain_bytes
from include.taxation.doubles import Doubles
from include.taxation.faults import SpoolFault
from include.taxation.flow import Flow, NotPlainError
from include.taxation.layout import Layout
from include.taxation.pbx import Pbx
from include.taxation.records import Section, sections


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


def load(conn: Connection, file_id: int, data: bytes, pbx: Pbx) -> Loaded:
    """Read a spool file, adapt the table to its layouts, copy its tickets.

    Raises ``SpoolFault`` if the structure is broken, ``ApprovalNeededError`` if the policy of the
    PBX is ``approve`` and a layout of it needs DDL; the caller then rolls back.
    """
    if len(data) >= LARGE_BYTES:
        loaded = _flowing(conn, file_id, data, pbx)
        if loaded is not None:
            return loaded
    loaded = Loaded()
    clock = PbxClock(pbx.timezone)
    doubles = Doubles(conn)
    for section in sections(plain_bytes(data), blanks_stripped=pbx.blanks_stripped):
        plan = _adapt(conn, section, pbx, loaded)
        converter = Converter(
            section, plan.stored, clock, pbx=pbx.code, charset=pbx.charset, tally=loaded.tally
        )
        doubles.expect([converter])
        copy_rows(conn, converter.names, converter.rows(file_id))
    return _finished(conn, file_id, loaded, doubles)


def _flowing(conn: Connection, file_id: int, data: bytes, pbx: Pbx) -> Loaded | None:
    with conn.cursor() as cur:
        cur.execute("savepoint before_flow")
        flow = Flow(conn, file_id, pbx)
        try:
            flow.load(data)
        except NotPlainError:
            cur.execute("rollback to savepoint before_flow")
            return None
    return _finished(conn, file_id, Loaded([flow.layout.id], tally=flow.tally), flow.doubles)


def _finished(conn: Connection, file_id: int, loaded: Loaded, doubles: Doubles) -> Loaded:
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


def counts_document(tally: Tally) -> str:
    """The counts of a file as JSON, without those that are zero."""
    reasons: dict[str, int] = {}
    for rejected in tally.rejected:
        reasons[rejected.reason] = reasons.get(rejected.reason, 0) + 1
    counts = {name: number for name, number in sorted(tally.counts.items()) if number}
    return json.dumps({**counts, "rejected": reasons} if reasons else counts)
