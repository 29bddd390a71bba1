"""The files beside a receipt: the preview, the mapping to confirm, the refused rows to correct."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.contacts.findings import Findings, Reading
from include.contacts.mapping import Mapping
from include.contacts.proposal import REJECT_COLUMNS
from include.contacts.rows import CODES
from include.contacts.uploads import Upload
from include.pages import Column, words
from include.pages.long_table import CsvFile, WorkbookFile, column_letter
from include.pages.workbook import neutralise

REJECTS = ("rejects.csv", "rejects.xlsx")


def preview_csv(reading: Reading) -> str:
    """Header and the first five data rows."""
    head = reading.preview
    rows = zip(*head.columns, strict=True) if head.rows else []
    return _csv([_titles(reading), *([cell or "" for cell in row] for row in rows)])


def write_rejects(folder: Path, found: Findings, language: str) -> None:
    """``rejects.csv`` and ``rejects.xlsx``: refused rows as they were, then row, code and reason."""
    reading, mapping = found.reading, found.mapping
    if reading is None or mapping is None:
        raise ValueError("no rows have been judged")
    t = words(language)
    titles = _titles(reading)
    phone = mapping.columns["phone"]
    columns = [
        Column(f"c{i}", title, "phone" if i == phone else "text")
        for i, title in enumerate(titles, 1)
    ]
    columns += [Column(REJECT_COLUMNS[0], REJECT_COLUMNS[0], "number")]
    columns += [Column(name, name, "text") for name in REJECT_COLUMNS[1:]]
    book = WorkbookFile(
        folder / REJECTS[1],
        t("receipt.refused"),
        columns,
        found.counts()["rejected"],
        language,
        made=datetime.now(UTC),
    )
    text = CsvFile(folder / REJECTS[0], [*titles, *REJECT_COLUMNS])
    reasons = pa.array([t(f"reason.{code}") if code else "" for code in CODES])
    for piece in found.refused_pieces():
        whole = piece.append_column(REJECT_COLUMNS[2], reasons.take(piece["code"]))
        whole = whole.set_column(
            len(columns) - 2, REJECT_COLUMNS[1], pa.array(CODES).take(piece["code"])
        )
        book.write(whole)
        text.write(whole)
    book.close()
    text.close()


def _titles(reading: Reading) -> list[str]:
    columns = reading.proposal.columns
    return [column.header or column_letter(column.index) for column in columns]


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
