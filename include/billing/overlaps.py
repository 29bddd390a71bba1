"""Which rates of a tariff can be in force together without one being preferred, and when none is."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations

from include.billing.model import ANY, DAY_SECONDS, ONE_DAY, Calendar, Rate, Tariff

YEARS_LOOKED_AT = 5
Span = tuple[int, int]
Days = dict[Calendar | None, frozenset[date]]


def find_overlaps(tariff: Tariff) -> list[tuple[int, int]]:
    """Pairs of rates that one number can meet at one instant, at one weight and equal prefix."""
    days = _days(tariff)
    return [
        (first.index, second.index)
        for first, second in _rivals(tariff)
        if _meet(first, second, days)
    ]


def _rivals(tariff: Tariff) -> Iterator[tuple[Rate, Rate]]:
    groups = {ANY: frozenset([ANY])}
    for prefix, names in tariff.prefixes.items():
        groups[f"prefix {prefix}"] = frozenset(names)
    seen: set[tuple[int, int]] = set()
    by_name: dict[str, list[Rate]] = {}
    for rate in tariff.rates:
        by_name.setdefault(rate.destination, []).append(rate)
    for shared in set(groups.values()):
        rates = [rate for name in sorted(shared) for rate in by_name.get(name, [])]
        for first, second in combinations(sorted(rates, key=lambda r: r.index), 2):
            key = (first.index, second.index)
            same_way = ANY in (first.direction, second.direction)
            if first.weight != second.weight or key in seen:
                continue
            if same_way or first.direction == second.direction:
                seen.add(key)
                yield first, second


def _meet(first: Rate, second: Rate, days: Days) -> bool:
    for span, offset in _spans(first):
        for other, shift in _spans(second):
            if max(span[0], other[0]) >= min(span[1], other[1]):
                continue
            moved = timedelta(days=offset - shift)
            if any(day + moved in days[second.calendar] for day in days[first.calendar]):
                return True
    return False


def find_gaps(tariff: Tariff) -> list[tuple[int, str]]:
    """For each destination and direction that has rates: times at which none of them applies.

    Given as the index of the destination's first rate and a sentence.
    """
    days = _days(tariff)
    gaps = []
    for direction in ("outgoing", "incoming", "local"):
        rates = [rate for rate in tariff.rates if rate.direction in (direction, ANY)]
        first_of: dict[str, int] = {}
        for rate in rates:
            first_of.setdefault(rate.destination, rate.index)
        for name, index in first_of.items():
            gap = _first_gap(_reaching(tariff, name, rates), days)
            if gap:
                gaps.append((index, f"no rate is in force for {name} ({direction}) {gap}"))
    return gaps


def _reaching(tariff: Tariff, name: str, rates: list[Rate]) -> list[Rate]:
    own = [prefix for prefix, names in tariff.prefixes.items() if name in names]
    wider = {
        other
        for prefix, names in tariff.prefixes.items()
        if own and all(mine.startswith(prefix) for mine in own)
        for other in names
    }
    return [rate for rate in rates if rate.destination in (name, ANY) or rate.destination in wider]


def _first_gap(rates: list[Rate], days: Days) -> str | None:
    looked_at: set[tuple[bool, ...]] = set()
    for day in sorted(days[None]):
        if day - ONE_DAY not in days[None]:
            continue
        signature = tuple(
            when in days[rate.calendar] for rate in rates for when in (day, day - ONE_DAY)
        )
        if signature in looked_at:
            continue
        looked_at.add(signature)
        covered = [
            span
            for rate in rates
            for span, offset in _spans(rate)
            if day - timedelta(days=offset) in days[rate.calendar]
        ]
        hole = _hole(covered)
        if hole:
            return f"on {day} from {_shown(hole[0])} to {_shown(hole[1])}"
    return None


def _hole(spans: Iterable[Span]) -> Span | None:
    reached = 0
    for start, end in sorted(spans):
        if start > reached:
            return reached, start
        reached = max(reached, end)
    return (reached, DAY_SECONDS) if reached < DAY_SECONDS else None


def _spans(rate: Rate) -> list[tuple[Span, int]]:
    """The seconds of a day it holds for, with how many days earlier its calendar is asked."""
    if rate.start < rate.end:
        return [((rate.start, rate.end), 0)]
    return [((rate.start, DAY_SECONDS), 0), ((0, rate.end), 1)]


def _days(tariff: Tariff) -> Days:
    start = date(tariff.valid_from.year, 1, 1)
    every = {start + timedelta(days=n) for n in range(365 * YEARS_LOOKED_AT + 1)}
    calendars = {rate.calendar for rate in tariff.rates}
    for calendar in calendars:
        named = {
            date.fromisoformat(d) for d in (calendar.dates if calendar else ()) if len(d) == 10
        }
        every |= {day + timedelta(days=n) for day in named for n in (-1, 0, 1)}
    # A window that crosses midnight also asks about the day before.
    asked = every | {day - ONE_DAY for day in every}
    return {
        calendar: frozenset(day for day in asked if calendar is None or calendar.contains(day))
        for calendar in {None, *calendars}
    }


def _shown(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"
