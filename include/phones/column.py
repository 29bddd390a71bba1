"""A column of phone numbers: vectorised where the shape proves the answer, `check` elsewhere."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import PhoneMetadata

from include.phones.number import CODES, MOBILE_ONLY, check

#: What a number may be written with between its digits, as far as the vectorised path goes.
_SEPARATORS = "[ .\\-\u00a0\u202f\u2009\u200e\u2060]"
_CODE = {code: index for index, code in enumerate(CODES)}
_TOO_SHORT = r"^(0[67]\d{1,7}|[67]\d{6,7})$"


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
    open_rows = np.ones(size, np.bool_)
    if region == "FR" and "mobile" in accept:
        open_rows = _prove_french(column, done, extra_valid_prefixes)
    rest = np.flatnonzero(open_rows)
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


def _prove_french(
    column: pa.Array, done: Normalised, extra: Collection[str]
) -> npt.NDArray[np.bool_]:
    """Fill in what a regular expression decides; which rows are left to do."""
    text = pc.replace_substring_regex(pc.fill_null(column, ""), r"^(\d{9,11})\.0$", r"\1")
    text = pc.replace_substring_regex(text, _SEPARATORS, "")
    found = pc.extract_regex(text, _mobile_pattern(extra))
    hit = found.is_valid().to_numpy(zero_copy_only=False)
    if hit.any():
        parts = found.filter(pa.array(hit))
        national = pc.cast(pc.struct_field(parts, "n"), pa.int64()).to_numpy(zero_copy_only=False)
        done.numbers[hit] = national + 33_000_000_000
        bare = pc.equal(pc.struct_field(parts, "p"), "")
        done.restored[hit] = bare.to_numpy(zero_copy_only=False)
    empty = _mask(pc.equal(text, ""))
    short = _mask(pc.match_substring_regex(text, _TOO_SHORT))
    done.codes[short] = _CODE["phone_too_short"]
    blank = empty & _mask(pc.equal(pc.utf8_trim_whitespace(pc.fill_null(column, "")), ""))
    done.codes[blank] = _CODE["missing_phone"]
    rest: npt.NDArray[np.bool_] = ~(hit | short | blank)
    return rest


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = values.to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask


def _mobile_pattern(extra: Collection[str]) -> str:
    france: Any = PhoneMetadata.metadata_for_region("FR")
    mobile = france.mobile.national_number_pattern
    # An own prefix counts only for numbers of the full French length of nine digits.
    own = [
        f"{re.escape(prefix[3:])}\\d{{{9 - len(prefix[3:])}}}"
        for prefix in extra
        if prefix.startswith("+33") and prefix[3:].isdigit() and len(prefix[3:]) <= 9
    ]
    return f"^(?P<p>\\+33|0033|33|0|)(?P<n>{'|'.join([mobile, *own])})$"


def _ask_library(column: pa.Array, **policy: Any) -> Normalised:
    """`check` for each distinct value."""
    distinct = pc.dictionary_encode(column.cast(pa.string()), null_encoding="encode")
    answers = [check(value, **policy) for value in distinct.dictionary.to_pylist()]
    which = distinct.indices.to_numpy(zero_copy_only=False)
    numbers = np.array([int(a.msisdn) if a.msisdn else 0 for a in answers], np.int64)
    codes = np.array([_CODE[a.code] for a in answers], np.uint8)
    restored = np.array([bool(a.notes) for a in answers], np.bool_)
    return Normalised(numbers[which], codes[which], restored[which])
