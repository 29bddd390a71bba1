"""A workbook opened at the one sheet that holds contacts.

Needs nothing but the parser: what turns cells into columns is imported beside it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.contacts.refusal import RefusalError, mapping_refused, quarantined


@dataclass(frozen=True)
class Opened:
    """A sheet with something in it, and the names of the others."""

    page: Any
    others: list[str]


def open_sheet(path: Path, sheet: str | int | None) -> Opened:
    """One sheet of an .xls or .xlsx: the named one, else the only one that holds anything."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise quarantined("password_protected") from error
    page, others = _choose_sheet(book, sheet)
    if page.start is None:
        raise quarantined("empty_file")
    return Opened(page, others)


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
