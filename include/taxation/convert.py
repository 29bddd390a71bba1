"""Sound records to rows for COPY: bytes sliced by the layout, trimmed, checked column by column.

Values are written in one canonical form per field type, so that a table holds the same rows
whatever the order in which files came and columns widened.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from operator import gt

from include.taxation.clock import Instant, PbxClock, seconds_between
from include.taxation.fields import Stored
from include.taxation.records import Section

CHUNK_RECORDS = 1000
LINES_PER_FILE = 100_000_000
LONGEST_CALL_SECONDS = 7 * 86_400
DURATIONS = ("duration", "waitingduration", "effectivecallduration")
ROW_COLUMNS = ("ticket_id", "file_id", "line_number", "content_digest", "ambiguous_time")
_INTEGER = re.compile(rb"[+-]?\d+")
_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\r": b"\\r"}
_SPECIAL = re.compile(rb"[\\\t\r]")
Values = list[bytes]


@dataclass(frozen=True)
class Rejected:
    """A single ticket that cannot be loaded, from a file that can."""

    line: int
    reason: str
    column: str
    value: str


@dataclass
class Tally:
    """What was counted while a file was read."""

    tickets: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class _Chunk:
    """Some records in a row, as columns; what was found wrong with which of them."""

    first_line: int
    columns: list[Values]
    bad: dict[int, Rejected] = field(default_factory=dict)
    ambiguous: set[int] = field(default_factory=set)

    def reject(self, index: int, reason: str, column: str, value: bytes) -> None:
        """Leave one record out; its first reason counts."""
        shown = value[:80].decode("latin-1").replace("\0", "\\0")
        self.bad.setdefault(index, Rejected(self.first_line + index, reason, column, shown))


class Converter:
    """Turns the records of one section into the text that COPY reads."""

    def __init__(
        self,
        section: Section,
        stored: Sequence[Stored],
        clock: PbxClock,
        *,
        pbx: str,
        charset: str,
        tally: Tally,
    ) -> None:
        self.section = section
        self.stored = sorted(stored, key=lambda each: each.field.first)
        self.clock = clock
        self.charset = charset
        self.tally = tally
        self._unpack = struct.Struct(_slices(section, self.stored))
        self._place = {each.name: index for index, each in enumerate(self.stored)}
        # The same bytes are the same ticket only under one layout of one PBX.
        self._key = sha256(f"{pbx}/{section.layout.id}".encode()).digest()
        self._call_types = call_types(section.version)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of taxdata that the rows fill, in their order."""
        return (*ROW_COLUMNS, *(each.name for each in self.stored))

    def rows(self, file_id: int) -> Iterator[bytes]:
        """COPY text (null is the empty string), a chunk at a time; fills the tally on the way."""
        step = self.section.stride * CHUNK_RECORDS
        for at in range(0, len(self.section.body), step):
            first_line = self.section.first_line + at // self.section.stride
            yield self._rows(self.section.body[at : at + step], first_line, file_id)

    def _rows(self, body: bytes, first_line: int, file_id: int) -> bytes:
        unpacked = zip(*self._unpack.iter_unpack(body), strict=True)
        chunk = _Chunk(first_line, list(map(_trimmed, unpacked)))
        self._check(chunk)
        self._count(chunk)
        self._canonical(chunk)
        columns = chunk.columns
        if any(byte in body for byte in _ESCAPES):
            columns = [[_SPECIAL.sub(_escaped, value) for value in column] for column in columns]
        own = self._own_columns(body, chunk, file_id)
        lines = list(map(b"\t".join, zip(own, *columns, strict=True)))
        if chunk.bad:
            self.tally.rejected += [chunk.bad[index] for index in sorted(chunk.bad)]
            lines = [line for index, line in enumerate(lines) if index not in chunk.bad]
        self.tally.tickets += len(lines)
        text = b"\n".join(lines) + b"\n" if lines else b""
        return text if text.isascii() else text.decode(self.charset, "replace").encode()

    def _own_columns(self, body: bytes, chunk: _Chunk, file_id: int) -> Iterator[bytes]:
        stride, key, first_line = self.section.stride, self._key, chunk.first_line
        base = file_id * LINES_PER_FILE
        for index, at in enumerate(range(0, len(body), stride)):
            record = body[at : at + stride - 1].rstrip(b" ")
            digest = blake2b(record, digest_size=16, key=key).hexdigest()
            flag = "t" if index in chunk.ambiguous else "f"
            line = first_line + index
            yield f"{base + line}\t{file_id}\t{line}\t{digest}\t{flag}".encode()

    def _check(self, chunk: _Chunk) -> None:
        for each, values in zip(self.stored, chunk.columns, strict=True):
            if each.kind == "timestamp":
                self._check_dates(chunk, each, values)
            elif each.kind == "text":
                _check_text(chunk, each, values)
            else:
                _check_integers(chunk, each, values)
        for name in DURATIONS:
            self._check_duration(chunk, name)
        self._check_order(chunk)

    def _check_dates(self, chunk: _Chunk, each: Stored, values: Values) -> None:
        if self.clock.all_plain(values):
            return
        for index, value in enumerate(values):
            instant = self.clock.instant(value) if value else Instant.PLAIN
            if instant is Instant.INVALID:
                chunk.reject(index, "bad_datetime", each.name, value)
            elif instant is Instant.AMBIGUOUS:
                chunk.ambiguous.add(index)

    def _check_duration(self, chunk: _Chunk, name: str) -> None:
        place = self._place.get(name)
        if place is None or self.stored[place].kind == "text":
            return
        for index, value in enumerate(chunk.columns[place]):
            # Five digits are 28 hours at most: nothing to look at.
            if len(value) <= 5 and not value.startswith(b"-"):
                continue
            if index not in chunk.bad and not 0 <= int(value) <= LONGEST_CALL_SECONDS:
                chunk.reject(index, "implausible_duration", name, value)

    def _check_order(self, chunk: _Chunk) -> None:
        places = [self._place.get(name) for name in ("startdatetime", "enddatetime")]
        if any(p is None or self.stored[p].kind != "timestamp" for p in places):
            return
        starts, ends = (chunk.columns[place] for place in places if place is not None)
        for index, backwards in enumerate(map(gt, starts, ends)):
            if not backwards or not ends[index] or index in chunk.bad:
                continue
            # A call over the autumn change may end up to an hour "before" it began.
            back = seconds_between(ends[index], starts[index])
            if index not in chunk.ambiguous or back >= 3600:
                chunk.reject(index, "implausible_duration", "enddatetime", ends[index])

    def _count(self, chunk: _Chunk) -> None:
        counts = self.tally.counts
        for each, values in zip(self.stored, chunk.columns, strict=True):
            if each.kind in ("bigint", "numeric"):
                counts["blank_integers"] += values.count(b"")
        counts["ambiguous_times"] += len(chunk.ambiguous)
        place = self._place.get("calltype")
        if place is not None:
            seen = Counter(chunk.columns[place])
            counts["unspecified_call_types"] += sum(
                number for value, number in seen.items() if not self._is_call_type(value)
            )

    def _is_call_type(self, value: bytes) -> bool:
        return value.isdigit() and int(value) in self._call_types

    def _canonical(self, chunk: _Chunk) -> None:
        for each, values in zip(self.stored, chunk.columns, strict=True):
            if each.table_type != "text" or each.kind == "text":
                continue
            write = _dashed if each.kind == "timestamp" else _plain_integer
            for index, value in enumerate(values):
                if value and index not in chunk.bad:
                    values[index] = write(value)


def call_types(version: bytes) -> range:
    """The codes of CallType that a release knows: LocalTransit (15) came with the ED ones."""
    return range(16) if version.startswith(b"ED") else range(15)


def _check_text(chunk: _Chunk, each: Stored, values: Values) -> None:
    if b"\0" in b"".join(values):
        for index, value in enumerate(values):
            if b"\0" in value:
                chunk.reject(index, "control_character", each.name, value)


def _check_integers(chunk: _Chunk, each: Stored, values: Values) -> None:
    if not (b"".join(values) or b"0").isdigit():
        for index, value in enumerate(values):
            if value and not _INTEGER.fullmatch(value):
                chunk.reject(index, "bad_integer", each.name, value)


def _slices(section: Section, stored: Sequence[Stored]) -> str:
    """The record as a struct: unnamed bytes skipped, the line end too."""
    parts, at = [], 0
    for each in stored:
        if each.field.first - 1 > at:
            parts.append(f"{each.field.first - 1 - at}x")
        parts.append(f"{each.field.width}s")
        at = each.field.last
    parts.append(f"{section.stride - at}x")
    return "".join(parts)


def _trimmed(column: tuple[bytes, ...]) -> Values:
    # Most fields of most files are the same in every record: blank.
    if column.count(column[0]) == len(column):
        return [column[0].strip(b" ")] * len(column)
    return [value.strip(b" ") for value in column]


def _escaped(match: re.Match[bytes]) -> bytes:
    return _ESCAPES[match[0]]


def _dashed(value: bytes) -> bytes:
    return b"%b-%b-%b" % (value[:4], value[4:6], value[6:])


def _plain_integer(value: bytes) -> bytes:
    return b"%d" % int(value)
