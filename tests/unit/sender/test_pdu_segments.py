"""Where texts are cut, and that counting agrees with cutting."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sender.pdu import EncodingChoice, PduError, count_segments, segment_text
from sms_sender.pdu.alphabet import BASIC, EXTENSION, count_septets

ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=500)
MIXED = st.text(alphabet="aé€[]~|çœ😀\n", max_size=700)
GSM7 = st.text(
    alphabet=st.sampled_from(BASIC.replace("\ufffe", "") + "".join(EXTENSION) * 3), max_size=700
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("ç" * 134, 2),
        ("ç" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_limits(text: str, parts: int) -> None:
    assert len(segment_text(text).parts) == parts
    assert count_segments(text) == parts


def test_an_escape_pair_is_never_cut() -> None:
    cut = segment_text("a" * 152 + "€" + "b" * 20)
    assert cut.parts == ("a" * 152, "€" + "b" * 20)


def test_a_surrogate_pair_is_never_cut() -> None:
    cut = segment_text("ç" * 66 + "😀" + "b" * 20)
    assert cut.parts == ("ç" * 66, "😀" + "b" * 20)


def test_the_characters_that_force_ucs2_are_named_once() -> None:
    cut = segment_text("ça va ? ça ira, l’œuvre")
    assert cut.encoding == "ucs2"
    assert cut.ucs2_because == ("ç", "’", "œ")
    assert segment_text("Ça ira à Noel").ucs2_because == ()


def test_choices_of_encoding() -> None:
    assert segment_text("abc", "ucs2").encoding == "ucs2"
    assert segment_text("ça", "gsm7_transliterate").parts == ("ca",)
    with pytest.raises(PduError, match="ç"):
        segment_text("ça", "gsm7")
    with pytest.raises(PduError, match="ç"):
        count_segments("ça", "gsm7")


def test_row_33_a_lone_surrogate_is_refused() -> None:
    for count in (segment_text, count_segments):
        with pytest.raises(PduError, match="surrogate"):
            count("a\ud800")


def test_more_parts_than_a_header_can_number_are_refused() -> None:
    with pytest.raises(PduError, match="256 parts"):
        segment_text("a" * (153 * 255 + 1))


@given(st.one_of(ANY, MIXED, GSM7))
def test_parts_joined_are_the_text_and_none_is_too_long(text: str) -> None:
    cut = segment_text(text)
    assert "".join(cut.parts) == text
    single = len(cut.parts) == 1
    for part in cut.parts:
        if cut.encoding == "gsm7":
            assert count_septets(part) <= (160 if single else 153)
        else:
            assert len(part.encode("utf-16-be")) // 2 <= (70 if single else 67)
            part.encode("utf-8")


@given(st.one_of(ANY, MIXED, GSM7), st.sampled_from(get_args(EncodingChoice)))
def test_counting_agrees_with_cutting(text: str, encoding: EncodingChoice) -> None:
    try:
        parts = segment_text(text, encoding).parts
    except PduError:
        with pytest.raises(PduError):
            count_segments(text, encoding)
    else:
        assert count_segments(text, encoding) == len(parts)
