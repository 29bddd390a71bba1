"""A workbook's sheet as pieces of text cells, numbered as Excel shows its rows."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from include.contacts.pieces import ROWS, Numbering, Source
from include.contacts.sheets import Opened

_EXACT_FLOAT = 1e15


def source_of(opened: Opened, kind: str) -> Source:
    """The cells of a sheet of an .xls or .xlsx."""
    page = opened.page
    width = page.width + page.start[1]
    pieces = _pieces(page, Numbering(width))
    return Source(kind, pieces, width, sheet=page.name, other_sheets=opened.others)


def _pieces(page: Any, numbering: Numbering) -> Iterator[pa.RecordBatch]:
    rows = page.iter_rows()
    while not numbering.ended and (part := list(islice(rows, ROWS))):
        nothing = pa.nulls(len(part), pa.string())
        columns = [_texts(column) for column in zip(*part, strict=True)]
        piece = numbering.number([nothing] * page.start[1] + columns, nothing)
        if piece.num_rows:
            yield piece


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
