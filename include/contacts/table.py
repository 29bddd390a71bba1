"""The cells of a file as the reading process left them: an Arrow file, read piece by piece."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from include.contacts.sandbox import Cells


@dataclass(frozen=True)
class Head:
    """The first rows: their numbers, and their cells column by column."""

    rows: list[int]
    columns: list[list[str | None]]

    def place_of(self, row: int) -> int | None:
        """Where a row of the file stands among these; ``None`` if it is blank or further down."""
        return self.rows.index(row) if row in self.rows else None


class CellTable:
    """Columns are counted from 1; rows carry the number that Excel shows.

    Nothing of the file is held between two calls: it may be larger than the memory.
    """

    def __init__(self, cells: Cells) -> None:
        self.width = cells.width
        self._cells = cells

    def narrow(self, width: int) -> None:
        """Forget the columns beyond ``width``."""
        self.width = width

    def head(self, rows: int, *, first_row: int = 1) -> Head:
        """The first ``rows`` rows from ``first_row`` on."""
        wanted, numbers = rows, list[int]()
        columns: list[list[str | None]] = [[] for _ in range(self.width)]
        for piece in self.slices(first_row):
            part = piece.slice(0, wanted)
            numbers += part["row"].to_pylist()
            for index, column in enumerate(columns, 1):
                column.extend(part[f"c{index}"].to_pylist())
            wanted -= part.num_rows
            if not wanted:
                break
        return Head(numbers, columns)

    def count(self, first_row: int) -> int:
        """How many rows there are from ``first_row`` on."""
        rows = self._cells.rows
        for piece in self._pieces():
            before = pc.sum(pc.less(piece["row"], first_row)).as_py() or 0
            rows -= before
            if before < piece.num_rows:
                break
        return rows

    def slices(self, first_row: int) -> Iterator[pa.RecordBatch]:
        """Everything from ``first_row`` on, in pieces of some megabytes."""
        pieces = self._pieces()
        for piece in pieces:
            skip = pc.sum(pc.less(piece["row"], first_row)).as_py() or 0
            if skip < piece.num_rows:
                yield from chain([piece.slice(skip) if skip else piece], pieces)

    def _pieces(self) -> Iterator[pa.RecordBatch]:
        # Read, not mapped: pages of a map would count as ours as long as the file is open.
        with pa.OSFile(str(self._cells.path)) as file:
            reader = pa.ipc.open_file(file)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def empty_columns(self, first_row: int) -> set[int]:
        """Columns in which no row from ``first_row`` on has anything."""
        last = self._cells.last_filled[: self.width]
        return {index for index, row in enumerate(last, 1) if row < first_row}
