"""What an import has found out so far: the receipt and its files are made of this."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from include.contacts.mapping import Mapping
from include.contacts.proposal import Proposal, fingerprint
from include.contacts.refusal import RefusalError
from include.contacts.rows import CODES, HARMLESS, Verdicts, numbered_slices
from include.contacts.sandbox import Cells
from include.contacts.table import CellTable, Head

PREVIEW_ROWS = 5
NO_COUNTS: dict[str, Any] = {
    "rows": 0,
    "loaded": 0,
    "updated": 0,
    "unchanged": 0,
    "duplicates": 0,
    "blocklisted": 0,
    "rejected": 0,
    "rejected_by": {},
}


@dataclass(frozen=True)
class Refused:
    """One refused row: its number in the file, its code, its cells as they were."""

    row: int
    code: str
    cells: list[str | None]


@dataclass(frozen=True)
class Reading:
    """A file that passed the gate: its cells, and what its columns seem to be."""

    cells: Cells
    table: CellTable
    proposal: Proposal

    @property
    def fingerprint(self) -> str:
        """What a remembered mapping applies to."""
        return fingerprint(self.proposal.headers, self.table.width)

    @property
    def preview(self) -> Head:
        """The first five data rows, exactly."""
        return self.table.head(PREVIEW_ROWS, first_row=self.proposal.first_data_row)

    @property
    def data_rows(self) -> int:
        """How many rows follow the header."""
        return self.table.count(self.proposal.first_data_row)


@dataclass
class Findings:
    """Filled in as the import goes on; whatever is still missing is ``None`` or empty."""

    reading: Reading | None = None
    mapping: Mapping | None = None
    verdicts: Verdicts | None = None
    validation: dict[str, Any] | None = None
    loaded: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    reason: RefusalError | None = None
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Take the time of one step; one may go on within another."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[step] = round(time.monotonic() - began, 3)

    def timings(self) -> dict[str, float]:
        """Seconds of each step so far, and in all."""
        return {**self.seconds, "total": round(time.monotonic() - self.began, 3)}

    def counts(self) -> dict[str, Any]:
        """``rejected`` is the sum of ``rejected_by``; duplicates and blocklisted are among them."""
        if self.verdicts is None:
            return {**NO_COUNTS, "rows": self.reading.data_rows if self.reading else 0}
        by = self.verdicts.rejected_by()
        done = {key: self.loaded.get(key, 0) for key in ("loaded", "updated", "unchanged")}
        return {
            "rows": len(self.verdicts.codes),
            **done,
            "duplicates": by.get("duplicate_in_file", 0),
            "blocklisted": by.get("opted_out", 0),
            "rejected": sum(by.values()),
            "rejected_by": by,
        }

    def unusable(self) -> int:
        """Refused rows that speak against the file: not those that opted out or stand twice."""
        by = self.verdicts.rejected_by() if self.verdicts else {}
        return sum(n for code, n in by.items() if code not in HARMLESS)

    def refused_pieces(self) -> Iterator[pa.RecordBatch]:
        """Every refused row in the order of the file: its cells, ``row`` and its ``code``'s index."""
        if self.reading is None or self.mapping is None or self.verdicts is None:
            return
        table = self.reading.table
        names = [f"c{i}" for i in range(1, table.width + 1)]
        for part, _, codes in numbered_slices(table, self.mapping, self.verdicts):
            bad = codes.nonzero()[0]
            if bad.size:
                picked = part.select([*names, "row"]).take(pa.array(bad))
                yield picked.append_column("code", pa.array(codes[bad]))

    def refused_rows(self) -> Iterator[Refused]:
        """The same one by one."""
        for piece in self.refused_pieces():
            *cells, rows, codes = (column.to_pylist() for column in piece.columns)
            for row, code, values in zip(rows, codes, zip(*cells, strict=True), strict=True):
                yield Refused(row, CODES[code], list(values))
