"""The format line of a spool: ``#Name,first,last,type,Name,first,last,type,…``.

Columns count from 1, both ends included, in bytes. Types: L and N text, R integer.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import pairwise

from include.taxation.faults import SpoolFault

MAX_RECORD_BYTES = 8192
MAX_COLUMNS = 400
TYPES = "LNR"
VERSION_FIELD = "ticketversion"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,54}")
_NUMBER = re.compile(r"\d{1,6}")
# What every table has of its own, and what taxdata says about the origin of a ticket.
OWN_COLUMNS = frozenset(["ticket_id", "file_id", "line_number", "content_digest", "ambiguous_time"])
SYSTEM_COLUMNS = frozenset(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"])
# PostgreSQL 17's reserved words (pg_get_keywords(), categories R and T).
RESERVED_WORDS = frozenset(
    """all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign freeze from full grant group having ilike in
    initially inner intersect into is isnull join lateral leading left like limit localtime
    localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
    references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window
    with""".split()
)


@dataclass(frozen=True)
class Column:
    """One field of a record: bytes ``first`` to ``last``, from 1, both included."""

    name: str
    first: int
    last: int
    type: str

    @property
    def width(self) -> int:
        """Its bytes."""
        return self.last - self.first + 1

    @property
    def key(self) -> str:
        """The name as SQL folds it."""
        return self.name.lower()


@dataclass(frozen=True)
class Layout:
    """The fields of the records that follow one format line, in its order."""

    columns: tuple[Column, ...]

    @cached_property
    def id(self) -> str:
        """Its identity: sha256 over the normalised quadruples."""
        return sha256(self.header().encode()).hexdigest()

    @cached_property
    def record_length(self) -> int:
        """Bytes of a record without its line end."""
        return max(column.last for column in self.columns)

    @cached_property
    def version(self) -> Column:
        """The one field that every layout has."""
        return next(column for column in self.columns if column.key == VERSION_FIELD)

    def header(self) -> str:
        """The format line, without its line end."""
        items = (f"{c.name},{c.first},{c.last},{c.type}" for c in self.columns)
        return "#" + ",".join(items)


@lru_cache(maxsize=64)  # file after file begins with the same line
def parse_format_line(line: bytes, *, number: int = 1) -> Layout:
    """The layout that a format line (without its line end) announces.

    Raises ``SpoolFault``: ``no_format_line``, ``bad_format_line`` with the position (from 1) of the
    item at fault, ``bad_field_name``.
    """
    if not line.startswith(b"#"):
        raise SpoolFault("no_format_line", line=number)
    items = [item.strip() for item in line[1:].decode("latin-1").split(",")]
    if len(items) % 4:
        detail = f"{len(items)} items are not a multiple of four"
        raise SpoolFault("bad_format_line", line=number, position=len(items), detail=detail)
    columns = tuple(_column(items, at, number) for at in range(0, len(items), 4))
    _check_names(columns, number)
    _check_places(columns, number)
    return Layout(columns)


def _column(items: list[str], at: int, line: int) -> Column:
    name, first, last, kind = items[at : at + 4]
    for offset, text in ((1, first), (2, last)):
        if not (_NUMBER.fullmatch(text) and text.isascii()):
            detail = (
                f"item {at + offset + 1} of {name[:20]!r} is not a column number: {text[:20]!r}"
            )
            position = at + offset + 1
            raise SpoolFault("bad_format_line", line=line, position=position, detail=detail)
    if kind.upper() not in TYPES or len(kind) != 1:
        detail = f"item {at + 4} of {name[:20]!r} is not a type: {kind[:20]!r}"
        raise SpoolFault("bad_format_line", line=line, position=at + 4, detail=detail)
    return Column(name, int(first), int(last), kind.upper())


def _check_names(columns: tuple[Column, ...], line: int) -> None:
    seen: set[str] = set()
    for index, column in enumerate(columns):
        reason = name_fault(column.name, seen)
        if reason:
            detail = f"{column.name[:80]!r} {reason}"
            position = index * 4 + 1
            raise SpoolFault("bad_field_name", line=line, position=position, detail=detail)
        seen.add(column.key)
    if VERSION_FIELD not in seen:
        raise SpoolFault(
            "bad_format_line", line=line, position=1, detail="TicketVersion is missing"
        )


def name_fault(name: str, taken: set[str]) -> str:
    """Why a name cannot become a column beside those ``taken``; empty if it can."""
    if not (_NAME.fullmatch(name) and name.isascii()):
        return "is not a plain name of at most 55 letters, digits and _"
    key = name.lower()
    if key in RESERVED_WORDS or key in SYSTEM_COLUMNS or key in OWN_COLUMNS:
        return "is a reserved word"
    return "comes twice" if key in taken else ""


def _check_places(columns: tuple[Column, ...], line: int) -> None:
    if len(columns) > MAX_COLUMNS:
        detail = f"more than {MAX_COLUMNS} fields"
        raise SpoolFault("bad_format_line", line=line, position=MAX_COLUMNS * 4 + 1, detail=detail)
    for index, column in enumerate(columns):
        if not 1 <= column.first <= column.last <= MAX_RECORD_BYTES:
            detail = f"{column.name} lies at {column.first}..{column.last}"
            position = index * 4 + 2
            raise SpoolFault("bad_format_line", line=line, position=position, detail=detail)
    order = sorted(range(len(columns)), key=lambda index: columns[index].first)
    for before, after in pairwise(order):
        if columns[after].first <= columns[before].last:
            detail = f"{columns[after].name} overlaps {columns[before].name}"
            raise SpoolFault("bad_format_line", line=line, position=after * 4 + 2, detail=detail)
