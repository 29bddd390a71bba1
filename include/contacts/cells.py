"""A workbook's sheet as pieces of text cells, numbered as Excel shows its rows."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from include.contacts.pieces import Numbering, Source
from include.contacts.refusal import RefusalError, mapping_refused, quarantined

_EXACT_FLOAT = 1e15


def open_workbook(path: Path, kind: str, sheet: str | int | None) -> Source:
    """One sheet of an .xls or .xlsx: the named one, else the only one that holds anything."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise quarantined("password_protected") from error
    name, others = _choose_sheet(book, sheet)
    page = book.get_sheet_by_name(name)
    if page.start is None:
        raise quarantined("empty_file")
    width = page.width + page.start[1]
    pieces = Numbering(width).pieces(_rows(page))
    return Source(kind, pieces, width, sheet=name, other_sheets=others)


def _rows(page: Any) -> Iterator[list[str | None]]:
    left: list[str | None] = [None] * page.start[1]
    for row in page.iter_rows():
        yield left + [_text(value) for value in row]


def _choose_sheet(book: Any, wanted: str | int | None) -> tuple[str, list[str]]:
    names: list[str] = book.sheet_names
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        wanted = names[wanted - 1]
    if wanted is not None:
        if wanted not in names:
            raise mapping_refused("no_such_sheet", sheet=str(wanted), sheets=", ".join(names))
        return str(wanted), [name for name in names if name != wanted]
    shown = [m.name for m in book.sheets_metadata if str(m.visible).endswith("Visible")]
    filled = [n for n in shown if n in names and book.get_sheet_by_name(n).start is not None]
    if not filled:
        raise quarantined("empty_file")
    if len(filled) > 1:
        raise RefusalError("several_sheets", sheets=", ".join(filled), first=filled[0])
    return filled[0], [name for name in names if name != filled[0]]


def _text(value: Any) -> str | None:
    """A cell as a person would type it; whole numbers without a point, dates the French way."""
    if type(value) is str:
        return None if not value or value.isspace() else value
    if type(value) is float:
        whole = value.is_integer() and abs(value) < _EXACT_FLOAT
        return str(int(value)) if whole else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.strftime("%d/%m/%Y" if midnight else "%d/%m/%Y %H:%M")
    if isinstance(value, dt.date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    return None if value is None else str(value)
