"""Numbering plans of France and overseas as patterns, each a proof of what the library would say."""

import re
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata

from include.phones.number import OVERSEAS, home_codes

_HOME = r"^(?:(?:\+33|0033)(?:0|\(0\))?|33|0|)"
_OTHER_KINDS = (
    *("fixed_line", "toll_free", "premium_rate", "shared_cost", "personal_number"),
    *("voip", "pager", "uan", "voicemail"),
)


@cache
def mobile(extra: tuple[str, ...]) -> str:
    """French mobiles, those of own prefixes among them."""
    # An own prefix counts only for numbers of the full French length of nine digits.
    own = [
        f"{re.escape(prefix[3:])}\\d{{{9 - len(prefix[3:])}}}"
        for prefix in extra
        if prefix.startswith("+33") and prefix[3:].isdigit() and len(prefix[3:]) <= 9
    ]
    return f"{_HOME}(?:{'|'.join([*_patterns('FR', 'mobile'), *own])})$"


@cache
def fixed() -> str:
    """French landlines."""
    return f"{_HOME}(?:{'|'.join(_patterns('FR', 'fixed_line'))})$"


@cache
def foreign() -> str:
    """International, of a country whose code is known, and long enough for every country."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.keys() - home_codes("FR")
    return f"^\\+(?:{'|'.join(map(str, sorted(codes)))})\\d{{8,11}}$"


@cache
def assigned() -> str:
    """Every whole number that the library could call valid, of all that are dialled like French."""
    return _whole("0|\\+33", [p for code in home_codes("FR") for p in _all_kinds(code)])


@dataclass(frozen=True)
class Overseas:
    """The mobiles of one plan overseas: both patterns, and not the third."""

    code: int
    mobile: str
    of_region: str
    doubtful: str


@cache
def overseas() -> tuple[Overseas, ...]:
    """Numbers that are mobiles in one region, and in no other that is dialled like it."""
    return tuple(_overseas(region) for region in OVERSEAS)


def _overseas(region: str) -> Overseas:
    code = phonenumbers.country_code_for_region(region)
    begin = f"0|(?:\\+|00){code}"
    others = [p for other in home_codes("FR") - {code} for p in _all_kinds(other)]
    others += [p for r in _regions(code) for p in _patterns(r, *_OTHER_KINDS)]
    return Overseas(
        code,
        _whole(begin, _patterns(region, "mobile")),
        _whole(begin, _patterns(region, "general_desc")),
        _whole(begin, others),
    )


def _whole(begin: str, nationals: list[str]) -> str:
    return f"^(?:{begin})(?:{'|'.join(sorted(set(nationals)))})$"


def _all_kinds(code: int) -> list[str]:
    return [p for region in _regions(code) for p in _patterns(region, "mobile", *_OTHER_KINDS)]


def _regions(code: int) -> tuple[str, ...]:
    return tuple(phonenumbers.region_codes_for_country_code(code))


def _patterns(region: str, *kinds: str) -> list[str]:
    plan = PhoneMetadata.metadata_for_region(region)
    found = (getattr(plan, kind) for kind in kinds)
    return [kind.national_number_pattern for kind in found if kind and kind.national_number_pattern]
