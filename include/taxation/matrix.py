"""Records of one length as a matrix of bytes: sound ones become COPY text without a look at each.

What whole columns of bytes cannot sound is only named here (``Read.doubtful``); the exact code of
``include.taxation.exact`` then reads those few records one at a time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.taxation.clock import Day, PbxClock
from include.taxation.fields import DURATIONS, TIMESTAMP_WIDTH, Stored

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Runs = npt.NDArray[np.uint16]

BLANK, TAB = b" \t"
# Stands for a blank inside a value until all the blanks around values are gone.
_INNER_BLANK = 1
_BLANKS_BACK = bytes.maketrans(bytes([_INNER_BLANK]), b" ")
# What COPY would read as something else, and what no text may hold.
_NEED_CARE = (b"\\", b"\t", b"\r", b"\0", bytes([_INNER_BLANK]))
_SURELY_PLAUSIBLE_DIGITS = 5  # 28 hours at most
# YYYYMMDD HH:MM:SS: its digits, and what each adds to day, hour, minute and second.
_DIGITS = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 15, 16])
_PARTS = np.zeros((14, 4), np.int64)
_PARTS[:8, 0] = [10**power for power in range(7, -1, -1)]
for _part in (1, 2, 3):
    _PARTS[6 + 2 * _part : 8 + 2 * _part, _part] = 10, 1
_LIMITS = np.array([10**8, 23, 59, 59])
_SECONDS = np.array([86_400, 3600, 60, 1])
# The same as seconds in a calendar of months of 31 days: in order, which is all an index asks.
_ORDER = np.repeat([12 * 31 * 86_400, 31 * 86_400, 86_400, 3600, 60, 1], [4, 2, 2, 2, 2, 2])
_ORDER *= np.array([1000, 100, 10, 1, *[10, 1] * 5])


@dataclass(frozen=True)
class Read:
    """COPY lines of the sound records, which records are doubtful, and what was counted."""

    text: bytes
    doubtful: Flags
    blank_integers: int
    call_types: Counter[bytes]


def blank_bytes(records: Bytes) -> Flags:
    """Which bytes of a record are blank in all of them."""
    if not len(records):
        return np.ones(records.shape[1], np.bool_)
    some = np.bitwise_or.reduce(records, axis=0)
    every = np.bitwise_and.reduce(records, axis=0)
    blank: Flags = (some == BLANK) & (every == BLANK)
    return blank


def order_of_dates(records: Bytes, each: Stored) -> npt.NDArray[np.int64]:
    """A number per record that grows with its date; any number if it is none."""
    at = _date_offset(each) + each.field.first - 1
    order: npt.NDArray[np.int64] = (records[:, at + _DIGITS] & 15).astype(np.int64) @ _ORDER
    return order


def _date_offset(each: Stored) -> int:
    return each.field.width - TIMESTAMP_WIDTH if each.field.type == "R" else 0


class MatrixReader:
    """Reads the records of one section: ``own`` bytes of one's own, then the fields ``stored``."""

    def __init__(self, own: int, stored: Sequence[Stored], clock: PbxClock) -> None:
        self.own = own
        self.stored = stored
        self.clock = clock
        widths = [each.field.width for each in stored]
        self.starts = np.cumsum([0, *(width + 1 for width in widths)])[:-1]  # of the tabs before
        self.width = own + sum(widths) + len(widths) + 1
        self.spans = [
            slice(int(start) + 1, int(start) + 1 + width)
            for start, width in zip(self.starts, widths, strict=True)
        ]
        self.dates = [i for i, each in enumerate(stored) if each.kind == "timestamp"]
        self.texts = [i for i, each in enumerate(stored) if each.kind == "text"]
        self.numbers = [i for i, each in enumerate(stored) if each.kind in ("bigint", "numeric")]
        number_bytes = [np.arange(self.spans[i].start, self.spans[i].stop) for i in self.numbers]
        self._number_bytes = np.concatenate([np.array([], np.int64), *number_bytes])

    def read(self, body: bytes, records: Bytes, own: Bytes) -> Read:
        """The records ``records`` of the bytes ``body``, each after its row of ``own``."""
        rows = np.empty((len(records), self.width), np.uint8)
        rows[:, : self.own] = own
        rows[:, -1] = records[:, -1]
        fields = rows[:, self.own : -1]
        for each, span in zip(self.stored, self.spans, strict=True):
            fields[:, span] = records[:, each.field.first - 1 : each.field.last]
        fields[:, self.starts] = BLANK
        filled = fields != BLANK
        rises = filled[:, 1:] > filled[:, :-1]
        runs = np.add.reduceat(rises, self.starts, axis=1, dtype=np.uint16)
        doubtful = _with_special_bytes(body, records)
        self._doubt_numbers(fields, filled, runs, doubtful)
        self._doubt_dates(fields, filled, runs, doubtful)
        self._keep_inner_blanks(fields, filled, runs)
        fields[:, self.starts] = TAB
        sound = rows[~doubtful] if doubtful.any() else rows
        return Read(
            sound.tobytes().translate(_BLANKS_BACK, b" "),
            doubtful,
            int((runs[:, self.numbers] == 0).sum()),
            self._call_types(fields),
        )

    def _doubt_numbers(self, fields: Bytes, filled: Flags, runs: Runs, doubtful: Flags) -> None:
        if not self.numbers:
            return
        digits = fields[:, self._number_bytes]
        doubtful |= ((digits - ord("0") > 9) & (digits != BLANK)).any(axis=1)
        doubtful |= (runs[:, self.numbers] > 1).any(axis=1)
        for index in self.numbers:
            span, each = self.spans[index], self.stored[index]
            if each.name in DURATIONS:
                doubtful |= filled[:, span].sum(axis=1) > _SURELY_PLAUSIBLE_DIGITS
            if each.table_type == "text":
                first = filled[:, span].argmax(axis=1)
                leading = fields[:, span][np.arange(len(first)), first]
                doubtful |= (leading == ord("0")) & (filled[:, span].sum(axis=1) > 1)

    def _doubt_dates(self, fields: Bytes, filled: Flags, runs: Runs, doubtful: Flags) -> None:
        instants = {}
        for index in self.dates:
            each, span = self.stored[index], self.spans[index]
            at = span.start + _date_offset(each)
            digits = fields[:, at + _DIGITS] - ord("0")
            parts = digits.astype(np.int64) @ _PARTS
            sound = (digits <= 9).all(axis=1) & (parts <= _LIMITS).all(axis=1)
            sound &= (fields[:, at + 11] == ord(":")) & (fields[:, at + 14] == ord(":"))
            sound &= (fields[:, at + 8] == BLANK) & (filled[:, span].sum(axis=1) == 16)
            for day in np.unique(parts[sound, 0]).tolist():
                kind = self.clock.day(b"%08d" % day)
                if kind is not Day.PLAIN:
                    sound &= ~((parts[:, 0] == day) & self._is_odd(day, kind, parts[:, 1]))
            blank = runs[:, index] == 0
            # A date is stored as text only after a layout that has none: rare, and written anew.
            doubtful |= ~(sound | blank) | (each.table_type == "text")
            fields[sound, at + 8] = _INNER_BLANK
            instants[each.name] = parts @ _SECONDS, sound
        if len(instants) == 2:
            (start, started), (end, ended) = instants["startdatetime"], instants["enddatetime"]
            doubtful |= started & ended & (start > end)

    def _is_odd(self, day: int, kind: Day, hours: npt.NDArray[np.int64]) -> Flags:
        """Which hours of a day that is not plain need a closer look: all, if there is no such day."""
        if kind is Day.INVALID:
            return np.ones(len(hours), np.bool_)
        odd: Flags = np.isin(hours, sorted(self.clock.odd_hours(b"%08d" % day)))
        return odd

    def _keep_inner_blanks(self, fields: Bytes, filled: Flags, runs: Runs) -> None:
        for index in self.texts:
            (found,) = np.nonzero(runs[:, index] > 1)
            if not len(found):
                continue
            span = self.spans[index]
            shown = filled[found, span]
            begun = np.logical_or.accumulate(shown, axis=1)
            goes_on = np.logical_or.accumulate(shown[:, ::-1], axis=1)[:, ::-1]
            values = fields[found, span]
            values[begun & goes_on & ~shown] = _INNER_BLANK
            fields[found, span] = values

    def _call_types(self, fields: Bytes) -> Counter[bytes]:
        for each, span in zip(self.stored, self.spans, strict=True):
            if each.name == "calltype":
                values = np.ascontiguousarray(fields[:, span]).view(f"S{each.field.width}")
                found, numbers = np.unique(values, return_counts=True)
                seen: Counter[bytes] = Counter()
                for value, number in zip(found.tolist(), numbers.tolist(), strict=True):
                    seen[value.strip(b" \1")] += number
                return seen
        return Counter()


def _with_special_bytes(body: bytes, records: Bytes) -> Flags:
    found = np.zeros(len(records), np.bool_)
    for byte in _NEED_CARE:
        if byte in body:
            found |= (records == byte[0]).any(axis=1)
    return found
