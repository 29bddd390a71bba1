"""A tariff in memory: what ``tariff.schema.yaml`` describes, amounts as exact fractions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

ANY = "any"
DAY_SECONDS = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """A set of days. Left-out ``days`` with no dates and no holidays: every day."""

    days: frozenset[str]
    dates: frozenset[str]
    holidays: str | None
    exclude_holidays: str | None

    def contains(self, day: date) -> bool:
        """In (days, or dates, or holidays) and not in exclude_holidays."""
        if self.exclude_holidays and is_holiday(self.exclude_holidays, day):
            return False
        if not (self.days or self.dates or self.holidays):
            return True
        return (
            WEEKDAYS[day.weekday()] in self.days
            or day.isoformat() in self.dates
            or day.strftime("%m-%d") in self.dates
            or bool(self.holidays and is_holiday(self.holidays, day))
        )


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(country, years=year))


def is_holiday(country: str, day: date) -> bool:
    """Whether a day is a public holiday of a country of the holidays package."""
    return day in _holidays(country, day.year)


@dataclass(frozen=True)
class Step:
    """From a second of the call on: ``price`` for ``per`` seconds, in whole increments."""

    start: int
    price: Fraction
    per: int
    increment: int


@dataclass(frozen=True)
class Rate:
    """One entry of ``rates``; ``start`` and ``end`` are seconds of the day."""

    index: int
    name: str
    destination: str
    direction: str
    calendar: Calendar | None
    start: int
    end: int
    weight: int
    connect_fee: Fraction
    included_seconds: int
    steps: tuple[Step, ...]
    completed_only: bool
    pulse_price: Fraction | None
    unanswered_fee: Fraction
    minimum: Fraction | None
    maximum: Fraction | None
    factor: Fraction
    offset: Fraction
    percent: Fraction

    def applies(self, local: datetime) -> bool:
        """Whether it is in force at a local time, other rates aside."""
        second = local.hour * 3600 + local.minute * 60 + local.second
        if self.start < self.end:
            return self.start <= second < self.end and self._on(local.date())
        if second >= self.start:
            return self._on(local.date())
        return second < self.end and self._on(local.date() - ONE_DAY)

    def _on(self, day: date) -> bool:
        return self.calendar is None or self.calendar.contains(day)

    def step_at(self, second: int) -> Step | None:
        """The step that holds at a second of the call, if one does yet."""
        held = [step for step in self.steps if step.start <= second]
        return held[-1] if held else None

    def adjusted(self, cost: Fraction) -> Fraction:
        """The adjustment, then minimum and maximum."""
        cost = (cost * self.factor + self.offset) * (1 + self.percent / 100)
        if self.minimum is not None:
            cost = max(cost, self.minimum)
        if self.maximum is not None:
            cost = min(cost, self.maximum)
        return cost


@dataclass(frozen=True)
class Tariff:
    """A checked tariff. ``prefixes`` gives the destinations that name each prefix."""

    code: str
    currency: str
    valid_from: date
    timezone: ZoneInfo
    rounding: str
    decimals: int
    prefixes: Mapping[str, tuple[str, ...]]
    rates: tuple[Rate, ...]
    document: dict[str, Any] = field(repr=False)
    tariff_id: int | None = None

    @property
    def destinations(self) -> dict[str, list[str]]:
        """Name to prefixes."""
        return dict(self.document.get("destinations", {}))

    @property
    def longest_prefix(self) -> int:
        """Digits of its longest prefix."""
        return max(map(len, self.prefixes), default=0)
