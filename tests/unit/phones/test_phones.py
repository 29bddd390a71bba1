"""Rows 16–25 of the table of bad inputs: what becomes of a phone number."""

import time

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.phones import CODES, Checked, check, normalise

FICTION = ("+3363998",)


def checked(raw: str | None, *accept: str, region: str = "FR") -> Checked:
    return check(raw, region=region, accept=accept or ("mobile",), extra_valid_prefixes=FICTION)


@pytest.mark.parametrize("raw", ["639980001.0", "639980001", "639980001,0", "6.39980001E8"])
def test_row_16_leading_zero_lost_by_a_spreadsheet_is_restored(raw: str) -> None:
    assert checked(raw) == Checked("+33639980001", notes=("leading_zero_restored",))


@pytest.mark.parametrize("raw", ["6.4E+08", "6,4E+08", "6.3998E8", "3.363998E+10", "6E8"])
def test_row_17_digits_lost_by_a_spreadsheet_are_never_guessed(raw: str) -> None:
    assert checked(raw).code == "excel_truncated"


def test_row_17_a_scientific_number_with_all_its_digits_is_exact() -> None:
    assert checked("6.39980001E8").msisdn == "+33639980001"
    assert checked("3.3639980001E+10").msisdn == "+33639980001"


@pytest.mark.parametrize(
    "raw",
    [
        "06 39.98-00 01",
        "06\u00a039\u00a098\u00a000\u00a001",
        "06\u202f39\u202f98\u202f00\u202f01",
        "\u200e0639980001",
        "\u202a06 39 98 00 01\u202c",
        "\ufeff0639980001\u200b",
        "06/39/98/00/01",
        "06_39_98_00_01",
        "'0639980001",
        " 0639980001\t",
        "06\u201139\u201198\u201100\u201101",
    ],
)
def test_row_18_separators_and_invisible_characters(raw: str) -> None:
    assert checked(raw).msisdn == "+33639980001"


@pytest.mark.parametrize(
    "raw",
    ["0033639980001", "+33 (0)6 39 98 00 01", "+33639980001", "33639980001", "+33 6 39980001"],
)
def test_row_19_international_spellings(raw: str) -> None:
    assert checked(raw).msisdn == "+33639980001"


@pytest.mark.parametrize("raw", ["06 39 98 00 0", "0639", "+33 6 39 98"])
def test_row_20_too_short(raw: str) -> None:
    assert checked(raw).code == "phone_too_short"


@pytest.mark.parametrize("raw", ["0639980001", "٠٦٣٩٩٨٠٠٠١"])
def test_row_21_digits_of_other_scripts(raw: str) -> None:
    assert checked(raw).msisdn == "+33639980001"


def test_row_22_landline_only_where_accepted() -> None:
    assert checked("0123456789").code == "not_mobile"
    assert checked("0123456789", "mobile", "fixed").msisdn == "+33123456789"
    assert checked("0987654321").code == "not_mobile"
    assert checked("0987654321", "mobile", "voip").msisdn == "+33987654321"


@pytest.mark.parametrize("raw", ["36123", "118218", "0899123456", "3949", "112"])
def test_row_23_premium_and_short_codes(raw: str) -> None:
    assert checked(raw).code == "premium_or_short_code"
    assert checked(raw, "mobile", "fixed", "voip", "foreign").code == "premium_or_short_code"


def test_row_24_foreign_only_where_allowed() -> None:
    assert checked("+1 202 555 0123").code == "foreign_not_allowed"
    assert checked("001 202 456 1414", "mobile", "foreign").msisdn == "+12024561414"


@pytest.mark.parametrize(
    "raw",
    [
        "0639980001 / 0739980002",
        "0639980001;0639980002",
        "06 39 98 00 01 06 39 98 00 02",
        "+33639980001 ou 0639980002",
        "0639980001\n0639980002",
    ],
)
def test_row_25_several_numbers_in_one_cell(raw: str) -> None:
    assert checked(raw).code == "several_numbers"


@pytest.mark.parametrize("raw", ["", "   ", None, "\u00a0", "\u200e"])
def test_nothing_written(raw: str | None) -> None:
    assert checked(raw).code == "missing_phone"


@pytest.mark.parametrize(
    "raw",
    [
        *("Dupont", "n/a", "06399800AB", "0639980001234", "-", "+", "0000000000"),
        "3300000000.00000001",
    ],
)
def test_not_a_number(raw: str) -> None:
    assert checked(raw).code == "invalid_phone"


@pytest.mark.parametrize("raw", ["0692123456", "0690123456", "0694201234", "0696201234"])
def test_overseas_numbers_are_tried_in_their_own_region(raw: str) -> None:
    assert (checked(raw).msisdn or "").startswith(("+262", "+590", "+594", "+596"))


def test_fiction_is_refused_unless_the_setting_says_otherwise() -> None:
    assert check("0639980001").code == "invalid_phone"


MARKS = st.sampled_from(
    ["", " ", ".", "-", "\u00a0", "\u202f", "\u200e", "(0)", "+", "/", "E8", ".0"]
)
WRITTEN = st.lists(st.one_of(MARKS, st.text("0123456789", max_size=4)), max_size=9).map("".join)
MOBILES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["+33", "0033", "33", "0", "", "+33 (0)", "0033(0)", "+330", "33(0)", "+33 "]),
    st.sampled_from(["6", "7", "63998", "1", "9", "8", "690"]),
    st.text("0123456789", min_size=3, max_size=9),
)
#: Whole numbers of every range, also those that no plan has: 0694 0 is nobody's, 0694 2 is Guiana's.
WHOLE = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["0", "0", "0 ", "+33", "0033", "+33 (0)", "+262", "+590", "00594", "+596", ""]
    ),
    st.sampled_from([*"123456789", "69", "692", "694", "639", "709", "7090", "26", "59", "97"]),
    st.text("0123456789", min_size=5, max_size=8),
)
DIGITS = st.text("0123456789", max_size=9)
REFUSED = st.one_of(
    st.builds(
        "+{}{}".format, st.sampled_from([1, 39, 44, 49, 52, 54, 7, 800, 979, 262, 33]), DIGITS
    ),
    st.builds("{}{}.{}".format, st.sampled_from(["+1 20", "00441", "3"]), DIGITS, DIGITS),
    st.builds("{}{}E{}{}".format, DIGITS, st.sampled_from(["", ".6", ",39"]), DIGITS, DIGITS),
    st.builds(
        "{} {} {}".format, DIGITS, st.sampled_from(["n/a", "ou", "et", "E", "é", "x"]), DIGITS
    ),
    st.builds(
        "{}{}".format,
        st.sampled_from(["01", "+33 1", "+33 (0)1", "00330", "09", "0033 5", "33 4", "2"]),
        DIGITS,
    ),
    st.builds("06{} {} 07{}".format, DIGITS, st.sampled_from("/;,|&-"), DIGITS),
    st.text("0123456789", max_size=6),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(WRITTEN, MOBILES, WHOLE, REFUSED, st.text(max_size=12)), max_size=20))
@example(["+12025550123", "+5215512345678", "0123456789", "36123", "3.0", "361.0", "n/a 7", "E5"])
@example(
    ["63998000.0", " 63998000.0", "\u200e63998000.00", "6399800 0.0", "-63998000.0", "10000000.0"]
)
@example(["0639980001 / 0739980002", "6.4E+08", "6E8", "+44 20 7183 8750", "+80012345678"])
@example(
    [
        "+262 692 12 34 56",
        "0693012345",
        "0639012345",
        "+590690123456",
        "0709201234",
        "+262694012345",
    ]
)
@example(["0694012345", "0694201234", "06 94 01 23 45", "+33694012345", "0293123456", "0470000000"])
@example(["639980001.0", "06 39.98-00 01", "0639.0", "", None, " ", "06399800.0"])
def test_the_vectorised_path_agrees_with_the_library(column: list[str | None]) -> None:
    fast = normalise(pa.array(column, pa.string()), extra_valid_prefixes=FICTION)
    for index, raw in enumerate(column):
        slow = checked(raw)
        number = int(fast.numbers[index])
        assert (f"+{number}" if number else None) == slow.msisdn, raw
        assert CODES[fast.codes[index]] == slow.code, raw
        assert bool(fast.restored[index]) == ("leading_zero_restored" in slow.notes), raw


def test_a_prefix_that_every_number_has_takes_them_all() -> None:
    column = pa.array(["0123456789", "0694012345", "06 39 98 00 01", "nothing"])
    done = normalise(column, extra_valid_prefixes=["+33"])
    assert list(done.numbers) == [33123456789, 33694012345, 33639980001, 0]


def test_other_regions_and_policies_go_through_the_library() -> None:
    column = pa.array(["0470 12 34 56", "nothing"])
    done = normalise(column, region="BE")
    assert list(done.numbers) == [32470123456, 0]


def test_a_usual_column_never_needs_the_library() -> None:
    numbers = pa.array([f"06 39 98 {i // 100:02d} {i % 100:02d}" for i in range(10_000)] * 20)
    start = time.process_time()
    done = normalise(numbers, extra_valid_prefixes=FICTION)
    fast = time.process_time() - start
    start = time.process_time()
    for raw in numbers[:2_000].to_pylist():
        checked(raw)
    slow = (time.process_time() - start) * 100
    assert not done.codes.any()
    assert slow > 10 * fast
