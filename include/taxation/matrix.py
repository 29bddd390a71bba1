"""Records of one length as a matrix of bytes: sound ones become COPY text without a look at each.

What whole columns of bytes cannot sound is only named here (``Read.doubtful``); the exact code of
``include.taxation.exact`` then reads those few records one at a time. Which bytes are blank is looked
at as bits, a word for 64 bytes: where a value begins and ends, and the blanks within it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from include.taxation.charset import Charset
from include.taxation.clock import Day, PbxClock
from include.taxation.fields import DURATIONS, TIMESTAMP_WIDTH, Stored
from include.taxation.words import Bytes, Dates, Flags, Numbers, Words, read_dates

BLANK, TAB = b" \t"
# Stands for a blank inside a value until all the blanks around values are gone.
_INNER_BLANK = 1
_BLANKS_BACK = bytes.maketrans(bytes([_INNER_BLANK]), b" ")
# What COPY would read as something else, and what no text may hold.
_NEED_CARE = (b"\\", b"\t", b"\r", b"\0", bytes([_INNER_BLANK]))
_SURELY_PLAUSIBLE_DIGITS = 5  # 28 hours at most
_ONE, _LAST = np.uint64(1), np.uint64(63)


@dataclass(frozen=True)
class Read:
    """COPY lines of the sound records in UTF-8, which are doubtful, and what was counted."""

    text: bytes
    doubtful: Flags
    blank_integers: int
    call_types: Counter[bytes]


@dataclass(frozen=True)
class Bounds:
    """What the bytes at each place of some records have in common."""

    some: Bytes  # the bits that are set in any of them
    least: Bytes

    @property
    def blank(self) -> Flags:
        """Which places are blank in all records."""
        blank: Flags = (self.some == BLANK) & (self.least == BLANK)
        return blank

    @property
    def constant(self) -> Flags:
        """Which places hold one byte in all records."""
        constant: Flags = self.some == self.least
        return constant


def bounds(records: Bytes) -> Bounds:
    """Of all records; of none, blanks."""
    if not len(records):
        blank = np.full(records.shape[1], BLANK, np.uint8)
        return Bounds(blank, blank)
    return Bounds(np.bitwise_or.reduce(records, axis=0), np.minimum.reduce(records, axis=0))


def date_offset(each: Stored) -> int:
    """Where in the field of a date its characters begin."""
    return each.field.width - TIMESTAMP_WIDTH if each.field.type == "R" else 0


class MatrixReader:
    """Reads records of ``stride`` bytes: ``own`` bytes of one's own, then the fields ``stored``."""

    def __init__(
        self, own: int, stored: Sequence[Stored], stride: int, clock: PbxClock, charset: Charset
    ) -> None:
        self.own = own
        self.stored = stored
        self.clock = clock
        self.charset = charset
        widths = [each.field.width for each in stored]
        self.starts = np.cumsum([0, *(width + 1 for width in widths)])[:-1]  # of the tabs before
        self.width = sum(widths) + len(widths)
        self.spans = [
            slice(int(start) + 1, int(start) + 1 + width)
            for start, width in zip(self.starts, widths, strict=True)
        ]
        self.dates = [i for i, each in enumerate(stored) if each.kind == "timestamp"]
        self.texts = [i for i, each in enumerate(stored) if each.kind == "text"]
        self.numbers = [i for i, each in enumerate(stored) if each.kind in ("bigint", "numeric")]
        self._from = _fields([each.field.first - 1 for each in stored], widths, stride)
        self._to = _fields([own + s.start for s in self.spans], widths, own + self.width + 1)
        self._set_up_numbers()
        self._masks = [_mask([span], self.width) for span in self.spans]
        self._values = _mask(self.spans, self.width)
        self._text_mask = _mask([self.spans[i] for i in self.texts], self.width)
        self._number_mask = _mask([self.spans[i] for i in self.numbers], self.width)
        first = [slice(span.start, span.start + 1) for span in self.spans]
        self._first_bytes = _mask(first, self.width)
        self._room: tuple[Bytes, Flags, Bytes] | None = None

    def _set_up_numbers(self) -> None:
        widths = [self.stored[i].field.width for i in self.numbers]
        starts = np.cumsum([0, *widths])
        self._digits = -(-int(starts[-1]) // 8) * 8
        firsts = [self.stored[i].field.first - 1 for i in self.numbers]
        self._numbers_from = _fields(firsts, widths, self._from.itemsize)
        self._numbers_to = _fields(starts[:-1].tolist(), widths, self._digits)

    def read(self, records: Bytes, own: Bytes, common: Bounds, *, backslashes: bool = True) -> Read:
        """The records, each after its row of ``own``; ``backslashes``: there may be some."""
        rows, filled, digits = self._rooms(len(records))
        rows[:, : self.own] = own
        rows.view(self._to)[:, 0] = records.view(self._from)[:, 0]
        fields = rows[:, self.own : -1]
        np.not_equal(fields, BLANK, out=filled[:, : self.width])
        shown = _words(filled) & self._values
        rises = shown & ~_up(shown)
        doubtful = _with_special_bytes(records, common, backslashes)
        if self.numbers:
            digits.view(self._numbers_to)[:, 0] = records.view(self._numbers_from)[:, 0]
            wrong = (digits - ord("0") > 9) & (digits != BLANK)
            doubtful |= np.bitwise_or.reduce(wrong.view(np.uint64), axis=1) != 0
        blank_integers = self._doubt_numbers(fields, shown, rises, doubtful)
        self._doubt_dates(fields, shown, doubtful)
        self._keep_inner_blanks(fields, shown)
        sound = rows[~doubtful] if doubtful.any() else rows
        return Read(self._text(sound, common), doubtful, blank_integers, self._call_types(fields))

    def _rooms(self, number: int) -> tuple[Bytes, Flags, Bytes]:
        """Rows with their tabs and line ends, whether bytes are filled, and the digits of numbers."""
        if self._room is None or len(self._room[0]) < number:
            rows = np.empty((number, self.own + self.width + 1), np.uint8)
            rows[:, self.own + self.starts] = TAB
            rows[:, -1] = ord("\n")
            filled = np.zeros((number, -(-self.width // 64) * 64), np.bool_)
            digits = np.full((number, self._digits), BLANK, np.uint8)
            self._room = rows, filled, digits
        rows, filled, digits = self._room
        return rows[:number], filled[:number], digits[:number]

    def _doubt_numbers(self, fields: Bytes, shown: Words, rises: Words, doubtful: Flags) -> int:
        """By where their digits are; how many are blank."""
        for index in self.numbers:
            span, each = self.spans[index], self.stored[index]
            if each.name in DURATIONS:
                doubtful |= _count(shown, self._masks[index]) > _SURELY_PLAUSIBLE_DIGITS
            if each.table_type == "text":
                here = fields[:, span] != BLANK
                leading = fields[:, span][np.arange(len(here)), here.argmax(axis=1)]
                doubtful |= (leading == ord("0")) & (here.sum(axis=1) > 1)
        if not (_up(shown) & ~shown & self._number_mask).any():  # all as far right as they can be
            return len(doubtful) * len(self.numbers) - int(_count(rises, self._number_mask).sum())
        blank = 0
        for index in self.numbers:
            runs = _count(rises, self._masks[index])
            doubtful |= runs > 1
            blank += int((runs == 0).sum())
        return blank

    def _doubt_dates(self, fields: Bytes, shown: Words, doubtful: Flags) -> None:
        read: dict[str, tuple[Numbers, Numbers, Flags]] = {}
        for index in self.dates:
            each, span = self.stored[index], self.spans[index]
            at = span.start + date_offset(each)
            dates, filled = read_dates(fields, at), _count(shown, self._masks[index])
            day = dates.day
            sound = dates.sound & (filled == TIMESTAMP_WIDTH - 1)
            self._look_at_days(day, dates, sound)
            # A date is stored as text only after a layout that has none: rare, and written anew.
            doubtful |= ~(sound | (filled == 0)) | (each.table_type == "text")
            blanks = fields[:, at + 8]
            blanks[sound] = _INNER_BLANK
            read[each.name] = day, dates.second, sound
        if len(read) == 2:
            (day, second, started), (end_day, end, ended) = (
                read["startdatetime"],
                read["enddatetime"],
            )
            later = (day > end_day) | ((day == end_day) & (second > end))
            doubtful |= started & ended & later

    def _look_at_days(self, day: Numbers, dates: Dates, sound: Flags) -> None:
        """What is no day is not sound, nor are the hours of a day that need a closer look."""
        days = day[sound]
        changes = np.flatnonzero(days[1:] != days[:-1]) + 1
        for each in {*days[:1].tolist(), *days[changes].tolist()}:
            kind = self.clock.day(b"%08d" % each)
            if kind is Day.INVALID:
                sound &= day != each
            elif kind is Day.CHANGING:
                odd = sorted(self.clock.odd_hours(b"%08d" % each))
                sound &= ~((day == each) & np.isin(dates.hour, odd))

    def _keep_inner_blanks(self, fields: Bytes, shown: Words) -> None:
        lone = ~shown & _up(shown) & _down(shown) & self._text_mask
        if lone.any():
            shown = shown | lone
            for index in self.texts:
                if (lone & self._masks[index]).any():
                    span = self.spans[index]
                    # 32 becomes 1.
                    fields[:, span] -= _bytes(lone, span) * np.uint8(BLANK - _INNER_BLANK)
        rises = shown & ~_up(shown)
        if not (rises & ~self._first_bytes & self._text_mask).any():
            return
        for index in self.texts:
            (found,) = np.nonzero(_count(rises, self._masks[index]) > 1)
            if not len(found):
                continue
            span = self.spans[index]
            values = fields[found, span]
            filled = values != BLANK
            begun = np.logical_or.accumulate(filled, axis=1)
            goes_on = np.logical_or.accumulate(filled[:, ::-1], axis=1)[:, ::-1]
            values[begun & goes_on & ~filled] = _INNER_BLANK
            fields[found, span] = values

    def _text(self, rows: Bytes, common: Bounds) -> bytes:
        """Rows without the blanks around values."""
        pieces, at = [], 0
        alone = True
        for index in self.texts:
            field, span = self.stored[index].field, self.spans[index]
            if not (common.some[field.first - 1 : field.last] & 128).any():
                continue
            start, end = self.own + span.start, self.own + span.stop
            lengths = self.charset.lengths[rows[:, start:end]]
            alone = alone and len(rows) > 0 and bool(lengths.all())
            if not alone:
                break
            wider = self.charset.table(2 if lengths.max() < 3 else 4)
            pieces += [rows[:, at:start], wider[rows[:, start:end]].view(np.uint8)]
            at = end
        if pieces and alone:
            rows = np.hstack([*pieces, rows[:, at:]])
        text = rows.tobytes().translate(_BLANKS_BACK, b" ")
        return text if alone else self.charset.utf8(text)

    def _call_types(self, fields: Bytes) -> Counter[bytes]:
        for each, span in zip(self.stored, self.spans, strict=True):
            if each.name == "calltype":
                width = each.field.width
                kind = "<u2" if width == 2 else f"S{width}"
                values = np.ascontiguousarray(fields[:, span]).view(kind)
                found, numbers = np.unique(values, return_counts=True)
                seen: Counter[bytes] = Counter()
                for value, number in zip(found.view(f"S{width}"), numbers.tolist(), strict=True):
                    seen[value.strip(b" \1")] += number
                return seen
        return Counter()


def _fields(firsts: list[int], widths: list[int], size: int) -> np.dtype[np.void]:
    """Records of which only some bytes are named: copied in one go."""
    return np.dtype(
        {
            "names": [f"f{index}" for index in range(len(firsts))],
            "formats": [f"V{width}" for width in widths],
            "offsets": firsts,
            "itemsize": size,
        }
    )


def _mask(spans: list[slice], width: int) -> Words:
    flags = np.zeros((1, -(-width // 64) * 64), np.bool_)
    for span in spans:
        flags[:, span] = True
    return _words(flags)


def _words(flags: Flags) -> Words:
    """A row for each 64 places, a column for each record; the first place is the lowest bit."""
    packed = np.packbits(flags.ravel(), bitorder="little").view("<u8")
    found: Words = np.ascontiguousarray(packed.reshape(len(flags), -1).T)
    return found


def _bytes(found: Words, span: slice) -> Bytes:
    """The bits of some places, a byte each."""
    first = span.start // 64
    part = np.ascontiguousarray(found[first : -(-span.stop // 64)].T).view(np.uint8)
    start = span.start - 64 * first
    bits = np.unpackbits(part, axis=1, bitorder="little")
    return bits[:, start : start + span.stop - span.start]


def _up(found: Words) -> Words:
    """Each bit at the next place."""
    moved = found << _ONE
    moved[1:] |= found[:-1] >> _LAST
    return moved


def _down(found: Words) -> Words:
    moved = found >> _ONE
    moved[:-1] |= found[1:] << _LAST
    return moved


def _count(found: Words, mask: Words) -> Numbers:
    """How many of these bits are set in each record."""
    count = np.zeros(found.shape[1], np.int64)
    for index in np.flatnonzero(mask[:, 0]).tolist():
        count += np.bitwise_count(found[index] & mask[index])
    return count


def _with_special_bytes(records: Bytes, common: Bounds, backslashes: bool) -> Flags:
    found = np.zeros(len(records), np.bool_)
    if backslashes or (common.least[:-1] < BLANK).any():
        for byte in _NEED_CARE:
            found |= (records == byte[0]).any(axis=1)
    return found
