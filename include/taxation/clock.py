"""Dates of tickets: 17 characters ``YYYYMMDD HH:MM:SS``, local time of the PBX, without a zone."""

import re
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

_TIME = re.compile(rb" (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_DAY = re.compile(rb"\d{8}")
FORMAT = "%Y%m%d %H:%M:%S"


class Day(Enum):
    """What a calendar day is in the zone of the PBX."""

    INVALID = 1
    PLAIN = 2
    CHANGING = 3  # the clock goes forward or back on it


class Instant(Enum):
    """What a date and time is in the zone of the PBX."""

    INVALID = 1
    PLAIN = 2
    AMBIGUOUS = 3  # comes twice: the autumn hour


class PbxClock:
    """Knows which dates exist in a zone; remembers the days it has seen."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._days: dict[bytes, Day] = {}
        self._odd_hours: dict[bytes, frozenset[int]] = {}

    def day(self, value: bytes) -> Day:
        """What the day ``YYYYMMDD`` is."""
        kind = self._days.get(value)
        if kind is None:
            kind = self._days[value] = self._classify(value)
        return kind

    def instant(self, value: bytes) -> Instant:
        """What one date and time is; what the spring hour skips does not exist."""
        day = self.day(value[:8])
        if day is Day.INVALID or not _TIME.fullmatch(value[8:]):
            return Instant.INVALID
        if day is Day.PLAIN:
            return Instant.PLAIN
        when = datetime.strptime(value.decode("ascii"), FORMAT).replace(tzinfo=self.zone)
        first, second = when.utcoffset(), when.replace(fold=1).utcoffset()
        assert first is not None and second is not None
        if first == second:
            return Instant.PLAIN
        return Instant.AMBIGUOUS if first > second else Instant.INVALID

    def odd_hours(self, value: bytes) -> frozenset[int]:
        """The hours of a day ``YYYYMMDD`` in which some time does not exist or comes twice."""
        if self.day(value) is not Day.CHANGING:
            return frozenset()
        if value not in self._odd_hours:
            self._odd_hours[value] = self._find_odd_hours(value)
        return self._odd_hours[value]

    def _find_odd_hours(self, value: bytes) -> frozenset[int]:
        quarters = [(hour, minute) for hour in range(24) for minute in (0, 15, 30, 45)]
        return frozenset(
            hour
            for hour, minute in quarters
            if self.instant(b"%b %02d:%02d:00" % (value, hour, minute)) is not Instant.PLAIN
        )

    def _classify(self, value: bytes) -> Day:
        if not _DAY.fullmatch(value):
            return Day.INVALID
        try:
            year, month, day = int(value[:4]), int(value[4:6]), int(value[6:])
            start = datetime(year, month, day, tzinfo=self.zone)
            end = start + timedelta(days=1)
        except (ValueError, OverflowError):
            return Day.INVALID
        return Day.PLAIN if start.utcoffset() == end.utcoffset() else Day.CHANGING


def seconds_between(start: bytes, end: bytes) -> float:
    """From one sound date to another, on the wall clock."""
    first = datetime.strptime(start.decode("ascii"), FORMAT)
    return (datetime.strptime(end.decode("ascii"), FORMAT) - first).total_seconds()
