"""Workbooks (XLSX) and CSV that are safe to open: no cell of a file is ever a formula."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from include.pages.columns import Column, Kind
from include.pages.formats import DEFAULT_ZONE, Formats
from include.pages.words import Words

#: Excel's own limits.
MAX_ROWS = 1_048_575
MAX_TEXT = 32_767
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
#: What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_WIDTHS: dict[Kind, int] = {"text": 26, "code": 22, "phone": 16, "when": 17, "state": 20}
_NUMBER_FORMATS: dict[Kind, str] = {
    "number": "#,##0",
    "decimal": "#,##0.0",
    "percent": "0.0",
    "money": "#,##0.00##",
    "amount": "#,##0.00##",
    "duration": "#,##0",
    "bytes": "#,##0",
    "when": "yyyy-mm-dd hh:mm:ss",
    "day": "yyyy-mm-dd",
    "phone": "@",
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sheet:
    """A title, its columns, and rows that may be an iterator of any length."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Row]


def neutralise(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would take for a formula.

    Plain signed numbers such as +33639980001 compute nothing and stay as they are.
    """
    if (
        isinstance(value, str)
        and value.startswith(_DANGEROUS)
        and not _PLAIN_NUMBER.fullmatch(value)
    ):
        return "'" + value
    return value


def csv_text(columns: Sequence[Column], rows: Iterable[Row], *, delimiter: str = ";") -> str:
    """A CSV with a header of column keys, every cell neutralised, instants in ISO 8601."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([c.key for c in columns])
    for row in rows:
        writer.writerow([_plain(row[c.key]) for c in columns])
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "" if value is None else neutralise(value)


def workbook(
    sheets: Sequence[Sheet], lang: str, *, made: datetime, zone: str = DEFAULT_ZONE
) -> bytes:
    """An XLSX of these sheets, in constant memory per row; `made` is its date of creation.

    Phone numbers stay text, texts are never formulas or links, states are words in `lang`,
    instants are in `zone`.
    A sheet that Excel could not hold goes on in a next one.
    """
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": made.astimezone(UTC).replace(tzinfo=None)})
        writer = _Writer(book, lang, zone)
        for sheet in sheets:
            writer.write(sheet)
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, lang: str, zone: str) -> None:
        self.book = book
        self.formats = Formats(lang, zone)
        self.words = Words(lang)
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.text = book.add_format({"num_format": "@"})
        self.styles = {
            kind: book.add_format({"num_format": pattern})
            for kind, pattern in _NUMBER_FORMATS.items()
        }
        self.names: set[str] = set()

    def write(self, sheet: Sheet) -> None:
        columns = [c for c in sheet.columns if c.kind != "markup"]
        page, line = self._page(sheet.title, columns), 0
        for row in sheet.rows:
            if line == MAX_ROWS:
                page, line = self._page(sheet.title, columns), 0
            line += 1
            for index, column in enumerate(columns):
                self._cell(page, line, index, row[column.key], column.kind)
        page.autofilter(0, 0, max(line, 1), max(len(columns) - 1, 0))

    def _page(self, title: str, columns: Sequence[Column]) -> Any:
        page = self.book.add_worksheet(self._name(title))
        for index, column in enumerate(columns):
            page.set_column(index, index, max(_WIDTHS.get(column.kind, 12), len(column.title) + 3))
            page.write_string(0, index, column.title, self.head)
        page.freeze_panes(1, 0)
        return page

    def _name(self, title: str) -> str:
        base = re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:31] or "1"
        name, count = base, 1
        while name.casefold() in self.names:
            count += 1
            name = f"{base[: 30 - len(str(count))]} {count}"
        self.names.add(name.casefold())
        return name

    def _cell(self, page: Any, line: int, index: int, value: Any, kind: Kind) -> None:
        if value is None or value == "":
            return
        style = self.styles.get(kind)
        if isinstance(value, datetime):
            page.write_datetime(line, index, self.formats.local(value).replace(tzinfo=None), style)
        elif isinstance(value, date):
            page.write_datetime(line, index, value, self.styles["day"])
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            page.write_number(line, index, value, style)
        else:
            page.write_string(line, index, self._text(value, kind), self.text)

    def _text(self, value: Any, kind: Kind) -> str:
        if kind == "state":
            return self.words(f"state.{value}")
        text = _UNWRITABLE.sub("\ufffd", str(value[0] if kind == "link" else value))
        return str(text if kind == "phone" else neutralise(text))[:MAX_TEXT]
