"""Workbooks and CSV: nothing computes, nothing is lost."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from include.pages import Column
from include.pages.workbook import Sheet, csv_text, neutralise, workbook

AT = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


def _cells(data: bytes, sheet: int = 0) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].rows]


@pytest.mark.parametrize(
    "value", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A1"]
)
def test_row_29_formula_like_text_is_neutralised(value: str) -> None:
    assert neutralise(value) == "'" + value
    columns = [Column("x", "X")]
    data = workbook([Sheet("s", columns, [{"x": value}])], "fr", made=AT)
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert str(_cells(data)[1][0]).startswith("'")
    row = list(csv.reader(io.StringIO(csv_text(columns, [{"x": value}])), delimiter=";"))[1]
    assert row == ["'" + value]


@pytest.mark.parametrize(
    "value", ["plain", "+33639980001", "-12", "+1,5", "", None, 7, Decimal("-1.5")]
)
def test_what_computes_nothing_is_left_alone(value: Any) -> None:
    assert neutralise(value) == value


def test_kinds_of_cells() -> None:
    columns = [
        Column("phone", "Téléphone", "phone"),
        Column("n", "N", "number"),
        Column("money", "Prix", "money"),
        Column("when", "Le", "when"),
        Column("state", "État", "state"),
        Column("link", "Lien", "link"),
        Column("svg", "Dessin", "markup"),
        Column("none", "Rien"),
    ]
    row = {
        "phone": "+33639980001", "n": 3, "money": Decimal("0.0450"), "when": AT, "state": "delivered",
        "link": ("=a", "b.html"), "svg": "<svg/>", "none": None,
    }  # fmt: skip
    head, cells = _cells(workbook([Sheet("s", columns, [row])], "fr", made=AT))
    assert head == ["Téléphone", "N", "Prix", "Le", "État", "Lien", "Rien"]
    assert cells == [
        "+33639980001", 3, 0.045, datetime(2026, 11, 22, 14, 5), "reçu par le destinataire", "'=a", None,
    ]  # fmt: skip


def test_control_characters_and_endless_text_do_not_break_the_file() -> None:
    rows = [{"x": "a\x00b\x1b\ud800c"}, {"x": "é" * 40_000}]
    _, first, second = _cells(workbook([Sheet("s", [Column("x", "X")], rows)], "fr", made=AT))
    assert first == ["a\ufffdb\ufffd\ufffdc"]
    assert len(second[0]) == 32_767


def test_sheet_names_are_made_to_fit() -> None:
    columns = [Column("x", "X")]
    sheets = [Sheet(t, columns, []) for t in ("a/b[c]:*?", "a/b[c]:*?", "é" * 60, "'", "É" * 60)]
    book = openpyxl.load_workbook(io.BytesIO(workbook(sheets, "fr", made=AT)))
    assert book.sheetnames == ["a b c", "a b c 2", "é" * 31, "1", "É" * 29 + " 2"]


def test_fifty_thousand_rows_from_an_iterator() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from ({"x": f"+3363998{n:04d}"} for n in range(50_000))

    data = workbook([Sheet("s", [Column("x", "X", "phone")], rows())], "fr", made=AT)
    cells = _cells(data)
    assert len(cells) == 50_001
    assert cells[-1] == ["+336399849999"]


def test_a_sheet_that_is_full_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.pages.workbook.MAX_ROWS", 3)
    rows = [{"x": n} for n in range(7)]
    data = workbook([Sheet("s", [Column("x", "X", "number")], rows)], "fr", made=AT)
    sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    assert [[cell.value for cell in sheet["A"]] for sheet in sheets] == [
        ["X", 0, 1, 2], ["X", 3, 4, 5], ["X", 6],
    ]  # fmt: skip


def test_csv_quotes_and_dates() -> None:
    columns = [Column("a", "A"), Column("when", "W", "when")]
    text = csv_text(columns, [{"a": 'x;"y"\n', "when": AT}])
    assert list(csv.reader(io.StringIO(text), delimiter=";")) == [
        ["a", "when"], ['x;"y"\n', "2026-11-22T13:05:00+00:00"],
    ]  # fmt: skip
