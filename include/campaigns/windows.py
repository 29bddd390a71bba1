"""When sending is allowed: days and hours of a time zone, holidays apart, summer time included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = timedelta(days=400)
Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Window:
    """Hours of some days, in local time; ``end`` before ``start`` lies on the following day.

    ``holidays`` names calendars, of a country (``FR``) or a part of one (``FR-974``); a public
    holiday of any of them is no day of the window.
    """

    days: frozenset[str]
    start: time
    end: time
    timezone: str
    holidays: tuple[str, ...] = ()

    def intervals(self, since: datetime) -> Iterator[Interval]:
        """The intervals, in UTC and in order, that end after ``since``, within the horizon."""
        zone = ZoneInfo(self.timezone)
        day = since.astimezone(zone).date() - timedelta(days=1)
        last = day + HORIZON
        while day <= last:
            if self._allows(day):
                opens = max(_instants(day, self.start, zone))
                later = day + timedelta(days=1) if self.end <= self.start else day
                closes = min(_instants(later, self.end, zone))
                if closes > since and closes > opens:
                    yield opens, closes
            day += timedelta(days=1)

    def _allows(self, day: date) -> bool:
        if DAYS[day.weekday()] not in self.days:
            return False
        return not any(day in _holidays(calendar, day.year) for calendar in self.holidays)


def _instants(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    # Of an hour that comes twice or never on that day, the window takes the narrower side.
    local = datetime.combine(day, clock, zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


@cache
def _holidays(calendar: str, year: int) -> frozenset[date]:
    import holidays

    country, _, part = calendar.partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError:  # a country whose holidays nobody has written down
        return frozenset()


def allowed(windows: Sequence[Window], since: datetime) -> Iterator[Interval]:
    """The intervals in which every window is open, from ``since`` on; without a window, none."""
    merged: Iterator[Interval] = iter(())
    for number, window in enumerate(windows):
        merged = _overlap(merged, window.intervals(since)) if number else window.intervals(since)
    for opens, closes in merged:
        yield max(opens, since), closes


def _overlap(left: Iterator[Interval], right: Iterator[Interval]) -> Iterator[Interval]:
    a, b = next(left, None), next(right, None)
    while a is not None and b is not None:
        opens, closes = max(a[0], b[0]), min(a[1], b[1])
        if opens < closes:
            yield opens, closes
        if a[1] <= b[1]:
            a = next(left, None)
        else:
            b = next(right, None)


def next_open(windows: Sequence[Window], since: datetime) -> Interval | None:
    """The interval that is open at ``since`` or opens next; None if none does within the horizon."""
    return next(allowed(windows, since), None)


def finish(windows: Sequence[Window], since: datetime, work: timedelta) -> datetime | None:
    """When ``work`` begun at ``since`` ends, if it goes on only while the windows are open."""
    if not windows:
        return since + work
    for opens, closes in allowed(windows, since):
        if work <= closes - opens:
            return opens + work
        work -= closes - opens
    return None
