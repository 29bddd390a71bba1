"""What a reader hands on: pieces of text cells with the row numbers that Excel shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ROWS = 20_000
_BLANKS_BEFORE_STOP = 1_000

#: The columns of some rows, blank ones among them, and what stood beyond the last column.
Split = tuple[list[pa.Array], pa.Array]


@dataclass
class Source:
    """What a file turned out to be, and its rows in pieces: ``row``, ``extra``, ``c1``, ``c2``, …"""

    format: str
    pieces: Iterator[pa.RecordBatch]
    width: int
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    other_sheets: list[str] = field(default_factory=list)


def schema(width: int) -> pa.Schema:
    """The columns of a piece: ``extra`` is what stood beyond the last one."""
    cells = [(f"c{i}", pa.string()) for i in range(1, width + 1)]
    return pa.schema([("row", pa.int32()), ("extra", pa.string()), *cells])


def cut(rows: Sequence[Sequence[str | None]], width: int) -> Split:
    """Rows of any length as columns."""
    padding = [None] * width
    fitted = [row if len(row) == width else [*row, *padding][:width] for row in rows]
    columns = list(zip(*fitted, strict=True)) if fitted else [()] * width
    extra = [_beyond(row, width) for row in rows]
    return [pa.array(column, pa.string()) for column in columns], pa.array(extra, pa.string())


def _beyond(row: Sequence[str | None], width: int) -> str | None:
    if len(row) <= width:
        return None
    return " ".join(cell for cell in row[width:] if cell and not cell.isspace()) or None


class Numbering:
    """Counts the rows of one file, leaves blank ones out, and ends after a thousand of them."""

    def __init__(self, width: int) -> None:
        self.ended = False
        self._schema = schema(width)
        self._width = width
        self.counted = 0
        self._last_filled = 0

    def pieces(self, rows: Iterable[Sequence[str | None]]) -> Iterator[pa.RecordBatch]:
        """All rows of an iterator, in pieces."""
        source = iter(rows)
        while not self.ended and (part := list(islice(source, ROWS))):
            piece = self.number(*cut(part, self._width))
            if piece.num_rows:
                yield piece

    def number(self, columns: list[pa.Array], extra: pa.Array) -> pa.RecordBatch:
        """The next rows; of cells that hold only blanks nothing is left."""
        columns = [_without_blanks(column) for column in columns]
        filled = np.zeros(len(extra), np.bool_)
        for column in (*columns, extra):
            filled |= _valid(column)
        places = np.flatnonzero(filled)
        numbers = places + self.counted + 1
        gaps = np.diff(numbers, prepend=self._last_filled)
        self.counted += len(extra)
        far = np.flatnonzero(gaps > _BLANKS_BEFORE_STOP + 1)
        if far.size:
            places, numbers = places[: far[0]], numbers[: far[0]]
        if numbers.size:
            self._last_filled = int(numbers[-1])
        self.ended = bool(far.size) or self.counted - self._last_filled > _BLANKS_BEFORE_STOP
        arrays = [extra, *columns]
        if len(places) < len(extra):
            arrays = [array.take(pa.array(places)) for array in arrays]
        return pa.record_batch([pa.array(numbers, pa.int32()), *arrays], schema=self._schema)


def _without_blanks(column: pa.Array) -> pa.Array:
    blank = pc.or_(pc.utf8_is_space(column), pc.equal(column, ""))
    return pc.if_else(blank, None, column) if pc.any(blank).as_py() else column


def _valid(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
