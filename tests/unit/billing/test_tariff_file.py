"""Tariff files: what is refused, and where the error says it is."""

from pathlib import Path

import pytest

from include.billing.tariff import SHIPPED, differences
from include.billing.tariff_file import TariffError, parse, read_file
from include.billing.yaml_values import read
from include.errors import InputError

GOOD = """version: 1
kind: tariff
tariff: t
currency: EUR
valid_from: 2026-01-01
destinations: {mobile: ["336"]}
calendars: {work: {days: [mon]}}
rates:
  - destination: mobile
    steps: [{from: 0, price: "0.05", per: 60, increment: 1}]
vat: [{from: "2014-01-01", percent: "20"}]
"""


def test_the_shipped_tariff_is_good_and_complete() -> None:
    tariff = read_file(SHIPPED)
    assert (tariff.code, tariff.currency, tariff.decimals) == ("default", "EUR", 4)
    assert tariff.document["sms"]["price_per_segment"] == "0.0600"
    assert tariff.document["vat"] == [{"from": "2014-01-01", "percent": "20"}]


def test_clocks_and_dates_without_quotes_stay_what_they_look_like() -> None:
    value, _ = read("a: 18:00\nb: 2026-01-01\nc: 10\nd: 0.5\ne: on\nf: null\ng: true\n")
    assert value == {
        "a": "18:00", "b": "2026-01-01", "c": 10, "d": 0.5, "e": "on", "f": None, "g": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place", "line"),
    [
        ('"0.05"', "0.05", "rates[0].steps[0].price", 10),
        ('["336"]', '["33a"]', "destinations.mobile[0]", 6),
        ("destination: mobile", "destination: mobil", "rates[0].destination", 9),
        ("destination: mobile", "calendar: holiday", "rates[0].calendar", 9),
        ("valid_from: 2026-01-01", "valid_from: 2026-02-30", "valid_from", 5),
        ('"2014-01-01"', '"2027-01-01"', "vat", 11),
        ("tariff: t\n", "tariff: T\n", "tariff", 3),
        ("currency: EUR", "currency: EUR\ntimezone: Mars/Base", "timezone", 5),
        ("{days: [mon]}", "{dates: [02-30]}", "calendars.work.dates[0]", 7),
        ("{days: [mon]}", "{holidays: XX}", "calendars.work.holidays", 7),
        ("destination: mobile", "to: 18:00", "rates[0]", 9),
        ("destination: mobile", "calendar: work", "rates[0]", 9),
        ("kind: tariff", "kind: tariff\nextra: 1", "the file", 1),
    ],
)
def test_a_fault_names_its_place_and_line(old: str, new: str, place: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(TariffError) as caught:
        parse(GOOD.replace(old, new), "t.yaml")
    found = caught.value
    assert (found.place.file, found.place.field, found.place.line) == ("t.yaml", place, line)
    assert place in str(found)


def test_overlapping_equal_weights_are_an_error_of_the_file() -> None:
    steps = '    steps: [{from: 0, price: "0.05", per: 60, increment: 1}]\n'
    second = "  - destination: mobile\n    from: 22:00\n    to: 06:00\n" + steps
    with pytest.raises(TariffError, match=r"rates\[0\].*together with 'rates\[1\]'"):
        parse(GOOD.replace("vat:", second + "vat:"))
    heavier = second + "    weight: 20\n"
    assert len(parse(GOOD.replace("vat:", heavier + "vat:")).rates) == 2


def test_windows_that_only_touch_do_not_overlap() -> None:
    rate = '  - destination: mobile\n    from: {}\n    to: {}\n    connect_fee: "1"\n'
    day, night = rate.format("08:00", "18:00"), rate.format("18:00", "08:00")
    text = GOOD[: GOOD.index("  - destination")] + day + night
    assert len(parse(text).rates) == 2
    short = GOOD[: GOOD.index("  - destination")] + day + rate.format("18:00", "07:00")
    with pytest.raises(TariffError, match=r"no rate is in force for mobile .* from 07:00 to 08:00"):
        parse(short)
    assert len(parse(short, complete=False).rates) == 2


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "a: &x 1\nb: *x",
        "[1, 2",
        "a: \x00",
        "- 1\n- 2",
        "",
        "a: !!python/name:os.system x",
    ],
)
def test_what_is_no_plain_yaml_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no_such_file"):
        read_file(tmp_path / "none.yaml")


def test_differences_name_the_place() -> None:
    assert differences({"a": [1, {"b": 2}], "c": 1}, {"a": [1, {"b": 3}, 4], "d": 1}) == [
        {"place": "a[1].b", "before": 2, "after": 3},
        {"place": "a[2]", "before": None, "after": 4},
        {"place": "c", "before": 1, "after": None},
        {"place": "d", "before": None, "after": 1},
    ]
