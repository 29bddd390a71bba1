"""Sending windows."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.campaigns.compliance import profile
from include.campaigns.windows import DAYS, Window, allowed, finish, next_open
from include.phones.place import Place

PARIS = ZoneInfo("Europe/Paris")


def window_of(name: str) -> Window:
    found = profile(name).marketing_window
    assert found is not None
    return found


PRACTICE = window_of("fr")


def paris(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        (paris(2026, 12, 25, 10), paris(2026, 12, 26, 8)),  # Christmas
        (paris(2026, 11, 22, 10), paris(2026, 11, 23, 8)),  # a Sunday
        (paris(2026, 11, 23, 21, 30), paris(2026, 11, 24, 8)),  # a Monday evening
        (paris(2026, 11, 23, 9), paris(2026, 11, 23, 9)),
    ],
)
def test_row_55_a_start_outside_goes_to_the_next_allowed_instant(
    asked: datetime, opens: datetime
) -> None:
    found = next_open([PRACTICE], asked)
    assert found is not None
    assert found[0] == opens


def test_summer_time_moves_the_window_with_the_clock() -> None:
    before = next_open([PRACTICE], paris(2026, 10, 24, 9))
    after = next_open([PRACTICE], paris(2026, 10, 26, 9))
    assert before
    assert after
    assert before[1] == datetime(2026, 10, 24, 18, tzinfo=UTC)
    assert after[1] == datetime(2026, 10, 26, 19, tzinfo=UTC)


def test_an_hour_that_does_not_exist_opens_nothing_outside() -> None:
    """Found by c15: clocks are put on at two, and a window from half past two opened at half past one."""
    night = Window(frozenset(DAYS), time(2, 30), time(5), "Europe/Paris")
    ends = Window(frozenset(DAYS), time(1), time(2, 30), "Europe/Paris")
    since = paris(2026, 3, 29, 0)
    opening, ending = next_open([night], since), next_open([ends], since)
    assert opening == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), paris(2026, 3, 29, 5))
    assert ending == (paris(2026, 3, 29, 1), datetime(2026, 3, 29, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("country", "zone", "closed"),
    [
        ("RE", "Indian/Reunion", datetime(2027, 12, 20, 6, tzinfo=UTC)),
        ("MQ", "America/Martinique", datetime(2026, 5, 22, 14, tzinfo=UTC)),
        ("CH", "Europe/Zurich", datetime(2028, 8, 1, 10, tzinfo=UTC)),
    ],
)
def test_holidays_and_hours_are_the_recipients(country: str, zone: str, closed: datetime) -> None:
    (window,) = profile("fr").windows_at(Place(country, (zone,)))
    opening = next_open([window], closed)
    assert opening is not None
    assert opening[0].astimezone(ZoneInfo(zone)).hour == 8
    assert opening[0] > closed + timedelta(hours=12)
    assert next_open([PRACTICE], closed) != opening


def test_a_place_of_several_zones_waits_for_all_of_them() -> None:
    windows = profile("fr").windows_at(
        Place("PF", ("Pacific/Gambier", "Pacific/Marquesas", "Pacific/Tahiti"))
    )
    opening = next_open(windows, datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert opening == (
        datetime(2026, 11, 23, 18, tzinfo=UTC),  # eight in Tahiti
        datetime(2026, 11, 24, 5, tzinfo=UTC),  # twenty on the Gambier Islands
    )


def test_good_friday_is_a_holiday_of_alsace_only() -> None:
    friday = paris(2026, 4, 3, 10)
    local = profile("fr", "alsace_moselle").marketing_window
    assert local is not None
    assert next_open([PRACTICE], friday) == (friday, paris(2026, 4, 3, 20))
    assert next_open([local], friday) == (paris(2026, 4, 4, 8), paris(2026, 4, 4, 20))


def test_two_windows_are_open_only_where_both_are() -> None:
    night = Window(frozenset(DAYS), time(18), time(9), "Europe/Paris")
    found = list(zip(range(2), allowed([PRACTICE, night], paris(2026, 11, 23, 7)), strict=False))
    assert [pair[1] for pair in found] == [
        (paris(2026, 11, 23, 8), paris(2026, 11, 23, 9)),
        (paris(2026, 11, 23, 18), paris(2026, 11, 23, 20)),
    ]


def test_windows_that_never_meet_are_found_out() -> None:
    sunday = Window(frozenset(["sun"]), time(8), time(20), "Europe/Paris")
    assert next_open([PRACTICE, sunday], paris(2026, 11, 23, 7)) is None


def test_work_goes_on_the_next_day_where_it_does_not_fit() -> None:
    ends = finish([PRACTICE], paris(2026, 11, 23, 19), timedelta(hours=2))
    assert ends == paris(2026, 11, 24, 9)
    assert finish([], paris(2026, 11, 23, 19), timedelta(hours=2)) == paris(2026, 11, 23, 21)


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))


@given(
    MOMENTS,
    st.sampled_from(["fr", "fr_strict", "fr_charter"]),
    st.integers(0, 23),
    st.integers(0, 23),
)
def test_nothing_is_ever_open_outside_the_profile(
    since: datetime, name: str, start: int, end: int
) -> None:
    rule = window_of(name)
    own = Window(frozenset(DAYS), time(start), time(end), "America/Martinique")
    for _n, (opens, closes) in zip(range(5), allowed([rule, own], since), strict=False):
        assert since <= opens < closes
        for instant in (opens, closes - timedelta(microseconds=1)):
            local = instant.astimezone(PARIS)
            assert DAYS[local.weekday()] in rule.days
            assert rule.start <= local.time() < rule.end
            assert (local.month, local.day) not in [(1, 1), (5, 1), (7, 14), (12, 25)]
