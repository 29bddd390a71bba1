"""Periods: what may be written, and which days they hold."""

from datetime import UTC, date, datetime

import pytest

from include.errors import InputError
from include.pages import Formats
from include.reports.period import Period

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "first", "last", "slug"),
    [
        (None, "2026-11-01", "2026-11-30", "2026-11"),
        ("this-month", "2026-11-01", "2026-11-30", "2026-11"),
        ("last-month", "2026-10-01", "2026-10-31", "2026-10"),
        ("today", "2026-11-22", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21", "2026-11-21"),
        ("2026", "2026-01-01", "2026-12-31", "2026"),
        ("2026-12", "2026-12-01", "2026-12-31", "2026-12"),
        ("2024-02", "2024-02-01", "2024-02-29", "2024-02"),
        ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-15", "2026-11-01..2026-11-15"),
        ("2026-11..2026-12", "2026-11-01", "2026-12-31", "2026-11-01..2026-12-31"),
        ("2026-11-22..2026-11-22", "2026-11-22", "2026-11-22", "2026-11-22"),
    ],
)
def test_periods(text: str | None, first: str, last: str, slug: str) -> None:
    period = Period.parse(text, today=TODAY, zone="Europe/Paris")
    assert (period.first.isoformat(), period.last.isoformat(), period.slug) == (first, last, slug)
    assert Period.parse(period.slug, today=TODAY, zone="Europe/Paris") == period


@pytest.mark.parametrize(
    "text",
    ["2026-13", "2026-02-30", "../..", "novembre", "2026-11-15..2026-11-01", "26", "2026-W47", ""],
)
def test_what_is_no_period(text: str) -> None:
    if not text:
        assert Period.parse(text, today=TODAY, zone="Europe/Paris").slug == "2026-11"
        return
    with pytest.raises(InputError) as refused:
        Period.parse(text, today=TODAY, zone="Europe/Paris")
    assert refused.value.code == "bad_period"


def test_a_day_of_the_change_of_hour_has_25_hours() -> None:
    day = Period.parse("2026-10-25", today=TODAY, zone="Europe/Paris")
    seconds = (day.end.astimezone(UTC) - day.start.astimezone(UTC)).total_seconds()
    assert seconds == 25 * 3600
    assert day.start.astimezone(UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)


def test_periods_as_readers_write_them() -> None:
    fr = Formats("fr")
    shown = {
        text: Period.parse(text, today=TODAY, zone="Europe/Paris").shown(fr)
        for text in ("2026", "2026-11", "2026-11-22", "2026-11-01..2026-11-15")
    }
    assert shown == {
        "2026": "2026",
        "2026-11": "nov.\u00a02026",
        "2026-11-22": "22\u00a0nov.\u00a02026",
        "2026-11-01..2026-11-15": "1\u00a0nov.\u00a02026 – 15\u00a0nov.\u00a02026",
    }
