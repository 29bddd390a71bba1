"""One phone number: undo what spreadsheets did to it, then let libphonenumber decide."""

import re
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

#: Every code a number can be refused with; a number's place here is its code in `normalise`.
CODES = (
    "",
    "missing_phone",
    "phone_too_short",
    "invalid_phone",
    "excel_truncated",
    "not_mobile",
    "premium_or_short_code",
    "foreign_not_allowed",
    "several_numbers",
)
MOBILE_ONLY = frozenset({"mobile"})
#: French territories whose numbers are dialled like French ones but belong to another region.
OVERSEAS = ("RE", "GP", "MQ", "GF", "YT")

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ALLOWED = re.compile(r"\+?[\d\s.\-/()_\u2010-\u2015\u2212]+")
_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_FLOAT = re.compile(r"(\d+)[.,]0+")
_SEVERAL = re.compile(r"(?:(?:\+|00)\d{2,3}|0)\d{8,9}(?:\D*(?:(?:\+|00)\d{2,3}|0)\d{8,9})+")
_SHORT_FR = re.compile(r"1\d|1\d\d|10\d\d|116\d{3}|118\d{3}|3\d{3}|[3-8]\d{4}")
_CUT_FR = re.compile(r"0[1-9]\d{1,7}")
_SPLIT = re.compile(r"[/;,|&\n]|\bou\b|\bor\b|\bet\b")
_PREMIUM = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_ACCEPTED_AS = {PhoneNumberType.FIXED_LINE: "fixed", PhoneNumberType.VOIP: "voip"}


@dataclass(frozen=True, slots=True)
class Checked:
    """Either an E.164 number and notes on what was undone, or a code of `CODES`."""

    msisdn: str | None
    code: str = ""
    notes: tuple[str, ...] = field(default=())


def check(
    raw: str | None,
    *,
    region: str = "FR",
    accept: Collection[str] = MOBILE_ONLY,
    extra_valid_prefixes: Collection[str] = (),
) -> Checked:
    """Decide one number as written in a file of `region`.

    `accept` holds kinds among mobile, fixed, voip, foreign. Numbers that begin with one of
    `extra_valid_prefixes` (E.164, with +) are valid mobiles whatever libphonenumber thinks.
    """
    text, code = _read(raw)
    if not code and region == "FR":
        code = _refused_in_france(text)
    if code:
        return Checked(None, code)
    return _decide(text, region, accept, extra_valid_prefixes)


def _read(raw: str | None) -> tuple[str, str]:
    """Digits, with a + before those of an international number; or the code that refuses them."""
    text = _plain(raw)
    if not text:
        return "", "missing_phone"
    text, truncated = _undo_spreadsheet(text)
    if truncated:
        return "", "excel_truncated"
    if _holds_several(text):
        return "", "several_numbers"
    digits = re.sub(r"\D", "", text)
    if not digits or not _ALLOWED.fullmatch(text):
        return "", "invalid_phone"
    return ("+" + digits if text.startswith("+") else re.sub("^00", "+", digits)), ""


def _refused_in_france(text: str) -> str:
    if _SHORT_FR.fullmatch(text):
        return "premium_or_short_code"
    # libphonenumber takes 06 39 98 00 0 for nine possible digits, its zero for a part of them.
    return "phone_too_short" if _CUT_FR.fullmatch(text) else ""


def _plain(raw: str | None) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", raw or ""))
    if not text.isascii():
        text = "".join(_ascii_digit(c) for c in text)
    return text.strip().strip("'").strip()


def _ascii_digit(char: str) -> str:
    return char if char.isascii() else str(unicodedata.digit(char, char))


def _undo_spreadsheet(text: str) -> tuple[str, bool]:
    """The number a spreadsheet meant, and whether digits of it are lost."""
    if whole := _FLOAT.fullmatch(text):
        return whole[1], False
    if science := _SCIENTIFIC.fullmatch(text):
        lead, decimals, exponent = science[1], science[2] or "", int(science[3])
        if len(decimals) != exponent:
            return text, True
        return lead + decimals, False
    return text, False


def _holds_several(text: str) -> bool:
    chunks = [re.sub(r"\D", "", part) for part in _SPLIT.split(text)]
    if sum(len(chunk) >= 8 for chunk in chunks) > 1:
        return True
    return bool(_SEVERAL.fullmatch(re.sub(r"[\s.\-()_]", "", text)))


def _decide(text: str, region: str, accept: Collection[str], extra: Collection[str]) -> Checked:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        short = error.error_type in (
            phonenumbers.NumberParseException.TOO_SHORT_NSN,
            phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD,
        )
        return Checked(None, "phone_too_short" if short else "invalid_phone")
    restored = region == "FR" and len(text) == 9 and not text.startswith(("+", "0"))
    notes = ("leading_zero_restored",) if restored else ()
    if number.country_code not in home_codes(region):
        if "foreign" not in accept:
            return Checked(None, "foreign_not_allowed")
    elif _in_extra(number, extra):
        return Checked(_e164(number), notes=notes)
    if not phonenumbers.is_valid_number(number):
        overseas = _overseas(text, region)
        if overseas is None:
            return Checked(None, _why_invalid(number))
        number = overseas
    code = _kind_refused(number, accept)
    return Checked(None, code) if code else Checked(_e164(number), notes=notes)


@cache
def home_codes(region: str) -> frozenset[int]:
    """The country codes that are no foreign ones in a file of `region`."""
    regions = (region, *OVERSEAS) if region == "FR" else (region,)
    return frozenset(phonenumbers.country_code_for_region(r) for r in regions)


def _in_extra(number: PhoneNumber, extra: Collection[str]) -> bool:
    if not extra or phonenumbers.is_possible_number_with_reason(number) != 0:
        return False
    return _e164(number).startswith(tuple(extra))


def _overseas(text: str, region: str) -> PhoneNumber | None:
    if region != "FR" or text.startswith("+"):
        return None
    for other in OVERSEAS:
        if len(text) == 10 and not _general_pattern(other).fullmatch(text[1:]):
            continue
        # What is a number in France may be none elsewhere: too long without a country code to strip.
        with suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(text, other)
            if phonenumbers.is_valid_number(number):
                return number
    return None


@cache
def _general_pattern(region: str) -> re.Pattern[str]:
    """What every valid number of a region looks like without its zero; cheaper than to parse."""
    found: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return re.compile(found.general_desc.national_number_pattern)


def _why_invalid(number: PhoneNumber) -> str:
    possible = phonenumbers.is_possible_number_with_reason(number)
    return "phone_too_short" if possible == ValidationResult.TOO_SHORT else "invalid_phone"


def _kind_refused(number: PhoneNumber, accept: Collection[str]) -> str:
    kind = phonenumbers.number_type(number)
    if kind in _PREMIUM:
        return "premium_or_short_code"
    wanted = "mobile" if kind in _MOBILE else _ACCEPTED_AS.get(kind, "")
    return "" if wanted in accept else "not_mobile"


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
