"""A column of phone numbers: vectorised where the shape proves the answer, `check` elsewhere."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import PhoneMetadata

from include.phones.number import CODES, MOBILE_ONLY, check, home_codes

#: What a number may be written with between its digits, as far as the vectorised path goes.
_SEPARATORS = "[ .\\-\u00a0\u202f\u2009\u200e\u2060]"
_FLOAT = "^[ \u00a0\u202f\u2009\u200e\u2060]*(\\d+)[.,]0+[ \u00a0\u202f\u2009\u200e\u2060]*$"
_CODE = {code: index for index, code in enumerate(CODES)}
_TOO_SHORT = r"^(0[67]\d{1,7}|[67]\d{6,7})$"
_SHORT_CODE = r"^(1\d|1\d\d|10\d\d|116\d{3}|118\d{3}|3\d{3}|[3-8]\d{4})$"
_HOME = r"^(?:(?:\+33|0033)(?:0|\(0\))?|33|0|)"
_EXCEL = r"^\+?\d(?:[.,](?P<d>\d+))?[eE]\+?(?P<e>\d{1,2})$"
#: With a letter that no number of a spreadsheet has, and fewer digits than two numbers have.
_WORDS = r"^\D*(?:\d\D*){0,15}$"
_LETTER = "[A-DF-Za-df-z]"
#: A French number has ten digits with its zero; twice as many may be two numbers.
_TOO_LONG = r"^0[1-9]\d{9,12}$"
_ASCII = r"^[ -~]*$"
#: A whole French number, or one of overseas dialled like one.
_NATIONAL = r"^(?:0|\+33)[1-9]\d{8}$"
_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("personal_number", "voip", "pager", "uan", "voicemail"),
)
_TWO_MOBILES = r"^0[67](?: ?\d){8} ?[/;,|&] ?0[67](?: ?\d){8}$"


@dataclass(frozen=True)
class Normalised:
    """For each row: E.164 without its + as an integer (0 = none), the index of its code in `CODES`,
    and whether a leading zero lost by a spreadsheet was put back."""

    numbers: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint8]
    restored: npt.NDArray[np.bool_]


def normalise(
    column: pa.Array,
    *,
    region: str = "FR",
    accept: Collection[str] = MOBILE_ONLY,
    extra_valid_prefixes: Collection[str] = (),
) -> Normalised:
    """Decide every number of a column of strings; the arguments are those of `check`."""
    size = len(column)
    done = Normalised(np.zeros(size, np.int64), np.zeros(size, np.uint8), np.zeros(size, np.bool_))
    rest = np.arange(size)
    every_number_is_own = any("+33".startswith(prefix) for prefix in extra_valid_prefixes)
    if region == "FR" and "mobile" in accept and not every_number_is_own:
        rest = _prove_mobile(column, rest, done, extra_valid_prefixes)
        if rest.size:
            rest = _prove_refused(column.take(pa.array(rest)), rest, done, accept)
    if rest.size:
        answers = _ask_library(
            column.take(pa.array(rest)),
            region=region,
            accept=accept,
            extra_valid_prefixes=extra_valid_prefixes,
        )
        done.numbers[rest] = answers.numbers
        done.codes[rest] = answers.codes
        done.restored[rest] = answers.restored
    return done


def _prove_mobile(
    column: pa.Array, rows: npt.NDArray[np.int64], done: Normalised, extra: Collection[str]
) -> npt.NDArray[np.int64]:
    """French mobiles, first those written in digits only; the rows left."""
    pattern = _mobile_pattern(tuple(extra))
    left = _take_mobiles(column, rows, done, pattern)
    if not left.size:
        return left
    others = _without_separators(column.take(pa.array(left)))
    return _take_mobiles(others, left, done, pattern)


def _take_mobiles(
    text: pa.Array, rows: npt.NDArray[np.int64], done: Normalised, pattern: str
) -> npt.NDArray[np.int64]:
    hit = _mask(pc.match_substring_regex(text, pattern))
    if hit.any():
        found = text if hit.all() else text.filter(pa.array(hit))
        national = pc.cast(pc.utf8_slice_codeunits(found, -9), pa.int64())
        done.numbers[rows[hit]] = national.to_numpy(zero_copy_only=False) + 33_000_000_000
        done.restored[rows[hit]] = _mask(pc.equal(pc.binary_length(found), 9))
    return rows[~hit]


def _without_separators(text: pa.Array) -> pa.Array:
    text = pc.replace_substring_regex(text, _FLOAT, r"\1")
    return pc.replace_substring_regex(text, _SEPARATORS, "")


def _prove_refused(
    column: pa.Array, rows: npt.NDArray[np.int64], done: Normalised, accept: Collection[str]
) -> npt.NDArray[np.int64]:
    """What can be no mobile; the rows left to the library."""
    column = pc.fill_null(column, "")
    text = _without_separators(column)
    proofs = {
        "missing_phone": _is_blank(column),
        "phone_too_short": _matches(text, _TOO_SHORT),
        "premium_or_short_code": _matches(column, _SHORT_CODE),
        "excel_truncated": _is_truncated(column),
        "invalid_phone": _is_words(column) | _matches(text, _TOO_LONG) | _is_unassigned(text),
        "several_numbers": _matches(column, _TWO_MOBILES),
    }
    if "fixed" not in accept:
        proofs["not_mobile"] = _matches(text, _fixed_pattern())
    if "foreign" not in accept:
        proofs["foreign_not_allowed"] = _matches(text, _foreign_pattern())
    left = np.ones(len(rows), np.bool_)
    for code, proved in proofs.items():
        done.codes[rows[proved]] = _CODE[code]
        left &= ~proved
    return rows[left]


def _matches(text: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return _mask(pc.match_substring_regex(text, pattern))


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    values = pc.fill_null(values, False)
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)


def _is_blank(column: pa.Array) -> npt.NDArray[np.bool_]:
    return _mask(pc.equal(pc.utf8_trim_whitespace(column), ""))


def _is_truncated(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Scientific, with other decimals than its exponent asks for."""
    found = pc.extract_regex(column, _EXCEL)
    decimals = pc.binary_length(pc.struct_field(found, "d"))
    exponent = pc.cast(pc.struct_field(found, "e"), pa.int32())
    return _mask(pc.not_equal(decimals, exponent))


def _is_words(column: pa.Array) -> npt.NDArray[np.bool_]:
    plain = _matches(column, _ASCII) & _matches(column, _LETTER)
    return plain & _matches(column, _WORDS)


def _is_unassigned(text: pa.Array) -> npt.NDArray[np.bool_]:
    """A whole number that no plan of France or overseas has; own prefixes have been taken."""
    return _matches(text, _NATIONAL) & ~_matches(text, _assigned_pattern())


@cache
def _assigned_pattern() -> str:
    """Every number that the library could call valid, of all that are dialled like French ones."""
    plans = [
        PhoneMetadata.metadata_for_region(region)
        for code in sorted(home_codes("FR"))
        for region in phonenumbers.region_codes_for_country_code(code)
    ]
    kinds = [getattr(plan, kind) for plan in plans for kind in _KINDS]
    patterns = {kind.national_number_pattern for kind in kinds if kind}
    return f"^(?:0|\\+33)(?:{'|'.join(sorted(filter(None, patterns)))})$"


@cache
def _mobile_pattern(extra: tuple[str, ...]) -> str:
    # An own prefix counts only for numbers of the full French length of nine digits.
    own = [
        f"{re.escape(prefix[3:])}\\d{{{9 - len(prefix[3:])}}}"
        for prefix in extra
        if prefix.startswith("+33") and prefix[3:].isdigit() and len(prefix[3:]) <= 9
    ]
    return f"{_HOME}(?:{'|'.join([_france().mobile.national_number_pattern, *own])})$"


def _france() -> Any:
    return PhoneMetadata.metadata_for_region("FR")


@cache
def _fixed_pattern() -> str:
    return f"{_HOME}(?:{_france().fixed_line.national_number_pattern})$"


@cache
def _foreign_pattern() -> str:
    """International, of a country whose code is known, and long enough for every country."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.keys() - home_codes("FR")
    return f"^\\+(?:{'|'.join(map(str, sorted(codes)))})\\d{{8,11}}$"


def _ask_library(column: pa.Array, **policy: Any) -> Normalised:
    """`check` for each distinct value."""
    distinct = pc.dictionary_encode(column.cast(pa.string()), null_encoding="encode")
    answers = [check(value, **policy) for value in distinct.dictionary.to_pylist()]
    which = distinct.indices.to_numpy(zero_copy_only=False)
    numbers = np.array([int(a.msisdn) if a.msisdn else 0 for a in answers], np.int64)
    codes = np.array([_CODE[a.code] for a in answers], np.uint8)
    restored = np.array([bool(a.notes) for a in answers], np.bool_)
    return Normalised(numbers[which], codes[which], restored[which])
