"""A workbook's sheet as pieces of text cells, numbered as Excel shows its rows."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.contacts.pieces import ROWS, Numbering, Source
from include.contacts.refusal import RefusalError, mapping_refused, quarantined

_EXACT_FLOAT = 1e15


def open_workbook(path: Path, kind: str, sheet: str | int | None) -> Source:
    """One sheet of an .xls or .xlsx: the named one, else the only one that holds anything."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise quarantined("password_protected") from error
    page, others = _choose_sheet(book, sheet)
    if page.start is None:
        raise quarantined("empty_file")
    width = page.width + page.start[1]
    pieces = _pieces(page, Numbering(width))
    return Source(kind, pieces, width, sheet=page.name, other_sheets=others)


def _pieces(page: Any, numbering: Numbering) -> Iterator[pa.RecordBatch]:
    rows = page.iter_rows()
    while not numbering.ended and (part := list(islice(rows, ROWS))):
        nothing = pa.nulls(len(part), pa.string())
        columns = [_texts(column) for column in zip(*part, strict=True)]
        piece = numbering.number([nothing] * page.start[1] + columns, nothing)
        if piece.num_rows:
            yield piece


def _choose_sheet(book: Any, wanted: str | int | None) -> tuple[Any, list[str]]:
    names: list[str] = book.sheet_names
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        wanted = names[wanted - 1]
    if wanted is not None:
        if wanted not in names:
            raise mapping_refused("no_such_sheet", sheet=str(wanted), sheets=", ".join(names))
        return book.get_sheet_by_name(wanted), [name for name in names if name != wanted]
    shown = [m.name for m in book.sheets_metadata if str(m.visible).endswith("Visible")]
    first, filled = None, []
    for name in (name for name in shown if name in names):
        page = book.get_sheet_by_name(name)
        if page.start is not None:
            first = first or page
            filled.append(name)
    if not filled:
        raise quarantined("empty_file")
    if len(filled) > 1:
        raise RefusalError("several_sheets", sheets=", ".join(filled), first=filled[0])
    return first, [name for name in names if name != filled[0]]


def _texts(column: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(column, pa.string())
    except pa.ArrowException:  # not all of them are texts
        return pa.array([_text(value) for value in column], pa.string())


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
