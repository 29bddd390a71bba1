"""GSM 03.38 against the independent codec `gsm0338`, and transliteration."""

import sys
import unicodedata

import gsm0338
import pytest
from gsm0338.charset import BASIC_CHARACTER_SET, BASIC_CHARACTER_SET_EXTENSION
from hypothesis import given
from hypothesis import strategies as st

from sms_sender.pdu import PduError, is_gsm7, outside_gsm7, transliterate
from sms_sender.pdu.alphabet import (
    BASIC,
    EXTENSION,
    count_septets,
    decode_septets,
    encode_septets,
    pack,
    unpack,
)

CODEC = gsm0338.Codec()
GSM7 = [char for char in BASIC if char != "\ufffe"] + list(EXTENSION)
gsm7_texts = st.text(alphabet=st.sampled_from(GSM7), max_size=300)


def test_every_code_point_is_in_gsm7_exactly_when_the_independent_table_says_so() -> None:
    names = {code: name for code, name in BASIC_CHARACTER_SET.items() if code != 0x1B}
    theirs = {unicodedata.lookup(name) for name in names.values()}
    theirs |= {unicodedata.lookup(name) for name in BASIC_CHARACTER_SET_EXTENSION.values()}
    ours = {char for char in map(chr, range(sys.maxunicode + 1)) if is_gsm7(char)}
    assert ours == theirs
    assert len(ours) == 127 + 10


@given(gsm7_texts)
def test_septets_equal_the_independent_codec(text: str) -> None:
    septets = encode_septets(text)
    assert septets == CODEC.encode(text)[0]
    assert len(septets) == count_septets(text)
    assert decode_septets(septets) == text


@given(st.binary(max_size=200).map(lambda raw: bytes(b & 0x7F for b in raw)), st.integers(0, 6))
def test_packing_round_trips_at_every_alignment(septets: bytes, fill: int) -> None:
    packed = pack(septets, fill)
    assert len(packed) == (-(-(len(septets) * 7 + fill) // 8) if septets else 0)
    assert unpack(packed, len(septets), fill) == septets


def test_packing_of_the_standards_example() -> None:
    assert pack(encode_septets("hellohello")).hex() == "e8329bfd4697d9ec37"


def test_too_few_octets_for_the_septets_are_refused() -> None:
    with pytest.raises(PduError, match="cannot hold"):
        unpack(b"\x00", 2)


@pytest.mark.parametrize(
    ("septets", "text"),
    [(b"\x1be", "€"), (b"\x1bA", "A"), (b"A\x1b", "A "), (b"\x1b\x1b", " ")],
)
def test_an_escape_without_meaning_shows_the_basic_character(septets: bytes, text: str) -> None:
    assert decode_septets(septets) == text


def test_a_character_outside_gsm7_is_named() -> None:
    assert outside_gsm7("ça côute ç €") == ("ç", "ô")
    with pytest.raises(PduError, match="'ç'"):
        encode_septets("ç")


@pytest.mark.parametrize("char", list("çêâîôûœ’ëïÂÊÔ"))
def test_the_french_letters_that_force_ucs2_have_a_transliteration(char: str) -> None:
    assert not is_gsm7(char)
    assert "?" not in transliterate(char)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ça, c’est « sûr » : œuvre…", 'Ça, c\'est " sur " : oeuvre...'),
        ("prêt à l'île, naïf", "pret à l'ile, naif"),
        ("déjà vu à Noël €", "déjà vu à Noel €"),
        ("e\u0301te\u0301", "été"),
        ("c\u0327a", "ca"),
        ("a\u00a0b\u202fc", "a b c"),
        ("Łódź", "Lódz".replace("ó", "o")),
        ("😀", "?"),
        ("ﬁn", "fin"),
    ],
)
def test_transliteration(text: str, plain: str) -> None:
    assert transliterate(text) == plain


@given(st.text(max_size=100))
def test_transliteration_is_always_gsm7_and_leaves_gsm7_alone(text: str) -> None:
    plain = transliterate(text)
    assert is_gsm7(plain)
    assert transliterate(plain) == plain


@given(gsm7_texts)
def test_gsm7_text_is_its_own_transliteration(text: str) -> None:
    assert transliterate(text) == text
