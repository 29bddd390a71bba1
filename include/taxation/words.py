"""Eight bytes at a time: days and times of day of many records as words of 64 bits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_BYTE, _TEN = np.uint64(8), np.uint64(10)
_LOW, _HIGH = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0xF0F0F0F0F0F0F0F0)
_SIX, _ZEROS = np.uint64(0x0606060606060606), np.uint64(0x3030303030303030)
# What tells "00:00:00" from eight zeros, and where.
_COLONS, _COLON_DIGITS = np.uint64(0x00000A00000A0000), np.uint64(0x00000F00000F0000)


@dataclass(frozen=True)
class Dates:
    """``YYYYMMDD HH:MM:SS`` of each record, some number whatever the bytes are.

    Of a digit only the lower half of its byte counts here; ``sound`` says which are digits, colons
    and a time of a day. Whether there is such a day is not known here.
    """

    year: Numbers
    month: Numbers
    day_of_month: Numbers
    hour: Numbers
    second: Numbers  # of the day
    sound: Flags

    @property
    def day(self) -> Numbers:
        """YYYYMMDD, for those that are sound."""
        return self.year * 10_000 + self.month * 100 + self.day_of_month

    @property
    def order(self) -> Numbers:
        """Seconds in a calendar of months of 31 days: in order, which is all an index asks."""
        return ((self.year * 12 + self.month) * 31 + self.day_of_month) * 86_400 + self.second


def read_dates(records: Bytes, at: int) -> Dates:
    """The dates whose first byte is ``at``, from 0; the blank between day and time is not looked at."""
    days, times = _words(records, at), _words(records, at + 9)
    century, years, month, day = _pairs(days, (0, 2, 4, 6))
    hour, minute, second = _pairs(times, (0, 3, 6))
    times = times ^ _COLONS
    sound = _are_digits(days) & _are_digits(times) & ((times & _COLON_DIGITS) == 0)
    sound &= (hour < 24) & (minute < 60) & (second < 60)
    return Dates(
        century * 100 + years,
        month,
        day,
        hour,
        hour * 3600 + minute * 60 + second,
        sound,
    )


def _words(records: Bytes, at: int) -> Words:
    part = np.ascontiguousarray(records[:, at : at + 8])
    found: Words = part.view("<u8")[:, 0]
    return found


def _are_digits(found: Words) -> Flags:
    digits: Flags = ((found & _HIGH) == _ZEROS) & (((found + _SIX) & _HIGH) == _ZEROS)
    return digits


def _pairs(found: Words, places: tuple[int, ...]) -> list[Numbers]:
    digits = found & _LOW
    pairs = (digits * _TEN + (digits >> _BYTE)).view(np.uint8).reshape(-1, 8)
    return [pairs[:, place].astype(np.int64) for place in places]
