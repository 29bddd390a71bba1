"""A large spool loaded while it is still being unpacked, as long as it is plain from start to end.

Plain: one layout that asks nothing of the table, and records that are all as long as it says and of one
version. That is known for certain only at the end, when most of the rows have been copied; so whatever
is not plain is taken back, to a savepoint, and left to who looks at the whole before it copies anything.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace

from psycopg2.extensions import connection as Connection

from include.taxation import adapt
from include.taxation.adapt import Plan
from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally, filled_within
from include.taxation.copying import copy_rows, record_layout
from include.taxation.decompress import UnpackError, plain_pieces
from include.taxation.doubles import Doubles
from include.taxation.faults import SpoolFault
from include.taxation.layout import Layout, parse_format_line
from include.taxation.matrix import Bounds, bounds
from include.taxation.pbx import Pbx
from include.taxation.records import Section

_LINE_END = ord("\n")
Portion = tuple[Section, Bounds]


class NotPlainError(Exception):
    """The whole is to be looked at first."""


class Flow:
    """Loads one spool under the id of its file; the rest is known when it is loaded."""

    layout: Layout

    def __init__(self, conn: Connection, file_id: int, pbx: Pbx) -> None:
        self.conn = conn
        self.file_id = file_id
        self.pbx = pbx
        self.tally = Tally()
        self.doubles = Doubles(conn)
        self._next: Portion | None = None

    def load(self, data: bytes) -> None:
        """Copy its tickets. Raises ``NotPlainError``, maybe with some of them copied."""
        try:
            with closing(_portions(data)) as portions:
                self._load(portions)
        except (SpoolFault, UnpackError):  # which of its faults is told is not for us to say
            raise NotPlainError from None

    def _load(self, portions: Iterator[Portion]) -> None:
        self._next = next(portions, None)
        if self._next is None:
            raise NotPlainError
        plan, clock = self._plan(self._next[0]), PbxClock(self.pbx.timezone)
        written: set[str] = set()
        while self._next is not None:
            section, common = self._next
            written |= filled_within(common, plan.stored)
            converter = Converter(
                section,
                plan.stored,
                clock,
                pbx=self.pbx.code,
                charset=self.pbx.charset,
                tally=self.tally,
                written=written,
            )
            if not self.doubles.converters:
                self.doubles.expect_from(converter)
            self.doubles.converters.append(converter)
            copy_rows(self.conn, converter.names, self._rows(converter, portions))

    def _plan(self, first: Section) -> Plan:
        existing, renamed = adapt.existing_columns(self.conn), adapt.aliases(self.conn)
        plan = adapt.plan(first.layout, existing, renamed)
        if plan.changes:
            raise NotPlainError
        record_layout(self.conn, plan, first.version.decode("latin-1"), self.pbx.code)
        self.layout = first.layout
        return plan

    def _rows(self, converter: Converter, portions: Iterator[Portion]) -> Iterator[bytes]:
        """Up to the portion that fills a column which has been blank so far."""
        while self._next is not None:
            section, common = self._next
            if filled_within(common, converter.blank):
                return
            yield converter.convert(self.file_id, section, common)
            self._next = next(portions, None)


def _portions(data: bytes) -> Generator[Portion]:
    """The records of the spool, some thousand at a time, whole and checked."""
    rest, line, version = b"", 2, None
    layout: Layout | None = None
    with closing(plain_pieces(data)) as pieces:
        for piece in pieces:
            text, start = rest + piece, 0
            if layout is None:
                start = text.find(b"\n") + 1
                layout = _announced(text[:start])
            stride = layout.record_length + 1
            count = (len(text) - start) // stride
            rest = text[start + count * stride :]
            if count:
                section = Section(layout, line, text, start, count, version or b"")
                common = bounds(section.matrix())
                found = _version_if_plain(section, common)
                if version not in (None, found):
                    raise NotPlainError
                version = found
                yield replace(section, version=version.strip(b" ")), common
                line += count
    if rest:
        raise NotPlainError


def _announced(head: bytes) -> Layout:
    if not head or head.endswith(b"\r\n"):
        raise NotPlainError
    return parse_format_line(head[:-1], number=1)


def _version_if_plain(section: Section, common: Bounds) -> bytes:
    """The bytes of the TicketVersion that all the records have."""
    records, field = section.matrix(), section.layout.version
    place = slice(field.first - 1, field.last)
    ends_within = (common.least[:-1] <= _LINE_END).any() and (records[:, :-1] == _LINE_END).any()
    if (
        ends_within
        or not (common.some[-1] == common.least[-1] == _LINE_END)
        or (records[:, 0] == ord("#")).any()
        or not common.constant[place].all()
    ):
        raise NotPlainError
    return records[0, place].tobytes()
