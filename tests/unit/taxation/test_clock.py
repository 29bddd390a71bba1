"""Dates of tickets in the zone of the PBX."""

import pytest

from include.taxation.clock import Instant, PbxClock


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"20260310 10:00:00", Instant.PLAIN),
        (b"20280229 23:59:59", Instant.PLAIN),
        (b"20260229 10:00:00", Instant.INVALID),
        (b"20260231 10:00:00", Instant.INVALID),
        (b"20260310 24:00:00", Instant.INVALID),
        (b"20260310 10:00:60", Instant.INVALID),
        (b"20260310T10:00:00", Instant.INVALID),
        (b"2026-3-1 10:00:00", Instant.INVALID),
        (b"20260310", Instant.INVALID),
        (b"99999999 99:99:99", Instant.INVALID),
        (b"99991231 10:00:00", Instant.INVALID),
        (b"20260329 01:59:59", Instant.PLAIN),
        (b"20260329 02:00:00", Instant.INVALID),
        (b"20260329 02:59:59", Instant.INVALID),
        (b"20260329 03:00:00", Instant.PLAIN),
        (b"20261025 01:59:59", Instant.PLAIN),
        (b"20261025 02:00:00", Instant.AMBIGUOUS),
        (b"20261025 02:59:59", Instant.AMBIGUOUS),
        (b"20261025 03:00:00", Instant.PLAIN),
    ],
)
def test_row_70_what_exists_and_what_comes_twice(value: bytes, kind: Instant) -> None:
    clock = PbxClock("Europe/Paris")
    assert clock.instant(value) is kind


def test_a_zone_without_summer_time_has_no_odd_days() -> None:
    clock = PbxClock("Indian/Reunion")
    assert clock.instant(b"20260329 02:30:00") is Instant.PLAIN
    assert clock.instant(b"20261025 02:30:00") is Instant.PLAIN


def test_the_odd_hours_of_a_day() -> None:
    clock = PbxClock("Europe/Paris")
    assert clock.odd_hours(b"20260329") == clock.odd_hours(b"20261025") == {2}
    assert clock.odd_hours(b"20260330") == clock.odd_hours(b"20260231") == frozenset()
    assert PbxClock("Australia/Lord_Howe").odd_hours(b"20260405") == {1}  # half an hour, from 1:30
