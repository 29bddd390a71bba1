"""The cells of a file as the reading process left them: an Arrow file, mapped, not loaded."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.contacts.sandbox import Cells

SLICE_ROWS = 100_000


@dataclass(frozen=True)
class Head:
    """The first rows: their numbers, and their cells column by column."""

    rows: list[int]
    columns: list[list[str | None]]

    def place_of(self, row: int) -> int | None:
        """Where a row of the file stands among these; ``None`` if it is blank or further down."""
        return self.rows.index(row) if row in self.rows else None


class CellTable:
    """Columns are counted from 1; rows carry the number that Excel shows."""

    def __init__(self, cells: Cells) -> None:
        self.width = cells.width
        self._all = pa.ipc.open_file(pa.memory_map(str(cells.path))).read_all()

    def narrow(self, width: int) -> None:
        """Forget the columns beyond ``width``."""
        self.width = width

    def head(self, rows: int, *, first_row: int = 1) -> Head:
        """The first ``rows`` rows from ``first_row`` on."""
        part = self.data(first_row).slice(0, rows)
        columns = [part[f"c{i}"].to_pylist() for i in range(1, self.width + 1)]
        return Head(part["row"].to_pylist(), columns)

    def data(self, first_row: int) -> pa.Table:
        """Everything from ``first_row`` on."""
        if first_row <= 1:
            return self._all
        skip = pc.sum(pc.less(self._all["row"], first_row)).as_py() or 0
        return self._all.slice(skip)

    def slices(self, first_row: int) -> Iterator[pa.Table]:
        """The data in pieces that fit the memory, each column in one chunk."""
        data = self.data(first_row)
        for start in range(0, data.num_rows, SLICE_ROWS):
            yield data.slice(start, SLICE_ROWS).combine_chunks()

    def empty_columns(self, first_row: int) -> set[int]:
        """Columns in which no row of the data has anything."""
        data = self.data(first_row)
        columns = range(1, self.width + 1)
        return {i for i in columns if data[f"c{i}"].null_count == data.num_rows}
