"""Long tables: the same cells as the row-by-row writers give, for every text."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.pages import long_table
from include.pages.columns import Column
from include.pages.long_table import CsvFile, WorkbookFile, column_letter
from include.pages.workbook import Sheet, neutralise, workbook

COLUMNS = [Column("a", "Ä", "phone"), Column("b", "B & <b>", "text"), Column("n", "N", "number")]
MADE = datetime(2026, 1, 2, tzinfo=UTC)
TEXTS = st.text(
    st.sampled_from([*"=+-@'\"<&>;a1.,_x \t\r\n", "é", "\u00a0", "\x01", "\x1b", "\uffff", "😀"]),
    max_size=9,
)
ROWS = st.lists(
    st.tuples(st.none() | TEXTS, st.none() | TEXTS, st.integers(0, 10**9)), min_size=1, max_size=9
)


def pieces(rows: list[tuple[Any, ...]], size: int = 4) -> list[pa.RecordBatch]:
    types = [pa.string(), pa.string(), pa.int32()]
    return [
        pa.record_batch(
            [
                pa.array(column, kind)
                for column, kind in zip(zip(*part, strict=True), types, strict=True)
            ],
            names=["a", "b", "n"],
        )
        for part in (rows[i : i + size] for i in range(0, len(rows), size))
    ]


def read(data: bytes | Path) -> list[tuple[str, list[tuple[Any, ...]]]]:
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    book = openpyxl.load_workbook(source)
    return [(page.title, list(page.iter_rows(values_only=True))) for page in book]


def long_workbook(path: Path, rows: list[tuple[Any, ...]]) -> None:
    book = WorkbookFile(path, "Lignes", COLUMNS, len(rows), "fr", made=MADE)
    for piece in pieces(rows):
        book.write(piece)
    book.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables") / "table"


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
@example(rows=[("+33639980001", "=1+1", 1), (None, "", 2), ("-1", "+1", 3), ("x", "_x0041_\r", 4)])
def test_a_workbook_holds_what_the_slow_writer_would_write(
    path: Path, rows: list[tuple[Any, ...]]
) -> None:
    book = path.with_suffix(".xlsx")
    long_workbook(book, rows)
    slow = [dict(zip("abn", row, strict=True)) for row in rows]
    assert read(book) == read(workbook([Sheet("Lignes", COLUMNS, slow)], "fr", made=MADE))


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_a_csv_holds_every_text_neutralised(path: Path, rows: list[tuple[Any, ...]]) -> None:
    file = CsvFile(path, ["a", 'b;"', "n"])
    for piece in pieces(rows):
        file.write(piece)
    file.close()
    lines = csv.reader(
        io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=";"
    )
    wanted = [["" if v is None else str(neutralise(v)) for v in row] for row in rows]
    assert list(lines) == [["a", 'b;"', "n"], *wanted]


def test_a_sheet_that_is_full_goes_on_in_a_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_table, "MAX_ROWS", 5)
    rows: list[tuple[Any, ...]] = [(f"0{i}", f"x{i}", i) for i in range(12)]
    book = tmp_path / "x.xlsx"
    long_workbook(book, rows)
    found = read(book)
    assert [title for title, _ in found] == ["Lignes", "Lignes 2", "Lignes 3"]
    assert [row for _, page in found for row in page[1:]] == rows
    pages = openpyxl.load_workbook(book).worksheets
    assert [page.auto_filter.ref for page in pages] == ["A1:C6", "A1:C6", "A1:C3"]
    long_workbook(book, rows[:10])
    assert [len(page) for _, page in read(book)] == [6, 6]


def test_letters_of_columns() -> None:
    assert [column_letter(i) for i in (1, 26, 27, 28, 702, 703)] == [
        "A",
        "Z",
        "AA",
        "AB",
        "ZZ",
        "AAA",
    ]
