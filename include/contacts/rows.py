"""Every row of a file judged: its number, or the one code that says why it is not taken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from include import phones
from include.contacts.mapping import Mapping
from include.contacts.table import CellTable

CODES = (
    *phones.CODES,
    "control_character",
    "too_long_value",
    "ragged_row",
    "opted_out",
    "duplicate_in_file",
)
CODE = {code: index for index, code in enumerate(CODES)}
MAX_TEXT = 255
#: Not the file's fault: they do not count towards the share of refused rows.
HARMLESS = ("opted_out", "duplicate_in_file")
_LINE_BREAKS = "[\t\n\v\f\r\u0085\u2028\u2029]+"
_CONTROLS = "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f]"


@dataclass
class Verdicts:
    """For each data row in order: E.164 without + (0 = none), and the index of its code."""

    numbers: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint8]
    restored: int

    def count(self, code: str) -> int:
        """How many rows have this code."""
        return int(np.count_nonzero(self.codes == CODE[code]))

    def rejected_by(self) -> dict[str, int]:
        """Refused rows by code, only codes that occur."""
        counts = np.bincount(self.codes, minlength=len(CODES))
        return {code: int(n) for code, n in zip(CODES[1:], counts[1:], strict=True) if n}


def judge(
    table: CellTable,
    mapping: Mapping,
    *,
    extra_valid_prefixes: Sequence[str],
    opted_out: npt.NDArray[np.int64],
) -> Verdicts:
    """The verdict on every data row of ``table`` under ``mapping``."""
    numbers: list[npt.NDArray[np.int64]] = []
    codes: list[npt.NDArray[np.uint8]] = []
    restored = 0
    for part in table.slices(mapping.first_data_row):
        done = phones.normalise(
            part[f"c{mapping.columns['phone']}"].combine_chunks(),
            region=mapping.region,
            accept=mapping.accept,
            extra_valid_prefixes=extra_valid_prefixes,
        )
        numbers.append(done.numbers)
        codes.append(_with_texts(done.codes, part, mapping))
        restored += int(np.count_nonzero(done.restored))
    if not numbers:
        return Verdicts(np.zeros(0, np.int64), np.zeros(0, np.uint8), 0)
    verdicts = Verdicts(np.concatenate(numbers), np.concatenate(codes), restored)
    _mark(verdicts, np.isin(verdicts.numbers, opted_out), "opted_out")
    _mark_duplicates(verdicts, mapping.on_duplicate)
    return verdicts


def _with_texts(
    codes: npt.NDArray[np.uint8], part: pa.Table, mapping: Mapping
) -> npt.NDArray[np.uint8]:
    control, long = np.zeros(len(codes), np.bool_), np.zeros(len(codes), np.bool_)
    for column in mapping.texts.values():
        text = clean_text(part[f"c{column}"])
        control |= _true(pc.match_substring_regex(text, _CONTROLS))
        long |= _true(pc.greater(pc.utf8_length(text), MAX_TEXT))
    ragged = _true(pc.is_valid(part["extra"]))
    result = codes.copy()
    result[(result == 0) & control] = CODE["control_character"]
    result[(result == 0) & long] = CODE["too_long_value"]
    # A row with cells to spare is shifted somewhere: no other verdict on it can be trusted.
    result[ragged] = CODE["ragged_row"]
    return result


def clean_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Line breaks and tabs as one blank, no blanks around, nothing at all as null."""
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(column, _LINE_BREAKS, " "))
    return pc.if_else(pc.equal(text, ""), None, text)


def _true(values: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = pc.fill_null(values, False).to_numpy().astype(np.bool_)
    return mask


def _mark(verdicts: Verdicts, rows: npt.NDArray[np.bool_], code: str) -> None:
    verdicts.codes[rows & (verdicts.codes == 0)] = CODE[code]


def _mark_duplicates(verdicts: Verdicts, on_duplicate: str) -> None:
    """Among the rows still good, those whose number has another row already."""
    good = np.flatnonzero(verdicts.codes == 0)
    if on_duplicate == "keep_last":
        good = good[::-1]
    order = good[np.argsort(verdicts.numbers[good], kind="stable")]
    again = verdicts.numbers[order[1:]] == verdicts.numbers[order[:-1]]
    rows = np.zeros(len(verdicts.codes), np.bool_)
    rows[order[1:][again]] = True
    if on_duplicate == "reject":
        rows[order[:-1][again]] = True
    _mark(verdicts, rows, "duplicate_in_file")


def numbered_slices(
    table: CellTable, mapping: Mapping, verdicts: Verdicts
) -> Iterator[tuple[pa.Table, npt.NDArray[np.int64], npt.NDArray[np.uint8]]]:
    """The data in pieces, each with the numbers and the codes of its rows."""
    start = 0
    for part in table.slices(mapping.first_data_row):
        stop = start + part.num_rows
        yield part, verdicts.numbers[start:stop], verdicts.codes[start:stop]
        start = stop


def e164(numbers: npt.NDArray[np.int64]) -> pa.Array:
    """Numbers as text with their +, 0 as null."""
    text = pc.binary_join_element_wise("+", pa.array(numbers).cast(pa.string()), "")
    return pc.if_else(pa.array(numbers == 0), None, text)
