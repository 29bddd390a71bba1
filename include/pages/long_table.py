"""Long tables as CSV and as a workbook, written column by column: for a hundred thousand rows.

The same files as `workbook` makes, an order of magnitude faster: Excel's frame around the rows is
xlsxwriter's, the rows are joined by Arrow. Nothing but one piece is held in memory.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from include.pages.columns import Column
from include.pages.workbook import MAX_ROWS, MAX_TEXT, Sheet, workbook

_FORMULA = r"^[=+\-@\t\r]"
_PLAIN_NUMBER = r"^[+-]?\d+(?:[.,]\d+)?$"
_QUOTED = '[;"\r\n]'
#: What xlsxwriter writes in its own way: control characters, and texts that look like its escapes.
_ODD = "[\\x00-\\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_"
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LIKE_ESCAPE = re.compile("_(x[0-9A-Fa-f]{4}_)")


class CsvFile:
    """A CSV for spreadsheets: a byte order mark, semicolons, every cell neutralised."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._file: BinaryIO = path.open("wb")
        head = pa.record_batch([pa.array([title]) for title in titles], names=_names(titles))
        self._file.write("\ufeff".encode())
        self.write(head)

    def write(self, piece: pa.RecordBatch) -> None:
        """Add rows; the columns in the order of the titles."""
        cells = [_csv_cells(column) for column in piece.columns]
        lines = pc.binary_join_element_wise(*cells, ";")
        self._file.write(_joined(lines, "\r\n"))

    def close(self) -> None:
        """Nothing more follows."""
        self._file.close()


class WorkbookFile:
    """A workbook of one table of ``rows`` rows, which goes on in more sheets where it must."""

    def __init__(
        self,
        path: Path,
        title: str,
        columns: Sequence[Column],
        rows: int,
        lang: str,
        *,
        made: datetime,
    ) -> None:
        self._kinds = [column.kind for column in columns]
        full, rest = divmod(rows, MAX_ROWS)
        self._sizes = [MAX_ROWS] * full + ([rest] if rest or not full else [])
        model = {c.key: 0 if c.numeric else "x" for c in columns}
        sheets = [Sheet(title, columns, [model])] * len(self._sizes)
        self._frame = zipfile.ZipFile(io.BytesIO(workbook(sheets, lang, made=made)))
        self._out = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheet = 0
        self._copy_parts()
        self._begin()

    def write(self, piece: pa.RecordBatch) -> None:
        """Add rows; texts as Arrow strings, numbers as integers."""
        while piece.num_rows:
            part = piece.slice(0, self._sizes[self._sheet] - self._written)
            self._write(part)
            piece = piece.slice(part.num_rows)
            if piece.num_rows:
                self._end()
                self._sheet += 1
                self._begin()

    def close(self) -> None:
        """Nothing more follows."""
        self._end()
        self._out.close()

    def _copy_parts(self) -> None:
        for info in self._frame.infolist():
            if info.filename.startswith("xl/worksheets/sheet"):
                continue
            data = self._frame.read(info)
            if info.filename == "xl/workbook.xml":
                data = re.sub(rb'localSheetId="(\d+)"[^<]*\$2(?=<)', self._filtered, data)
            self._out.writestr(info, data)

    def _filtered(self, found: re.Match[bytes]) -> bytes:
        last = max(self._sizes[int(found[1])], 1) + 1
        return found[0][:-1] + str(last).encode()

    def _begin(self) -> None:
        name = f"xl/worksheets/sheet{self._sheet + 1}.xml"
        text = self._frame.read(name)
        start = text.index(b'<row r="2"')
        end = text.index(b"</sheetData>")
        self._styles = [int(style) for style in re.findall(rb' s="(\d+)"', text[start:end])]
        last = str(max(self._sizes[self._sheet], 1) + 1).encode()
        head, self._foot = (
            re.sub(rb'( ref="A1:[A-Z]+)2"', rb"\g<1>" + last + b'"', part)
            for part in (text[:start], text[end:])
        )
        self._written = 0
        self._part = self._out.open(zipfile.ZipInfo(name), "w", force_zip64=True)
        self._part.write(head)

    def _end(self) -> None:
        self._part.write(self._foot)
        self._part.close()

    def _write(self, piece: pa.RecordBatch) -> None:
        first = self._written + 2
        self._written += piece.num_rows
        rows = pa.array(range(first, first + piece.num_rows)).cast(pa.string())
        cells = [
            _sheet_cells(column, rows, place, self._styles[place], self._kinds[place] == "phone")
            for place, column in enumerate(piece.columns)
        ]
        lines = pc.binary_join_element_wise('<row r="', rows, '">', *cells, "</row>", "")
        self._part.write(_joined(lines, ""))


def column_letter(index: int) -> str:
    """A column as spreadsheets name it: 28 is AB."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _names(titles: Sequence[Any]) -> list[str]:
    return [str(place) for place in range(len(titles))]


def _joined(lines: pa.Array, end: str) -> bytes:
    """Strings one after the other: already so in Arrow's memory, but for the ends."""
    if not len(lines):
        return b""
    whole = pc.binary_join_element_wise(lines, "", end) if end else lines
    offsets = whole.buffers()[1]
    size = int.from_bytes(offsets[len(whole) * 4 : len(whole) * 4 + 4].to_pybytes(), "little")
    return bytes(whole.buffers()[2][:size].to_pybytes())


def _csv_cells(column: pa.Array) -> pa.Array:
    text = pc.fill_null(_neutral(column.cast(pa.string())), "")
    quoted = pc.match_substring_regex(text, _QUOTED)
    if not pc.any(quoted).as_py():
        return text
    inside = pc.replace_substring(text, '"', '""')
    return pc.if_else(quoted, pc.binary_join_element_wise('"', inside, '"', ""), text)


def computes(text: pa.Array) -> pa.Array:
    """For each text whether a spreadsheet would take it for a formula; plain numbers are none."""
    risky = pc.match_substring_regex(text, _FORMULA)
    if not pc.any(risky).as_py():
        return risky
    return pc.and_(risky, pc.invert(pc.match_substring_regex(text, _PLAIN_NUMBER)))


def _neutral(text: pa.Array) -> pa.Array:
    """`neutralise` for a column."""
    risky = computes(text)
    if not pc.any(risky).as_py():
        return text
    return pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text)


def _sheet_cells(
    column: pa.Array, rows: pa.Array, place: int, style: int, as_it_is: bool
) -> pa.Array:
    head = f'<c r="{column_letter(place + 1)}'
    if pa.types.is_integer(column.type):
        values = column.cast(pa.string())
        cells = pc.binary_join_element_wise(
            head, rows, f'" s="{style}"><v>', values, "</v></c>", ""
        )
    else:
        text = _written(column if as_it_is else _neutral(column))
        space = ' xml:space="preserve"'
        start = f'" s="{style}" t="inlineStr"><is><t{space}>'
        cells = pc.binary_join_element_wise(head, rows, start, text, "</t></is></c>", "")
    return pc.fill_null(cells, "")


def _written(text: pa.Array) -> pa.Array:
    """The texts as XML holds them; empty ones are none."""
    odd = pc.match_substring_regex(text, _ODD)
    if pc.any(odd).as_py():
        texts = [
            _escaped(t) if o else t for t, o in zip(text.to_pylist(), odd.to_pylist(), strict=True)
        ]
        text = pa.array(texts, pa.string())
    if (pc.max(pc.binary_length(text)).as_py() or 0) > MAX_TEXT:
        text = pc.utf8_slice_codeunits(text, 0, MAX_TEXT)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        if pc.any(pc.match_substring(text, sign)).as_py():
            text = pc.replace_substring(text, sign, entity)
    empty = pc.equal(text, "")
    return pc.if_else(empty, None, text) if pc.any(empty).as_py() else text


def _escaped(text: str) -> str:
    text = _LIKE_ESCAPE.sub(r"_x005F_\1", _UNWRITABLE.sub("\ufffd", text))
    return text.replace("\r", "_x000D_")
