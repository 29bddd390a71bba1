"""Records read one at a time: those that a look at whole columns leaves in doubt."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from include.taxation.clock import Instant, PbxClock, seconds_between
from include.taxation.fields import DURATIONS, Stored

LONGEST_CALL_SECONDS = 7 * 86_400
_INTEGER = re.compile(rb"[+-]?\d+")


@dataclass(frozen=True)
class Rejected:
    """A single ticket that cannot be loaded, from a file that can."""

    line: int
    reason: str
    column: str
    value: str


@dataclass(frozen=True)
class Ticket:
    """The values of a sound record as they are stored, in the character set of the PBX."""

    values: list[bytes]
    ambiguous: bool


class _Bad(Exception):
    def __init__(self, reason: str, column: str, value: bytes) -> None:
        self.reason, self.column, self.value = reason, column, value


class ExactReader:
    """Reads records of one section."""

    def __init__(self, stored: Sequence[Stored], stride: int, clock: PbxClock) -> None:
        self.stored = stored
        self.clock = clock
        self._unpack = struct.Struct(_slices(stored, stride))

    def read(self, record: bytes, line: int) -> Ticket | Rejected:
        """The ticket of a record (with its line end), or the first reason why there is none."""
        values = [value.strip(b" ") for value in self._unpack.unpack(record)]
        try:
            ambiguous = self._check(values)
        except _Bad as bad:
            shown = bad.value[:80].decode("latin-1").replace("\0", "\\0")
            return Rejected(line, bad.reason, bad.column, shown)
        return Ticket(list(map(_written, self.stored, values)), ambiguous)

    def _check(self, values: list[bytes]) -> bool:
        ambiguous = False
        for each, value in zip(self.stored, values, strict=True):
            if each.kind == "timestamp":
                instant = self.clock.instant(value) if value else Instant.PLAIN
                if instant is Instant.INVALID:
                    raise _Bad("bad_datetime", each.name, value)
                ambiguous |= instant is Instant.AMBIGUOUS
            elif each.kind == "text":
                if b"\0" in value:
                    raise _Bad("control_character", each.name, value)
            elif value and not _INTEGER.fullmatch(value):
                raise _Bad("bad_integer", each.name, value)
        for each, value in zip(self.stored, values, strict=True):
            is_duration = each.name in DURATIONS and each.kind != "text"
            if is_duration and value and not 0 <= int(value) <= LONGEST_CALL_SECONDS:
                raise _Bad("implausible_duration", each.name, value)
        self._check_order(values, ambiguous)
        return ambiguous

    def _check_order(self, values: list[bytes], ambiguous: bool) -> None:
        dates = {
            each.name: value
            for each, value in zip(self.stored, values, strict=True)
            if each.kind == "timestamp" and value
        }
        start, end = dates.get("startdatetime"), dates.get("enddatetime")
        # A call over the autumn change may end up to an hour "before" it began.
        allowed = 3600 if ambiguous else 1
        if start and end and start > end and seconds_between(end, start) >= allowed:
            raise _Bad("implausible_duration", "enddatetime", end)


def _slices(stored: Sequence[Stored], stride: int) -> str:
    """The record as a struct: unnamed bytes skipped, the line end too."""
    parts, at = [], 0
    for each in stored:
        if each.field.first - 1 > at:
            parts.append(f"{each.field.first - 1 - at}x")
        parts.append(f"{each.field.width}s")
        at = each.field.last
    parts.append(f"{stride - at}x")
    return "".join(parts)


def _written(each: Stored, value: bytes) -> bytes:
    """A column that became text holds the form that its older type would have shown."""
    if not value or each.table_type != "text" or each.kind == "text":
        return value
    if each.kind == "timestamp":
        return b"%b-%b-%b" % (value[:4], value[4:6], value[6:])
    return b"%d" % int(value)
