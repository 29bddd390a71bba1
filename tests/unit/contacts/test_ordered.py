"""The good rows of a file on their way to an index: every one, once, in its order."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from include.contacts import ordered
from include.contacts.mapping import Mapping
from include.contacts.pieces import schema
from include.contacts.rows import CODE, Verdicts
from include.contacts.table import CellTable

MAPPING = Mapping("all", {"phone": 1, "first_name": 2}, 0, 1)


def table(folder: Path, names: list[str]) -> CellTable:
    """Cells as a reader leaves them, a thousand rows a piece."""
    path = folder / "cells.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema(2)) as out:
        for start in range(0, len(names), 1000):
            part = names[start : start + 1000]
            numbers = pa.array(range(start + 1, start + len(part) + 1), pa.int32())
            texts = pa.array(part, pa.string())
            nothing = pa.nulls(len(part), pa.string())
            out.write_batch(pa.record_batch([numbers, nothing, texts, texts], schema=schema(2)))
    cells: Any = SimpleNamespace(path=path, width=2, rows=len(names), last_filled=[1, 1])
    return CellTable(cells)


@pytest.mark.parametrize("rows", [0, 1, 400, 5000])
def test_good_rows_come_in_the_order_of_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(ordered, "_PORTION_ROWS", 400)
    monkeypatch.setattr(ordered, "_SAMPLED", 0.5)
    numbers = np.random.default_rng(3).permutation(rows).astype(np.int64) + 33639980000
    codes = np.where(np.arange(rows) % 7 == 3, CODE["phone_too_short"], 0).astype(np.uint8)
    numbers.tofile(tmp_path / "numbers")
    verdicts = Verdicts(codes, 0, tmp_path / "numbers")
    cells = table(tmp_path, [f" name{number} " for number in numbers])
    portions = list(ordered.good_rows(cells, MAPPING, verdicts))
    found = pa.concat_tables(portions)
    good = np.flatnonzero(codes == 0)
    assert found["number"].to_pylist() == sorted(numbers[good].tolist())
    assert found["first_name"].to_pylist() == [f"name{n}" for n in found["number"].to_pylist()]
    assert sorted(found["row_number"].to_pylist()) == (good + 1).tolist()
    assert max(len(portion) for portion in portions) < max(2 * 400, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.arrow", "numbers"]
