"""Rows of a workbook or of a CSV file as text cells, numbered as Excel shows them."""

import codecs
import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from include.contacts.refusal import RefusalError, mapping_refused, quarantined

Row = tuple[int, list[str | None]]
DELIMITERS = (";", "\t", "|", ",")
_BLANKS_BEFORE_STOP = 1_000
_SNIFFED_LINES = 50
_EXACT_FLOAT = 1e15


@dataclass
class Source:
    """What a file turned out to be, and its rows: blank ones left out, each as long as it is."""

    format: str
    rows: Iterator[Row]
    width: int
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    other_sheets: list[str] = field(default_factory=list)


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
    offset = page.start[1]
    left: list[str | None] = [None] * offset
    rows = _numbered(left + [_text(v) for v in row] for row in page.iter_rows())
    return Source(kind, rows, page.width + offset, sheet=name, other_sheets=others)


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


def _numbered(rows: Iterator[list[str | None]]) -> Iterator[Row]:
    blanks = 0
    for number, row in enumerate(rows, 1):
        if any(row):
            blanks = 0
            yield number, row
            continue
        blanks += 1
        if blanks > _BLANKS_BEFORE_STOP:
            return


def open_csv(path: Path, encoding: str | None, delimiter: str | None) -> Source:
    """A delimited text: encoding and delimiter as told, else found out."""
    encoding = encoding or detect_encoding(path)
    try:
        text = path.open(encoding=encoding, newline="")
        start, told = _skip_sep_line(text)
        sample = _sample(text)
    except UnicodeError as error:
        raise quarantined("encoding_unknown", encoding=encoding) from error
    delimiter = delimiter or told or detect_delimiter(sample)
    width = _usual_width(sample, delimiter)
    rows = _csv_rows(path, encoding, delimiter, start)
    return Source("csv", rows, width, encoding=encoding.removesuffix("-sig"), delimiter=delimiter)


def detect_encoding(path: Path) -> str:
    """A byte order mark, then strict UTF-8, then cp1252: detectors guess wrong on short French."""
    data = path.read_bytes()
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise quarantined("encoding_unknown", encoding="utf-8, cp1252")


def _skip_sep_line(text: io.TextIOWrapper) -> tuple[int, str | None]:
    line = text.readline(16).rstrip("\r\n")
    if line.lower().startswith("sep=") and len(line) == 5:
        return 1, line[4]
    text.seek(0)
    return 0, None


def _sample(text: io.TextIOWrapper) -> str:
    with text:
        return "".join(text.readline(65_536) for _ in range(_SNIFFED_LINES))


def detect_delimiter(sample: str) -> str:
    """The one that cuts most lines into the same number of pieces; a single column has none."""
    best, best_score = ";", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(sample, delimiter)
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = (count / len(widths), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(sample: str, delimiter: str) -> list[int]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        return [len(row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def _usual_width(sample: str, delimiter: str) -> int:
    counts = Counter(_widths(sample, delimiter))
    if not counts:
        return 1
    most = max(counts.values())
    return max(width for width, count in counts.items() if count == most)


def _csv_rows(path: Path, encoding: str, delimiter: str, skip: int) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="") as text:
        for _ in range(skip):
            text.readline()
        try:
            yield from _numbered(_cells(csv.reader(text, delimiter=delimiter)))
        except csv.Error as error:
            raise quarantined("unclosed_quote") from error
        except UnicodeError as error:
            raise quarantined("encoding_unknown", encoding=encoding) from error


def _cells(reader: Any) -> Iterator[list[str | None]]:
    for row in reader:
        yield [None if not cell or cell.isspace() else cell for cell in row]
