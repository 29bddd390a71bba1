"""What one call or one message costs under a tariff: the specification that the SQL must equal.

Costs are exact fractions until the one rounding at the end.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from include.billing.model import ANY, DAY_SECONDS, Rate, Step, Tariff
from include.billing.tariff_file import from_document
from include.errors import InputError

AMOUNT_DIGITS = 12
_SEPARATORS = re.compile(r"[\s.()\u00a0\u202f]|(?<=\d)-(?=\d)")
_MASK = re.compile(r"[-*]+$")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Piece:
    """Increments in a row at one rate and step; ``seconds`` are those charged."""

    rate: str
    from_second: int
    seconds: int
    price: Fraction
    per: int | None
    amount: Fraction
    units: int | None = None

    def document(self) -> dict[str, Any]:
        """For JSON; amounts as text."""
        shown: dict[str, Any] = {
            "rate": self.rate,
            "from_second": self.from_second,
            "seconds": self.seconds,
            "price": exact_text(self.price),
            "per": self.per,
            "amount": exact_text(self.amount),
        }
        return shown if self.units is None else {**shown, "units": self.units}


@dataclass(frozen=True)
class Price:
    """The cost of a call and how it came about; without a rate there is a reason and no cost."""

    currency: str
    cost: Decimal | None
    reason: str | None
    pieces: tuple[Piece, ...] = ()
    setup: Rate | None = None
    connect_fee: Fraction = Fraction(0)

    def document(self) -> dict[str, Any]:
        """The JSON of ``smsswitch billing price``."""
        return {
            "cost": None if self.cost is None else plain_text(self.cost),
            "currency": self.currency,
            "rated": self.cost is not None,
            "reason": self.reason,
            "pieces": [piece.document() for piece in self.pieces],
        }

    def explanation(self) -> dict[str, Any]:
        """What is kept with a rated ticket."""
        return {
            "rate": self.setup.name if self.setup else None,
            "connect_fee": exact_text(self.connect_fee),
            "pieces": [piece.document() for piece in self.pieces],
        }


class NoPriceError(Exception):
    """No price, for a reason."""


def price_call(
    tariff: Tariff,
    called: str,
    start: datetime,
    seconds: int,
    *,
    units: int | None = None,
    direction: str = "outgoing",
) -> Price:
    """The price of a call to ``called`` (E.164, with or without +; a masked end as ``----``).

    A ``start`` without a zone is local time of the tariff, the first reading of an hour that comes
    twice.
    """
    try:
        call = _Call(tariff, candidates(tariff, called, direction), start, seconds)
        setup = call.rate_at(0)
        return _priced(tariff, call, setup, units)
    except NoPriceError as unrated:
        return Price(tariff.currency, None, str(unrated))


def _priced(tariff: Tariff, call: "_Call", setup: Rate, units: int | None) -> Price:
    if call.seconds <= 0:
        return Price(tariff.currency, rounded(tariff, setup.unanswered_fee), None, (), setup)
    if setup.pulse_price is not None:
        pieces = [_pulses(setup, call.seconds, units)]
    else:
        pieces = list(call.pieces(setup))
    total = sum((piece.amount for piece in pieces), setup.connect_fee)
    cost = rounded(tariff, setup.adjusted(total))
    return Price(tariff.currency, cost, None, tuple(pieces), setup, setup.connect_fee)


def _pulses(rate: Rate, seconds: int, units: int | None) -> Piece:
    if units is None:
        raise NoPriceError("no_charge_units")
    assert rate.pulse_price is not None
    amount = rate.pulse_price * units
    return Piece(rate.name, 0, seconds, rate.pulse_price, None, amount, units)


class _Call:
    def __init__(
        self, tariff: Tariff, rates: "list[Candidate]", start: datetime, seconds: int
    ) -> None:
        self.timeline = Timeline(tariff, rates)
        local = start.replace(tzinfo=tariff.timezone) if start.tzinfo is None else start
        self.start = local.astimezone(UTC).replace(microsecond=0)
        self.seconds = seconds

    def rate_at(self, second: int) -> Rate:
        rate = self.timeline.rate(self.start + second * _SECOND)
        if rate is None:
            raise NoPriceError("no_rate_at_that_time")
        return rate

    def pieces(self, setup: Rate) -> "list[Piece]":
        found: list[Piece] = []
        last: tuple[Rate, Step] | None = None
        second = setup.included_seconds
        while second < self.seconds:
            rate = self.rate_at(second)
            if rate.pulse_price is not None:
                raise NoPriceError("pulse_rate_in_mid_call")
            change = self.timeline.next_change(self.start + second * _SECOND)
            step, until = _stretch(rate, second, change - self.start, self.seconds)
            if step is None:
                second = until
                continue
            count = -(-(until - second) // step.increment)
            after = second + count * step.increment
            if setup.completed_only and after > self.seconds:
                count -= 1
            if count and last == (rate, step) and _ends(found[-1]) == second:
                found[-1] = _piece(
                    rate, step, found[-1].from_second, found[-1].seconds + count * step.increment
                )
            elif count:
                found.append(_piece(rate, step, second, count * step.increment))
            last, second = (rate, step), after
        return found


def _stretch(rate: Rate, second: int, change: timedelta, seconds: int) -> tuple[Step | None, int]:
    """The step that holds at a second, and until when it is sure to."""
    later = [step.start for step in rate.steps if step.start > second]
    return rate.step_at(second), min([seconds, change // _SECOND, *later[:1]])


def _piece(rate: Rate, step: Step, second: int, charged: int) -> Piece:
    amount = step.price * charged / step.per
    return Piece(rate.name, second, charged, step.price, step.per, amount)


def _ends(piece: Piece) -> int:
    return piece.from_second + piece.seconds


@dataclass(frozen=True)
class Candidate:
    """A rate that a number can meet, with the length of the prefix that led to it (0: any)."""

    length: int
    rate: Rate


def candidates(tariff: Tariff, called: str, direction: str) -> list[Candidate]:
    """The rates for a number and direction. Raises ``NoPriceError`` if there are none."""
    digits, masked = _digits(called)
    if masked and any(len(p) > len(digits) and p.startswith(digits) for p in tariff.prefixes):
        raise NoPriceError("number_masked")
    return candidates_of_prefix(tariff, digits, direction)


def candidates_of_prefix(tariff: Tariff, digits: str, direction: str) -> list[Candidate]:
    """The rates for numbers that start with ``digits`` and meet no longer prefix."""
    reached: dict[str, int] = {ANY: 0}
    for length in range(1, min(len(digits), tariff.longest_prefix) + 1):
        for name in tariff.prefixes.get(digits[:length], ()):
            reached[name] = length
    found = [
        Candidate(reached[rate.destination], rate)
        for rate in tariff.rates
        if rate.destination in reached and rate.direction in (direction, ANY)
    ]
    if not found:
        raise NoPriceError("no_rate_for_destination")
    return found


def _digits(called: str) -> tuple[str, bool]:
    """Digits of an E.164 number; national and short numbers have none, only 'any' fits them."""
    text = _SEPARATORS.sub("", called.strip())
    masked = bool(_MASK.search(text))
    text = _MASK.sub("", text)
    international = text.removeprefix("+")
    if international.startswith("00"):
        international = international[2:]
    if not international.isascii() or not international.isdigit() or international.startswith("0"):
        return "", False
    return international, masked


def from_national(number: str) -> str:
    """A French number as people write it (ten digits from 0) in E.164; any other as it is."""
    text = _SEPARATORS.sub("", number.strip())
    return "33" + text[1:] if re.fullmatch(r"0[1-9]\d{4}(\d{4}|[-*]{4})", text) else number


class Timeline:
    """Which of some rates is in force when. At each instant the longest prefix wins, then weight."""

    def __init__(self, tariff: Tariff, rates: list[Candidate]) -> None:
        self.zone = tariff.timezone
        self.rates = sorted(rates, key=lambda c: (-c.length, -c.rate.weight, c.rate.index))
        clocks = {0} | {c.rate.start for c in rates} | {c.rate.end for c in rates}
        self.clocks = sorted(clock for clock in clocks if clock < DAY_SECONDS)

    def rate(self, instant: datetime) -> Rate | None:
        """The rate in force. Raises ``InputError`` if two are, and neither is preferred."""
        local = instant.astimezone(self.zone)
        chosen: Candidate | None = None
        for candidate in self.rates:
            if chosen and self._rank(chosen) != self._rank(candidate):
                break
            if candidate.rate.applies(local):
                if chosen:
                    names = f"{chosen.rate.name!r} and {candidate.rate.name!r}"
                    raise InputError("ambiguous_tariff", f"{names} are both in force at {local}")
                chosen = candidate
        return chosen.rate if chosen else None

    @staticmethod
    def _rank(candidate: Candidate) -> tuple[int, int]:
        return candidate.length, candidate.rate.weight

    def next_change(self, instant: datetime) -> datetime:
        """The next instant (UTC) at which another rate may come into force."""
        local = instant.astimezone(self.zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        at = bisect_right(self.clocks, second)
        ahead = self.clocks[at] if at < len(self.clocks) else DAY_SECONDS
        wall = (midnight + ahead * _SECOND).replace(tzinfo=self.zone)
        readings = (wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC))
        change = min(reading for reading in readings if reading > instant)
        if change.astimezone(self.zone).utcoffset() == local.utcoffset():
            return change
        return self._clock_change(instant, change)

    def _clock_change(self, before: datetime, after: datetime) -> datetime:
        """The instant in between at which the clocks go forward or back."""
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) // 2 // _SECOND * _SECOND
            if middle.astimezone(self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after


def sms_price(tariff: Tariff | Mapping[str, Any], msisdn: str, segments: int) -> Decimal:
    """The price of a message of ``segments`` parts to a number, in the tariff's currency, net.

    Raises ``InputError`` (``no_sms_price``) if the tariff has none.
    """
    if not isinstance(tariff, Tariff):
        tariff = from_document(dict(tariff))
    prices = tariff.document.get("sms")
    if prices is None:
        raise InputError(
            "no_sms_price",
            f"tariff {tariff.code} has no price for SMS",
            f"le tarif {tariff.code} n'a pas de prix pour les SMS",
        )
    digits, _ = _digits(msisdn)
    price = prices["price_per_segment"]
    for length in range(1, len(digits) + 1):
        for name in tariff.prefixes.get(digits[:length], ()):
            price = prices.get("by_destination", {}).get(name, price)
    return rounded(tariff, Fraction(price) * segments)


def rounded(tariff: Tariff, amount: Fraction) -> Decimal:
    """The one rounding: of an exact amount, by the method and to the decimals of the tariff."""
    scaled = amount * 10**tariff.decimals
    whole, rest = divmod(abs(scaled.numerator), scaled.denominator)
    if tariff.rounding == "up":
        whole += rest > 0
    elif tariff.rounding == "half_up":
        whole += 2 * rest >= scaled.denominator
    return exact_decimal(whole if scaled >= 0 else -whole, tariff.decimals)


def exact_decimal(whole: int, decimals: int) -> Decimal:
    """``whole`` with its last ``decimals`` digits after the point, whatever its length."""
    digits = tuple(map(int, str(abs(whole))))
    return Decimal((int(whole < 0), digits, -decimals))


def plain_text(amount: Decimal) -> str:
    """Without exponent and trailing zeros: 0.7, 0, 12."""
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def exact_text(amount: Fraction) -> str:
    """An exact amount as a decimal, to 12 digits where it repeats for ever."""
    with localcontext() as context:
        context.prec = 60
        value = Decimal(amount.numerator) / Decimal(amount.denominator)
        return plain_text(value.quantize(Decimal(1).scaleb(-AMOUNT_DIGITS), ROUND_HALF_UP))
