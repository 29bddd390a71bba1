"""The pricing function, rule by rule of the schema."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.billing.price import from_national, plain_text, price_call, sms_price
from include.billing.tariff_file import from_document
from include.errors import InputError

NOON = datetime(2026, 3, 10, 12)


def step(price: str, per: int = 60, increment: int = 1, start: int = 0) -> dict[str, Any]:
    return {"from": start, "price": price, "per": per, "increment": increment}


def document(*rates: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "kind": "tariff",
        "tariff": "t",
        "currency": "EUR",
        "valid_from": "2026-01-01",
        "rates": list(rates),
        **more,
    }


def cost(
    *rates: dict[str, Any],
    seconds: int = 60,
    start: datetime = NOON,
    called: str = "+33639980012",
    units: int | None = None,
    direction: str = "outgoing",
    **more: Any,
) -> str:
    tariff = from_document(document(*rates, **more))
    found = price_call(tariff, called, start, seconds, units=units, direction=direction)
    return str(found.reason) if found.cost is None else plain_text(found.cost)


def test_a_price_that_repeats_for_ever_is_rounded_once() -> None:
    """0.7 for 60 s in 60 increments of a second is 0.7, where each rounded up makes 0.7002."""
    up = {"method": "up", "decimals": 4}
    assert cost({"steps": [step("0.7")]}, rounding=up) == "0.7"
    assert cost({"steps": [step("0.1", per=3)]}, seconds=1, rounding=up) == "0.0334"
    assert cost({"steps": [step("0.1", per=3)]}, seconds=1) == "0.0333"


@pytest.mark.parametrize(
    ("method", "expected"), [("up", "0.13"), ("half_up", "0.13"), ("down", "0.12")]
)
def test_rounding_methods_at_the_half(method: str, expected: str) -> None:
    rate = {"connect_fee": "0.125"}
    assert cost(rate, rounding={"method": method, "decimals": 2}) == expected
    negative = {"connect_fee": "-0.125"}
    assert cost(negative, rounding={"method": method, "decimals": 2}) == f"-{expected}"


@pytest.mark.parametrize(("seconds", "expected"), [(1, "0.5"), (60, "0.5"), (61, "1"), (0, "0")])
def test_an_increment_begun_is_paid(seconds: int, expected: str) -> None:
    assert cost({"steps": [step("0.5", increment=60)]}, seconds=seconds) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(59, "0"), (60, "0.5"), (119, "0.5")])
def test_an_increment_not_completed_is_free_when_down(seconds: int, expected: str) -> None:
    rate = {"steps": [step("0.5", increment=60)], "increments": "down"}
    assert cost(rate, seconds=seconds) == expected


def test_an_increment_belongs_to_the_step_in_which_it_starts() -> None:
    steps = [step("0.60", increment=60), step("0.06", increment=1, start=90)]
    assert cost({"steps": steps}, seconds=90) == "1.2"
    assert cost({"steps": steps}, seconds=120) == "1.2"
    assert cost({"steps": steps}, seconds=121) == "1.201"


def test_included_seconds_are_covered_by_the_connect_fee() -> None:
    rate = {"connect_fee": "0.10", "included_seconds": 30, "steps": [step("0.60", increment=1)]}
    assert cost(rate, seconds=30) == "0.1"
    assert cost(rate, seconds=31) == "0.11"
    assert cost(rate, seconds=0) == "0"


def test_steps_count_from_the_start_of_the_call_across_rates() -> None:
    day = {"name": "day", "to": "18:00", "steps": [step("0.60"), step("6.00", start=60)]}
    night = {"name": "night", "from": "18:00", "steps": [step("0.06"), step("0.12", start=60)]}
    start = datetime(2026, 3, 10, 17, 59, 30)
    tariff = from_document(document(day, night))
    found = price_call(tariff, "33639980012", start, 90)
    assert [(p.rate, p.from_second, p.seconds) for p in found.pieces] == [
        ("day", 0, 30),
        ("night", 30, 30),
        ("night", 60, 30),
    ]
    assert found.cost == Decimal("0.3900")


def test_an_increment_that_straddles_a_change_belongs_to_where_it_starts() -> None:
    day = {"to": "18:00", "steps": [step("1", increment=60)], "connect_fee": "0.5", "minimum": "9"}
    night = {"from": "18:00", "steps": [step("0.1", increment=60)], "maximum": "0.01"}
    start = datetime(2026, 3, 10, 17, 59, 50)
    assert cost(day, night, start=start, seconds=60) == "9"
    free = {**day, "minimum": "0"}
    assert cost(free, night, start=start, seconds=61) == "1.6"
    assert cost(free, night, start=start, seconds=60) == "1.5"


def test_the_longest_prefix_wins_before_the_heaviest_weight() -> None:
    rates = (
        {"destination": "mobile", "weight": 1, "connect_fee": "1"},
        {"destination": "fiction", "weight": 1, "connect_fee": "2"},
        {"weight": 99, "connect_fee": "3"},
    )
    destinations = {"mobile": ["336", "337"], "fiction": ["33639980"]}
    assert cost(*rates, destinations=destinations) == "2"
    assert cost(*rates, destinations=destinations, called="33639981234") == "1"
    assert cost(*rates, destinations=destinations, called="442079460000") == "3"


def test_new_years_day_beats_every_day() -> None:
    rates = ({"connect_fee": "1"}, {"connect_fee": "5", "calendar": "feast", "weight": 20})
    calendars = {"feast": {"dates": ["01-01"]}}
    at = datetime(2027, 1, 1, 0, 0)
    assert cost(*rates, calendars=calendars, start=at) == "5"
    assert cost(*rates, calendars=calendars, start=datetime(2026, 12, 31, 23, 59)) == "1"


def test_calendars_days_holidays_and_what_they_exclude() -> None:
    rates = ({"connect_fee": "1"}, {"connect_fee": "2", "calendar": "work", "weight": 20})
    calendars = {"work": {"days": ["mon", "tue", "wed", "thu", "fri"], "exclude_holidays": "FR"}}
    for day, expected in ((13, "2"), (14, "1"), (18, "1")):
        assert cost(*rates, calendars=calendars, start=datetime(2026, 7, day, 9)) == expected


def test_a_window_over_midnight_belongs_to_the_day_of_its_from() -> None:
    rates = (
        {"connect_fee": "1"},
        {"connect_fee": "2", "calendar": "sat", "from": "22:00", "to": "06:00", "weight": 20},
    )
    calendars = {"sat": {"days": ["sat"]}}
    expected = {
        datetime(2026, 3, 14, 5): "1",
        datetime(2026, 3, 14, 22): "2",
        datetime(2026, 3, 15, 5, 59): "2",
        datetime(2026, 3, 15, 6): "1",
        datetime(2026, 3, 15, 22): "1",
    }
    for start, price in expected.items():
        assert cost(*rates, calendars=calendars, start=start) == price, start


def test_the_clock_change_moves_the_end_of_a_window() -> None:
    """On the spring night 90 real minutes after 01:00 it is 03:30: half an hour of the day rate."""
    night = {"name": "night", "to": "03:00", "steps": [step("1", per=60)]}
    day = {"name": "day", "from": "03:00", "steps": [step("2", per=60)]}
    tariff = from_document(document(night, day))
    spring = price_call(tariff, "33639980012", datetime(2026, 3, 29, 1), 90 * 60)
    assert [(p.rate, p.seconds) for p in spring.pieces] == [("night", 3600), ("day", 1800)]
    autumn = price_call(tariff, "33639980012", datetime(2026, 10, 25, 1), 200 * 60)
    assert [(p.rate, p.seconds) for p in autumn.pieces] == [("night", 10800), ("day", 1200)]


def test_a_start_with_a_zone_is_an_instant() -> None:
    rates = ({"to": "18:00", "connect_fee": "1"}, {"from": "18:00", "connect_fee": "2"})
    assert cost(*rates, start=datetime(2026, 7, 1, 16, 0, tzinfo=UTC)) == "2"
    assert cost(*rates, start=datetime(2026, 7, 1, 15, 59, tzinfo=UTC)) == "1"


def test_pulses_instead_of_steps() -> None:
    rate = {"pulse_price": "0.112", "connect_fee": "0.01", "unanswered_fee": "0.02"}
    assert cost(rate, units=7) == "0.794"
    assert cost(rate, units=7, seconds=0) == "0.02"
    assert cost(rate) == "no_charge_units"


def test_adjustment_then_minimum_and_maximum_then_rounding() -> None:
    rate = {"connect_fee": "1", "adjustment": {"a": "2", "b": "0.5", "percent": "10"}}
    assert cost(rate) == "2.75"
    assert cost({**rate, "minimum": "3"}) == "3"
    assert cost({**rate, "maximum": "2.123456"}) == "2.1235"


def test_without_a_rate_there_is_a_reason_and_no_cost() -> None:
    rate = {"destination": "mobile", "to": "18:00", "steps": [step("1")]}
    more: dict[str, Any] = {"destinations": {"mobile": ["336"]}}
    assert cost(rate, called="442079460000", **more) == "no_rate_for_destination"
    assert cost(rate, direction="incoming", **more) == "no_rate_for_destination"
    evening = datetime(2026, 3, 10, 18)
    assert cost(rate, start=evening, **more) == "no_rate_at_that_time"
    late = datetime(2026, 3, 10, 17, 59, 30)
    assert cost(rate, start=late, seconds=31, **more) == "no_rate_at_that_time"
    assert cost(rate, start=late, seconds=30, **more) == "0.5"
    found = price_call(from_document(document(rate, **more)), "44", NOON, 60).document()
    assert found == {
        "cost": None, "currency": "EUR", "rated": False, "reason": "no_rate_for_destination",
        "pieces": [],
    }  # fmt: skip


def test_a_masked_number_is_rated_only_if_what_is_hidden_does_not_matter() -> None:
    rates = (
        {"destination": "mobile", "connect_fee": "1"},
        {"destination": "fiction", "connect_fee": "2"},
    )
    destinations = {"mobile": ["336"], "fiction": ["33639980"]}
    assert cost(*rates, called="33639980----", destinations=destinations) == "2"
    assert cost(*rates, called="3363999----", destinations=destinations) == "1"
    assert cost(*rates, called="336----", destinations=destinations) == "number_masked"


def test_two_rates_of_equal_weight_are_refused() -> None:
    with pytest.raises(InputError, match=r"rates\[0\]: can be in force together"):
        from_document(document({"connect_fee": "1"}, {"connect_fee": "2", "from": "23:00"}))


def test_sms_by_segment_and_destination() -> None:
    sms = {"price_per_segment": "0.06", "by_destination": {"fiction": "0.045"}}
    rate = {"connect_fee": "0"}
    given = document(rate, sms=sms, destinations={"fiction": ["33639980"], "mobile": ["336"]})
    assert sms_price(given, "+33639980012", 3) == Decimal("0.1350")
    assert sms_price(from_document(given), "33639981234", 2) == Decimal("0.1200")
    with pytest.raises(InputError, match="no_sms_price"):
        sms_price(document(rate), "33639980012", 1)


def test_french_numbers_as_people_write_them() -> None:
    assert from_national("06 39 98 00 12") == "33639980012"
    assert from_national("063998----") == "33" + "63998----"
    assert from_national("+33639980012") == "+33639980012"
    assert from_national("3631") == "3631"
