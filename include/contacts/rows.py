"""Every row of a file judged: its number, or the one code that says why it is not taken."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from include import phones
from include.contacts.mapping import Mapping
from include.contacts.table import CellTable
from include.pages.long_table import computes

CODES = (
    *phones.CODES,
    "control_character",
    "too_long_value",
    "ragged_row",
    "formula_like_text",
    "opted_out",
    "duplicate_in_file",
)
CODE = {code: index for index, code in enumerate(CODES)}
MAX_TEXT = 255
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")
_COMPARED_ROWS = 250_000
#: Not the file's fault: they do not count towards the share of refused rows.
HARMLESS = ("opted_out", "duplicate_in_file")
_LINE_BREAKS = "[\t\n\v\f\r\u0085\u2028\u2029]+"
_CONTROLS = "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f]"


@dataclass
class Verdicts:
    """For each data row in order the index of its code; its number stands in a file."""

    codes: npt.NDArray[np.uint8]
    restored: int
    kept: Path

    def numbers(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """E.164 without + of the data rows ``start`` to ``stop`` (from 0), 0 = none."""
        return np.fromfile(self.kept, np.int64, stop - start, offset=start * 8)

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
    folder: Path,
    *,
    extra_valid_prefixes: Sequence[str],
    opted_out: npt.NDArray[np.int64],
    refuse_formulas: bool,
) -> Verdicts:
    """The verdict on every data row of ``table`` under ``mapping``; ``folder`` is for its files."""

    def judged(part: pa.RecordBatch) -> tuple[phones.Normalised, npt.NDArray[np.uint8]]:
        done = phones.normalise(
            part[f"c{mapping.columns['phone']}"],
            region=mapping.region,
            accept=mapping.accept,
            extra_valid_prefixes=extra_valid_prefixes,
        )
        verdict = _with_texts(done.codes, part, mapping, refuse_formulas)
        verdict[(verdict == 0) & np.isin(done.numbers, opted_out)] = CODE["opted_out"]
        return done, verdict

    codes: list[npt.NDArray[np.uint8]] = []
    restored = 0
    kept = folder / "numbers"
    with kept.open("wb") as file:
        for done, verdict in _two_at_once(judged, table.slices(mapping.first_data_row)):
            done.numbers.tofile(file)
            codes.append(verdict)
            restored += int(np.count_nonzero(done.restored))
    verdicts = Verdicts(np.concatenate([*codes, np.zeros(0, np.uint8)]), restored, kept)
    _mark_duplicates(verdicts, mapping.on_duplicate)
    return verdicts


def _two_at_once(work: Callable[[_Item], _Done], items: Iterator[_Item]) -> Iterator[_Done]:
    """What is made of each item, in order; Arrow leaves Python to the other while it works."""
    with ThreadPoolExecutor(2) as pool:
        begun: deque[Future[_Done]] = deque()
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) == 2:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _with_texts(
    codes: npt.NDArray[np.uint8], part: pa.RecordBatch, mapping: Mapping, refuse_formulas: bool
) -> npt.NDArray[np.uint8]:
    result = codes.copy()
    for column in mapping.texts.values():
        text = clean_text(part[f"c{column}"])
        if may_hold_controls(text):
            control = _true(pc.match_substring_regex(text, _CONTROLS))
            result[(result == 0) & control] = CODE["control_character"]
    for column in mapping.texts.values():
        # A text has at least as many bytes as characters.
        if (pc.max(pc.binary_length(part[f"c{column}"])).as_py() or 0) > MAX_TEXT:
            long = _true(pc.greater(pc.utf8_length(clean_text(part[f"c{column}"])), MAX_TEXT))
            result[(result == 0) & long] = CODE["too_long_value"]
    if refuse_formulas:
        for column in mapping.texts.values():
            formula = _true(computes(clean_text(part[f"c{column}"])))
            result[(result == 0) & formula] = CODE["formula_like_text"]
    # A row with cells to spare is shifted somewhere: no other verdict on it can be trusted.
    result[_true(pc.is_valid(part["extra"]))] = CODE["ragged_row"]
    return result


def clean_text(column: pa.Array) -> pa.Array:
    """Line breaks and tabs as one blank, no blanks around, nothing at all as null."""
    if may_hold_controls(column):
        column = pc.replace_substring_regex(column, _LINE_BREAKS, " ")
    text = pc.utf8_trim_whitespace(column)
    nothing = pc.equal(text, "")
    return pc.if_else(nothing, None, text) if pc.any(nothing).as_py() else text


def may_hold_controls(column: pa.Array) -> bool:
    """Whether any byte could belong to a control character or a line break; false is certain."""
    data = column.buffers()[2]
    if data is None or not len(data):
        return False
    data = np.frombuffer(data, np.uint8)
    # DEL and C1 (C2 80 to C2 9F), U+2028 and U+2029 (E2 80 A8, A9).
    if ((data < 0x20) | (data == 0x7F)).any():
        return True
    second = data[1:]
    if ((data[:-1] == 0xC2) & (second < 0xA0)).any():
        return True
    third = second[1:]
    return bool(((data[:-2] == 0xE2) & (second[:-1] == 0x80) & ((third & 0xFE) == 0xA8)).any())


def _true(values: pa.Array) -> npt.NDArray[np.bool_]:
    mask = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return np.asarray(mask, np.bool_)


def _mark_duplicates(verdicts: Verdicts, on_duplicate: str) -> None:
    """Among the rows still good, those whose number has another row already.

    Equal numbers share a remainder: one remainder at a time keeps what is in memory small.
    """
    remainders = -(-len(verdicts.codes) // _COMPARED_ROWS)
    for remainder in range(remainders):
        rows, numbers = _rows_with(verdicts, remainder, remainders)
        if on_duplicate == "keep_last":
            rows, numbers = rows[::-1], numbers[::-1]
        order = np.argsort(numbers, kind="stable")
        again = numbers[order[1:]] == numbers[order[:-1]]
        verdicts.codes[rows[order[1:][again]]] = CODE["duplicate_in_file"]
        if on_duplicate == "reject":
            verdicts.codes[rows[order[:-1][again]]] = CODE["duplicate_in_file"]


def _rows_with(
    verdicts: Verdicts, remainder: int, of: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The good rows whose number leaves this remainder, in order, and their numbers."""
    rows, found = [], []
    for start in range(0, len(verdicts.codes), _COMPARED_ROWS):
        stop = min(start + _COMPARED_ROWS, len(verdicts.codes))
        numbers = verdicts.numbers(start, stop)
        wanted = verdicts.codes[start:stop] == 0
        if of > 1:
            wanted &= numbers % of == remainder
        rows.append(np.flatnonzero(wanted) + start)
        found.append(numbers[wanted])
    return np.concatenate(rows), np.concatenate(found)


def numbered_slices(
    table: CellTable, mapping: Mapping, verdicts: Verdicts
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64], npt.NDArray[np.uint8]]]:
    """The data in pieces, each with the numbers and the codes of its rows."""
    start = 0
    for part in table.slices(mapping.first_data_row):
        stop = start + part.num_rows
        yield part, verdicts.numbers(start, stop), verdicts.codes[start:stop]
        start = stop


def e164(numbers: npt.NDArray[np.int64]) -> pa.Array:
    """Numbers as text with their +, 0 as null."""
    text = pc.binary_join_element_wise("+", pa.array(numbers).cast(pa.string()), "")
    none = numbers == 0
    return pc.if_else(pa.array(none), None, text) if none.any() else text
