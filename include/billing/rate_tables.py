"""A tariff laid out as rows for set-based rating: prefixes, timelines, rates, steps."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest
from math import lcm
from typing import Any

from include.billing.model import Rate, Step, Tariff
from include.billing.price import (
    Candidate,
    NoPriceError,
    Timeline,
    candidates_of_prefix,
    exact_decimal,
    exact_text,
    rounded,
)

HOUR = 3600
LONGEST = 2**31
NONE = -1
Block = tuple[datetime, datetime]
Shape = tuple[tuple[Any, ...], ...]
Pair = tuple[int, int]


class RateTables:
    """Rows for the temporary tables ``rating_…``, for any number of tariffs."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._plans = 0
        self._shapes = 0
        self._rates = 0

    def add(self, tariff: Tariff, directions: Sequence[str], blocks: Sequence[Block]) -> None:
        """Lay out a tariff for calls of some directions that lie wholly within ``blocks``."""
        common = lcm(*(step.per for rate in tariff.rates for step in rate.steps))
        self.rows["rating_tariff"].append(
            (
                tariff.tariff_id,
                tariff.currency,
                tariff.rounding,
                Decimal(10) ** tariff.decimals,
                Decimal((0, (1,), -tariff.decimals)),
                common,
                tariff.longest_prefix,
            )
        )
        ids = [self._add_rate(tariff, rate, common) for rate in tariff.rates]
        shapes: dict[Shape, tuple[int, set[Pair]]] = {}
        for direction in directions:
            for prefix in ("", *tariff.prefixes):
                timeline = _timeline(tariff, prefix, direction)
                plan = None
                if timeline is not None:
                    shape, pairs = self._shape_of(timeline, shapes, blocks)
                    plan = self._add_plan(timeline, shape, ids)
                    self._add_lines(tariff, plan, timeline, pairs)
                row = (tariff.tariff_id, direction, prefix, plan)
                self.rows["rating_prefix"].append(row)

    def _shape_of(
        self,
        timeline: Timeline,
        shapes: dict[Shape, tuple[int, set[Pair]]],
        blocks: Sequence[Block],
    ) -> tuple[int, set[Pair]]:
        key = _shape(timeline.rates)
        if key not in shapes:
            self._shapes += 1
            pairs: set[Pair] = set()
            for start, end in blocks:
                pairs |= self._add_timeline(self._shapes, timeline, start, end)
            shapes[key] = self._shapes, pairs
        return shapes[key]

    def _add_plan(self, timeline: Timeline, shape: int, ids: list[int]) -> int:
        self._plans += 1
        self.rows["rating_plan"].append((self._plans, shape))
        self.rows["rating_slot"] += [
            (self._plans, slot, ids[candidate.rate.index])
            for slot, candidate in enumerate(timeline.rates)
        ]
        return self._plans

    def _add_lines(self, tariff: Tariff, plan: int, timeline: Timeline, pairs: set[Pair]) -> None:
        for slot, next_slot in sorted(pairs):
            rate = timeline.rates[slot].rate
            following = timeline.rates[next_slot].rate if next_slot >= 0 else None
            line = _line(tariff, rate, following) or _line(tariff, rate, None)
            if line is not None:
                zero_cost = rounded(tariff, rate.unanswered_fee)
                self.rows["rating_line"].append((plan, slot, next_slot, *line, zero_cost))

    def _add_timeline(
        self, shape: int, timeline: Timeline, start: datetime, end: datetime
    ) -> set[Pair]:
        """From hour to hour; returns which slots there are, each with the one that follows."""
        slots = {candidate.rate.index: slot for slot, candidate in enumerate(timeline.rates)}
        pairs = set()
        runs = list(_runs(timeline, start, end))
        for (first, last, rate), following in zip_longest(runs, runs[1:]):
            next_until, next_slot = last, NONE
            if following and following[2]:
                next_until, next_slot = following[1], slots[following[2].index]
            slot = slots[rate.index] if rate else None
            if slot is not None:
                pairs.add((slot, next_slot))
            for hour in range(first // HOUR, -(-last // HOUR)):
                begins, ends = max(first, hour * HOUR), min(last, (hour + 1) * HOUR)
                row = (shape, hour, begins, ends, last, slot, next_slot, next_until)
                self.rows["rating_timeline"].append(row)
        return pairs

    def _add_rate(self, tariff: Tariff, rate: Rate, common: int) -> int:
        self._rates += 1
        fee = rounded(tariff, rate.adjusted(rate.connect_fee))
        self.rows["rating_rate"].append(
            (
                self._rates,
                rate.index,
                rate.name,
                _number(rate.connect_fee),
                exact_text(rate.connect_fee),
                rate.included_seconds,
                rate.completed_only,
                _number(rate.pulse_price),
                None if rate.pulse_price is None else exact_text(rate.pulse_price),
                *map(_number, (rate.unanswered_fee, rate.minimum, rate.maximum)),
                *map(_number, (rate.factor, rate.offset, rate.percent)),
                rounded(tariff, rate.unanswered_fee),
                fee,
            )
        )
        for step, following in zip_longest(rate.steps, rate.steps[1:]):
            end = following.start if following else None
            self._add_step("rating_step", step, step.start, end, common)
        for step, first, last in _segments(rate):
            self._add_step("rating_segment", step, first, last, common)
        return self._rates

    def _add_step(self, table: str, step: Step, first: int, last: int | None, common: int) -> None:
        unit = _number(step.price * common / step.per)
        price = exact_text(step.price)
        row = (self._rates, first, last, step.increment, unit, price, step.per)
        self.rows[table].append(row)


def _timeline(tariff: Tariff, prefix: str, direction: str) -> Timeline | None:
    try:
        return Timeline(tariff, candidates_of_prefix(tariff, prefix, direction))
    except NoPriceError:
        return None


def _shape(rates: list[Candidate]) -> Shape:
    """What decides a timeline: plans that differ only in prices share one."""
    lengths = sorted({candidate.length for candidate in rates})
    return tuple(
        (lengths.index(c.length), c.rate.weight, c.rate.calendar, c.rate.start, c.rate.end)
        for c in rates
    )


def _runs(
    timeline: Timeline, start: datetime, end: datetime
) -> Iterator[tuple[int, int, Rate | None]]:
    """From second to second (since 1970) in which one rate, or none, is in force."""
    begun, rate, instant = start, timeline.rate(start), start
    while instant < end:
        instant = min(end, timeline.next_change(instant))
        following = timeline.rate(instant)
        if instant == end or following is not rate:
            yield int(begun.timestamp()), int(instant.timestamp()), rate
            begun, rate = instant, following


def _segments(rate: Rate) -> Iterator[tuple[Step, int, int | None]]:
    """Where increments start in a call that stays at one rate, until a step gives way to the next."""
    second = rate.included_seconds
    for step, following in zip_longest(rate.steps, rate.steps[1:]):
        second = max(second, step.start)
        if following is None:
            yield step, second, None
        elif second < following.start:
            count = -(-(following.start - second) // step.increment)
            yield step, second, second + count * step.increment
            second += count * step.increment


def _line(tariff: Tariff, rate: Rate, following: Rate | None) -> tuple[Any, ...] | None:
    """The row of ``rating_line`` for a rate and the one that follows.

    Nothing if not all increments of both are alike, or if a number could exceed 64 bits.
    """
    if rate.pulse_price is not None or len(segments := list(_segments(rate))) != 1:
        return None
    if following is not None and not _at_once(following):
        return None
    scale, more = 10**tariff.decimals, 1 + rate.percent / 100
    ((step, begins, _),) = segments
    next_step = following.steps[0] if following else Step(0, Fraction(0), 1, 1)
    slope, next_slope = (s.price / s.per * rate.factor * more * scale for s in (step, next_step))
    base = (rate.connect_fee * rate.factor + rate.offset) * more * scale
    bounds = [None if b is None else b * scale for b in (rate.minimum, rate.maximum)]
    amounts = [slope, next_slope, base, *bounds]
    parts = lcm(*(amount.denominator for amount in amounts if amount is not None))
    longest = LONGEST + step.increment + next_step.increment
    most = (abs(slope) + abs(next_slope)) * longest + sum(abs(b) for b in (base, *bounds) if b)
    if 4 * (most + 1) * parts >= 2**63:
        return None
    return (
        rate.index,
        following.index if following else None,
        begins,
        step.increment,
        next_step.increment,
        rate.completed_only,
        *(None if amount is None else int(amount * parts) for amount in amounts),
        parts,
        {"half_up": parts, "up": 2 * parts - 2, "down": 0}[tariff.rounding],
        Decimal((0, (1,), -tariff.decimals)),
    )


def _at_once(rate: Rate) -> bool:
    """Whether a call may go on at a rate in increments that are all alike."""
    return rate.pulse_price is None and len(rate.steps) == 1 and rate.steps[0].start == 0


def _number(amount: Fraction | None) -> Decimal | None:
    """An amount whose decimals end, exactly."""
    if amount is None:
        return None
    digits, denominator = 0, amount.denominator
    while 10**digits % denominator:
        digits += 1
    return exact_decimal(amount.numerator * 10**digits // denominator, digits)
