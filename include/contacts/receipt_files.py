"""The files beside a receipt: the preview, the mapping to confirm, the refused rows to correct."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from include.contacts.findings import Reading, Refused
from include.contacts.mapping import Mapping
from include.contacts.proposal import REJECT_COLUMNS
from include.contacts.uploads import Upload
from include.pages import Column, words
from include.pages.workbook import Sheet, neutralise, workbook


def preview_csv(reading: Reading) -> str:
    """Header and the first five data rows."""
    head = reading.preview
    rows = zip(*head.columns, strict=True) if head.rows else []
    return _csv([_titles(reading), *([cell or "" for cell in row] for row in rows)])


def rejects_csv(reading: Reading, refused: Iterable[Refused], language: str) -> str:
    """Every refused row as it was, then its number, code and reason."""
    t = words(language)
    lines = ([*r.cells, r.row, r.code, t(f"reason.{r.code}")] for r in refused)
    return "\ufeff" + _csv([[*_titles(reading), *REJECT_COLUMNS], *lines])


def rejects_xlsx(reading: Reading, refused: Iterable[Refused], language: str, phone: int) -> bytes:
    """The same as a workbook; the numbers in column ``phone`` stay text."""
    t = words(language)
    columns = [
        Column(f"c{i}", title, "phone" if i == phone else "text")
        for i, title in enumerate(_titles(reading), 1)
    ]
    columns += [Column(REJECT_COLUMNS[0], REJECT_COLUMNS[0], "number")]
    columns += [Column(name, name, "text") for name in REJECT_COLUMNS[1:]]
    rows = (
        {
            **{f"c{i}": cell for i, cell in enumerate(r.cells, 1)},
            **dict(zip(REJECT_COLUMNS, (r.row, r.code, t(f"reason.{r.code}")), strict=True)),
        }
        for r in refused
    )
    return workbook(
        [Sheet(t("receipt.refused"), columns, rows)], lang=language, made=datetime.now(UTC)
    )


def _titles(reading: Reading) -> list[str]:
    columns = reading.proposal.columns
    return [column.header or column_letter(column.index) for column in columns]


def column_letter(index: int) -> str:
    """A column as spreadsheets name it: 28 is AB."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([neutralise(cell) for cell in row] for row in rows)
    return out.getvalue()


def mapping_yaml(upload: Upload, reading: Reading, mapping: Mapping | None) -> str:
    """The proposal (or what was confirmed) as a mapping file, ready to be edited and dropped."""
    t = words(upload.language)
    lines = [
        f"# {_one_line(t('mapping.head_1', file=upload.name), 200)}",
        f"# {t('mapping.head_2')}",
        f"# {t('mapping.targets')}",
        "version: 1",
        "kind: contact-list",
        f"import_id: {upload.import_id}",
        f"list: {upload.list_name}",
        f"confirmed: {'true' if mapping else 'false'}",
        f"mode: {mapping.mode if mapping else 'update'}",
        "file:",
        f"  header_row: {reading.proposal.header_row}",
    ]
    if reading.cells.sheet:
        lines.append(f"  sheet: {json.dumps(reading.cells.sheet)}")
    if reading.cells.delimiter:
        lines.append(f"  delimiter: {json.dumps(reading.cells.delimiter)}")
    return "\n".join([*lines, "columns:", *_column_lines(reading, mapping)]) + "\n"


def _column_lines(reading: Reading, mapping: Mapping | None) -> Iterator[str]:
    chosen = mapping.targets if mapping else None
    samples = reading.preview.columns
    for column in reading.proposal.columns:
        to = column.to if chosen is None else chosen.get(column.index, "ignore")
        seen = [value for value in samples[column.index - 1] if value][:3]
        shown = _one_line(" · ".join([column.header or "–", *seen]), 80)
        yield f"  - {{column: {column.index}, to: {to}}}  # {shown}"


def _one_line(text: str, length: int) -> str:
    """A client's text made fit for a comment: printable, short, on one line."""
    return "".join(c if c.isprintable() else " " for c in text)[:length]
