"""A delimited text as pieces of text cells.

Where no quote stands, Arrow's parser splits as the csv module does, thirty times faster; quoted
stretches go through the csv module itself. A property test holds both against each other.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from include.contacts.pieces import ROWS, Numbering, Source, Split, cut
from include.contacts.refusal import quarantined

DELIMITERS = (";", "\t", "|", ",")
_SNIFFED_LINES = 50
_CHUNK = 4 * 1024 * 1024


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
    pieces = _pieces(path, encoding, delimiter, width, start)
    return Source("csv", pieces, width, encoding=encoding.removesuffix("-sig"), delimiter=delimiter)


def detect_encoding(path: Path) -> str:
    """A byte order mark, then strict UTF-8, then cp1252: detectors guess wrong on short French."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        if _can_be(path, encoding):
            return encoding
    raise quarantined("encoding_unknown", encoding="utf-8, cp1252")


def _can_be(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while data := file.read(_CHUNK):
                decoder.decode(data)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


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


def _pieces(
    path: Path, encoding: str, delimiter: str, width: int, skip: int
) -> Iterator[pa.RecordBatch]:
    numbering = Numbering(width)
    with path.open(encoding=encoding, newline="") as text:
        for _ in range(skip):
            text.readline()
        try:
            for rows in _Splitter(text, delimiter, width).parts():
                piece = numbering.number(*rows)
                if piece.num_rows:
                    yield piece
                if numbering.ended:
                    return
        except _UnclosedQuoteError as error:
            raise quarantined("unclosed_quote", row=numbering.counted + error.row) from error
        except UnicodeError as error:
            raise quarantined("encoding_unknown", encoding=encoding) from error


class _UnclosedQuoteError(Exception):
    """A cell that began with a quotation mark goes on to the end of the text, or for too long."""

    def __init__(self, row: int) -> None:
        self.row = row  # behind those handed over


class _Splitter:
    """Cuts a text into rows of cells, some megabytes at a time."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, width: int) -> None:
        self.text, self.delimiter, self.width = text, delimiter, width
        self.rest = ""
        # What Arrow takes for a delimiter: one plain character that means nothing else.
        self.plain = delimiter.isascii() and delimiter not in '"\r\n\0'

    def parts(self) -> Iterator[Split]:
        """The columns of the rows, and what stood beyond the last one."""
        while (chunk := self.text.read(_CHUNK)) or self.rest:
            block, self.rest = self.rest + chunk, ""
            if not self.plain or '"' in block:
                yield from self._quoted(block)
                continue
            end = _last_line_end(block) if chunk else len(block)
            block, self.rest = block[:end], block[end:]
            if block:
                yield self._plain(block.encode())

    def _plain(self, block: bytes) -> Split:
        ragged: list[tuple[int, str]] = []

        def odd(row: Any) -> str:
            ragged.append((row.number - 1, row.text))
            return "skip"

        names = [f"c{i}" for i in range(1, self.width + 1)]
        table = pyarrow.csv.read_csv(
            pa.BufferReader(block),
            pyarrow.csv.ReadOptions(
                column_names=names, block_size=len(block) + 1, use_threads=False
            ),
            pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                quote_char=False,
                ignore_empty_lines=False,
                invalid_row_handler=odd,
            ),
            pyarrow.csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        even = [column.combine_chunks() for column in table.columns]
        if ragged:
            return self._with_ragged(even, ragged)
        return even, pa.nulls(len(table), pa.string())

    def _with_ragged(self, even: list[pa.Array], ragged: list[tuple[int, str]]) -> Split:
        """Rows with cells too few or too many, between those that Arrow could read."""
        odd, extra = cut([text.split(self.delimiter) for _, text in ragged], self.width)
        places = np.array([place for place, _ in ragged])
        size = len(even[0]) + len(ragged)
        others = np.delete(np.arange(size), places)
        order = pa.array(np.argsort(np.concatenate([others, places]), kind="stable"))
        extra = pa.concat_arrays([pa.nulls(len(others), pa.string()), extra])
        columns = [pa.concat_arrays([a, b]).take(order) for a, b in zip(even, odd, strict=True)]
        return columns, extra.take(order)

    def _quoted(self, block: str) -> Iterator[Split]:
        """The rows of ``block``; the last one goes on beyond it where it must."""
        if block.endswith("\r"):
            block += self.text.read(1)
        lines = _Lines(block, self.text)
        rows: list[list[str]] = []
        try:
            for row in csv.reader(lines, delimiter=self.delimiter):
                if lines.exhausted:  # the reader asked for more lines than there are
                    raise _UnclosedQuoteError(len(rows) + 1)
                rows.append(row)
                if len(rows) == ROWS:
                    yield cut(rows, self.width)
                    rows = []
                if lines.used_up:
                    break
        except csv.Error as error:
            raise _UnclosedQuoteError(len(rows) + 1) from error
        yield cut(rows, self.width)


def _last_line_end(block: str) -> int:
    """Behind the last line that is whole; a carriage return at the very end may be half of one."""
    return block.rfind("\n") + 1 or block.rfind("\r", 0, -1) + 1


class _Lines:
    """The lines of a block, then those of the text that follows it."""

    def __init__(self, block: str, text: io.TextIOWrapper) -> None:
        self.block, self.text = block, text
        self.used_up = False
        self.exhausted = False

    def __iter__(self) -> Iterator[str]:
        *lines, last = io.StringIO(self.block, newline="")
        yield from lines
        self.used_up = True
        # A line that the block cuts through is whole only with what follows.
        yield last if last.endswith("\n") else last + self.text.readline()
        yield from iter(self.text.readline, "")
        self.exhausted = True
