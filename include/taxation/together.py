"""Many small sound files in one transaction: most of what a small file costs is its round trips.

Only what is plain is loaded so: new files of layouts that ask nothing of the table, without a ticket
that is there already. Everything else is left to a transaction of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from psycopg2.extensions import connection as Connection

from include.taxation import adapt
from include.taxation import spooled_file as register
from include.taxation.adapt import Plan
from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally, filled
from include.taxation.copying import copy_rows, record_layout, set_rejects_aside
from include.taxation.decompress import plain_bytes
from include.taxation.doubles import Doubles
from include.taxation.faults import SpoolFault
from include.taxation.load import counts_document
from include.taxation.matrix import MatrixReader
from include.taxation.pbx import Pbx
from include.taxation.records import Section, sections

MOST_FILES = 32
MOST_BYTES = 512 * 1024  # of a file that is still small


class NotPlainError(Exception):
    """One of the files needs more than a COPY: each is to have its own transaction."""


@dataclass
class _Small:
    file: register.File
    sections: list[Section]
    tally: Tally = field(default_factory=Tally)
    file_id: int = 0

    @property
    def layouts(self) -> list[str]:
        return list(dict.fromkeys(section.layout.id for section in self.sections))


def load_together(
    conn: Connection, files: Sequence[tuple[register.File, bytes]], pbx: Pbx
) -> list[register.Outcome]:
    """Load the files in the transaction of ``conn``, which the caller ends.

    Raises ``NotPlainError``; the caller then rolls back and takes them one at a time.
    """
    small = [_Small(file, _sections(data, pbx)) for file, data in files]
    if len({each.file.sha256 for each in small}) < len(small):
        raise NotPlainError
    register.lock(conn)
    if register.any_known(conn, [each.file.sha256 for each in small]):
        raise NotPlainError
    plans = _plans(conn, small, pbx)
    ids = register.open_files(conn, [each.file for each in small])
    for each in small:
        each.file_id = ids[each.file.sha256]
    if _copy(conn, small, plans, pbx):
        raise NotPlainError
    for each in small:
        set_rejects_aside(conn, each.file_id, each.tally)
    outcomes = [
        register.Outcome(
            each.file,
            "loaded",
            layouts=each.layouts,
            tickets=each.tally.tickets,
            rejected=len(each.tally.rejected),
        )
        for each in small
    ]
    register.close_files(conn, outcomes, [counts_document(each.tally) for each in small])
    return outcomes


def _sections(data: bytes, pbx: Pbx) -> list[Section]:
    try:
        return sections(plain_bytes(data), blanks_stripped=pbx.blanks_stripped)
    except SpoolFault:
        raise NotPlainError from None


def _plans(conn: Connection, small: list[_Small], pbx: Pbx) -> dict[str, Plan]:
    """Where the fields of each layout go."""
    existing, renamed = adapt.existing_columns(conn), adapt.aliases(conn)
    plans: dict[str, Plan] = {}
    for each in small:
        for section in each.sections:
            if section.layout.id in plans:
                continue
            try:
                plan = adapt.plan(section.layout, existing, renamed)
            except SpoolFault:
                raise NotPlainError from None
            if plan.changes:
                raise NotPlainError
            record_layout(conn, plan, section.version.decode("latin-1"), pbx.code)
            plans[section.layout.id] = plan
    return plans


def _copy(conn: Connection, small: list[_Small], plans: dict[str, Plan], pbx: Pbx) -> int:
    """One COPY for each layout; how many tickets were met before or twice."""
    clock = PbxClock(pbx.timezone)
    doubles = Doubles(conn)
    readers: dict[object, MatrixReader] = {}
    copies = []
    for layout, plan in plans.items():
        mine = [(each, s) for each in small for s in each.sections if s.layout.id == layout]
        written = set[str]().union(*(filled(section, plan.stored) for _, section in mine))
        pairs = [
            (
                each.file_id,
                Converter(
                    section,
                    plan.stored,
                    clock,
                    pbx=pbx.code,
                    charset=pbx.charset,
                    tally=each.tally,
                    written=written,
                    readers=readers,
                ),
            )
            for each, section in mine
        ]
        doubles.expect([converter for _, converter in pairs])
        copies.append(pairs)
    for pairs in copies:
        rows = chain.from_iterable(converter.rows(file_id) for file_id, converter in pairs)
        copy_rows(conn, pairs[0][1].names, rows)
    ids = [each.file_id for each in small]
    return doubles.mark(min(ids), max(ids))
