"""A column of phone numbers: vectorised where the shape proves the answer, `check` elsewhere."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from include.phones import plans
from include.phones.number import CODES, MOBILE_ONLY, check

#: What a number may be written with between its digits, as far as the vectorised path goes.
_SEPARATORS = "[ .\\-\u00a0\u202f\u2009\u200e\u2060]"
_FLOAT = "^[ \u00a0\u202f\u2009\u200e\u2060]*(\\d+)[.,]0+[ \u00a0\u202f\u2009\u200e\u2060]*$"
_CODE = {code: index for index, code in enumerate(CODES)}
_TOO_SHORT = r"^(0[67]\d{1,7}|[67]\d{6,7})$"
_SHORT_CODE = r"^(1\d|1\d\d|10\d\d|116\d{3}|118\d{3}|3\d{3}|[3-8]\d{4})$"
_EXCEL = r"^\+?\d(?:[.,](?P<d>\d+))?[eE]\+?(?P<e>\d{1,2})$"
#: With a letter that no number of a spreadsheet has, and fewer digits than two numbers have.
_WORDS = r"^\D*(?:\d\D*){0,15}$"
_LETTER = "[A-DF-Za-df-z]"
#: A French number has ten digits with its zero; twice as many may be two numbers.
_TOO_LONG = r"^0[1-9]\d{9,12}$"
_ASCII = r"^[ -~]*$"
#: A whole French number, or one of overseas dialled like one.
_NATIONAL = r"^(?:0|\+33)[1-9]\d{8}$"
#: What can be a mobile overseas, before its plan is asked.
_OVERSEAS = r"^(?:0|(?:\+|00)(?:262|59[046]))[67]\d{8}$"
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
    """French mobiles, first those written in digits only, then those overseas; the rows left."""
    pattern = plans.mobile(tuple(extra))
    hit = _matches(column, pattern)
    _keep(column, rows, hit, 33, done)
    rows = rows[~hit]
    if not rows.size:
        return rows
    text = _without_separators(column.take(pa.array(rows)))
    hit = _matches(text, pattern)
    _keep(text, rows, hit, 33, done)
    return _prove_overseas(text, rows, hit, done)


def _prove_overseas(
    text: pa.Array, rows: npt.NDArray[np.int64], known: npt.NDArray[np.bool_], done: Normalised
) -> npt.NDArray[np.int64]:
    candidates = np.flatnonzero(~known & _matches(text, _OVERSEAS))
    if candidates.size:
        some = text.take(pa.array(candidates))
        for plan in plans.overseas():
            hit = _matches(some, plan.mobile) & _matches(some, plan.of_region)
            hit &= ~_matches(some, plan.doubtful)
            _keep(some, rows[candidates], hit, plan.code, done)
            known[candidates[hit]] = True
    return rows[~known]


def _keep(
    text: pa.Array,
    rows: npt.NDArray[np.int64],
    hit: npt.NDArray[np.bool_],
    code: int,
    done: Normalised,
) -> None:
    """The last nine digits behind a country's code, wherever there is a hit."""
    if hit.any():
        found = text if hit.all() else text.filter(pa.array(hit))
        national = pc.cast(pc.utf8_slice_codeunits(found, -9), pa.int64())
        done.numbers[rows[hit]] = national.to_numpy(zero_copy_only=False) + code * 10**9
        done.restored[rows[hit]] = _mask(pc.equal(pc.binary_length(found), 9))


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
        proofs["not_mobile"] = _matches(text, plans.fixed())
    if "foreign" not in accept:
        proofs["foreign_not_allowed"] = _matches(text, plans.foreign())
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
    return _matches(text, _NATIONAL) & ~_matches(text, plans.assigned())


def _ask_library(column: pa.Array, **policy: Any) -> Normalised:
    """`check` for each distinct value."""
    distinct = pc.dictionary_encode(column.cast(pa.string()), null_encoding="encode")
    answers = [check(value, **policy) for value in distinct.dictionary.to_pylist()]
    which = distinct.indices.to_numpy(zero_copy_only=False)
    numbers = np.array([int(a.msisdn) if a.msisdn else 0 for a in answers], np.int64)
    codes = np.array([_CODE[a.code] for a in answers], np.uint8)
    restored = np.array([bool(a.notes) for a in answers], np.bool_)
    return Normalised(numbers[which], codes[which], restored[which])
