"""How a text becomes the parts of an SMS, and how many there are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from sms_sender.pdu.alphabet import EXTENSION, count_septets, is_basic, is_gsm7, outside_gsm7
from sms_sender.pdu.alphabet import transliterate as to_gsm7
from sms_sender.pdu.errors import PduError

Encoding = Literal["gsm7", "ucs2"]
EncodingChoice = Literal["auto", "gsm7", "gsm7_transliterate", "ucs2"]

GSM7_SINGLE, GSM7_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67
MAX_PARTS = 255


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A text cut into the parts that are sent, in order; `parts` joined give the text sent.

    `ucs2_because` names the characters that GSM-7 does not have (empty when `encoding` is gsm7).
    """

    encoding: Encoding
    parts: tuple[str, ...]
    ucs2_because: tuple[str, ...]


def segment_text(text: str, encoding: EncodingChoice = "auto") -> Segmentation:
    """Cut `text` into parts of 160/153 septets or 70/67 UTF-16 units.

    `auto` takes GSM-7 if it can; `gsm7` refuses (PduError) what GSM-7 lacks; `gsm7_transliterate`
    replaces it; `ucs2` forces UCS-2. No escape pair and no surrogate pair is ever cut. A lone
    surrogate, or more than 255 parts, is a PduError.
    """
    foreign: tuple[str, ...] = ()
    if encoding == "gsm7_transliterate":
        text = to_gsm7(text)
    elif encoding != "ucs2":
        foreign = outside_gsm7(text)
    if encoding == "gsm7" and foreign:
        raise PduError(f"not in GSM-7: {' '.join(foreign)}")
    if encoding == "ucs2" or foreign:
        return Segmentation("ucs2", _limited(_ucs2_parts(text)), foreign)
    return Segmentation("gsm7", _limited(_gsm7_parts(text)), ())


def count_segments(text: str, encoding: EncodingChoice = "auto") -> int:
    """Return `len(segment_text(text, encoding).parts)`, quickly enough for a million texts."""
    if encoding == "gsm7_transliterate":
        text = to_gsm7(text)
    if encoding != "ucs2":
        if is_basic(text):
            return 1 if len(text) <= GSM7_SINGLE else -(-len(text) // GSM7_PART)
        if is_gsm7(text):
            return _count_gsm7(text)
        if encoding == "gsm7":
            raise PduError(f"not in GSM-7: {' '.join(outside_gsm7(text))}")
    units = _utf16_units(text)
    if units <= UCS2_SINGLE:
        return 1
    if units == len(text):
        return -(-units // UCS2_PART)
    return len(_ucs2_parts(text))


def _count_gsm7(text: str) -> int:
    return 1 if count_septets(text) <= GSM7_SINGLE else len(_gsm7_parts(text))


def _gsm7_parts(text: str) -> tuple[str, ...]:
    if count_septets(text) <= GSM7_SINGLE:
        return (text,)
    if is_basic(text):
        return tuple(text[at : at + GSM7_PART] for at in range(0, len(text), GSM7_PART))
    return tuple(_cut(text, GSM7_PART, lambda char: 2 if char in EXTENSION else 1))


def _ucs2_parts(text: str) -> tuple[str, ...]:
    units = _utf16_units(text)
    if units <= UCS2_SINGLE:
        return (text,)
    if units == len(text):
        return tuple(text[at : at + UCS2_PART] for at in range(0, len(text), UCS2_PART))
    return tuple(_cut(text, UCS2_PART, lambda char: 2 if char > "\uffff" else 1))


def _utf16_units(text: str) -> int:
    try:
        return len(text.encode("utf-16-be")) // 2
    except UnicodeEncodeError as error:
        raise PduError(f"lone surrogate at character {error.start}") from None


def _cut(text: str, limit: int, weigh: Callable[[str], int]) -> Iterator[str]:
    start = used = 0
    for at, char in enumerate(text):
        weight = weigh(char)
        if used + weight > limit:
            yield text[start:at]
            start, used = at, 0
        used += weight
    yield text[start:]


def _limited(parts: tuple[str, ...]) -> tuple[str, ...]:
    if len(parts) > MAX_PARTS:
        raise PduError(f"{len(parts)} parts: a message has at most {MAX_PARTS}")
    return parts
