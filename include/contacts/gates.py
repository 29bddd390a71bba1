"""What a file must pass before any parser sees it: size, real type, and what a workbook holds.

Standard library only: this runs in the limited child process before a parser sees anything.
"""

import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from include.contacts.refusal import RefusalError, quarantined

EXTENSIONS = {"csv": "csv", "txt": "csv", "xls": "xls", "xlsx": "xlsx", "xlsm": "xlsx"}
OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")
_CHUNK = 256 * 1024
_OVERLAP = 64
_MAX_ENTRIES = 2_000
_MAX_INFLATED = 200 * 1024 * 1024
_MAX_RATIO = 100
_RATIO_FLOOR = 10 * 1024 * 1024
_MAX_COLUMNS = 64
_MAX_LINE = 1024 * 1024
_NESTED = (".zip", ".xlsx", ".xlsm", ".xls", ".docx", ".jar", ".7z", ".rar", ".gz")
_TYPES_BY_MAGIC = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"\x1f\x8b", "gzip"),
    (b"\x1f\x9d", "compress"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "rar"),
    (b"{\\rtf", "rtf"),
)
_TYPES_BY_ENTRY = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("word/", "docx"),
    ("ppt/", "pptx"),
)
#: All that zipfile was seen to raise on damaged archives.
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_DOCTYPES = [b"<!DOCTYPE", *("<!DOCTYPE".encode(e) for e in ("utf-16-le", "utf-16-be"))]


@dataclass(frozen=True)
class Limits:
    """Settings that the gate needs."""

    max_bytes: int
    max_rows: int


def check_file(path: Path, name: str, limits: Limits) -> str:
    """The format of a file called ``name`` ("csv", "xls" or "xlsx"); raises ``RefusalError``."""
    size = path.stat().st_size
    if size == 0:
        raise quarantined("empty_file")
    if size > limits.max_bytes:
        raise quarantined("too_large", limit=limits.max_bytes >> 20)
    expected = kind_of(name)
    if expected is None:
        raise quarantined("unknown_format", extension=_extension(name) or "-")
    real = real_type(path)
    if real == "zip" and expected == "xlsx":
        raise quarantined("not_a_complete_workbook")
    if real == "ole2":
        real = _ole2_type(path)
    if real != expected:
        raise quarantined(f"content_is_{real}", text="content_is", real=real, expected=expected)
    if real == "xlsx":
        _check_workbook(path, limits)
    elif real == "csv":
        _check_lines(path)
    return real


def kind_of(name: str) -> str | None:
    """What a file of that name claims to be; ``None`` for nothing that is taken."""
    return EXTENSIONS.get(_extension(name))


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def real_type(path: Path) -> str:
    """What the first bytes say: a format's name; "zip" is one whose directory cannot be read."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(OLE2[:4]):
        return "ole2"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_type(path)
    for magic, kind in _TYPES_BY_MAGIC:
        if head.startswith(magic):
            return kind
    return _text_type(head)


def _zip_type(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _BROKEN_ZIP:
        return "zip"
    if "mimetype" in names and "content.xml" in names:
        return "ods"
    for entry, kind in _TYPES_BY_ENTRY:
        if any(name == entry or (entry.endswith("/") and name.startswith(entry)) for name in names):
            return kind
    return "archive"


def _text_type(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return "csv"
    start = head.lstrip()[:256].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<meta")):
        return "html"
    if start.startswith(b"<?xml"):
        return "html" if b"<html" in head.lower() else "xml"
    # A stray control character is the matter of its row; many of them are no text at all.
    odd = sum(byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b\x1a" for byte in head)
    return "binary" if odd * 20 > len(head) else "csv"


def _ole2_type(path: Path) -> str:
    data = path.read_bytes()
    if _utf16("EncryptedPackage") in data:
        raise quarantined("password_protected")
    if _utf16("_VBA_PROJECT_CUR") in data or _utf16("_VBA_PROJECT") in data:
        raise quarantined("macros_not_allowed")
    if _utf16("WordDocument") in data:
        return "doc"
    if _utf16("PowerPoint Document") in data:
        return "ppt"
    return "xls"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _check_workbook(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_names(entries)
            total = 0
            for entry in entries:
                total += _check_entry(archive, entry, total, path.stat().st_size, limits)
    except RefusalError:
        raise
    except _BROKEN_ZIP as e:
        raise quarantined("not_a_complete_workbook") from e


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > _MAX_ENTRIES:
        raise quarantined("too_many_parts_in_workbook", limit=_MAX_ENTRIES)
    for entry in entries:
        name = entry.filename.lower()
        if entry.flag_bits & 1:
            raise quarantined("password_protected")
        if ".." in name.split("/") or name.startswith("/") or "\\" in name:
            raise quarantined("bad_part_name")
        if name.endswith("vbaproject.bin"):
            raise quarantined("macros_not_allowed")
        if name.startswith("xl/externallinks/"):
            raise quarantined("external_links_not_allowed")
        if name.endswith(_NESTED):
            raise quarantined("nested_archive")


def _check_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, before: int, size: int, limits: Limits
) -> int:
    """Inflate one part in small pieces, looking at each; how many bytes it came to."""
    name = entry.filename.lower()
    markup = name.endswith((".xml", ".rels", ".vml"))
    sheet = name.startswith("xl/worksheets/")
    inflated, tail = 0, b""
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            if inflated == 0 and chunk.startswith(b"PK\x03\x04"):
                raise quarantined("nested_archive")
            inflated += len(chunk)
            total = before + inflated
            if total > _MAX_INFLATED or (total > _RATIO_FLOOR and total > size * _MAX_RATIO):
                raise quarantined("inflates_over_limit", limit=_MAX_INFLATED >> 20)
            if markup:
                window = tail + chunk
                _check_markup(window, sheet, limits)
                tail = window[-_OVERLAP:]
    return inflated


def _check_markup(window: bytes, sheet: bool, limits: Limits) -> None:
    if any(doctype in window for doctype in _DOCTYPES):
        raise quarantined("dtd_not_allowed")
    if not sheet:
        return
    for reference in _far_reference(max(5, len(str(limits.max_rows)))).finditer(window):
        if reference["row"] is None or int(reference["row"]) > limits.max_rows:
            raise quarantined(
                "sheet_dimension_over_limit", rows=limits.max_rows, columns=_MAX_COLUMNS
            )


@cache
def _far_reference(digits: int) -> re.Pattern[bytes]:
    """A cell right of the 64th column, or a row or cell with so many digits in its row."""
    # Plain letters first, what stands before them after: only so does the search skip ahead.
    far = b"(?:[A-Z]{3}|B[M-Z]|[C-Z][A-Z])\\d|[A-Z]{0,3}(?P<row>\\d{%d,})" % digits
    return re.compile(b"r=[\"'](?<=\\sr=[\"'])(?:" + far + b")")


def _check_lines(path: Path) -> None:
    """A line that ends within a piece is short enough: only those across pieces can be too long."""
    length = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            ends = [place for place in map(chunk.find, (b"\n", b"\r")) if place >= 0]
            if length + min(ends, default=len(chunk)) > _MAX_LINE:
                raise quarantined("line_too_long", limit=_MAX_LINE >> 20)
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            length = len(chunk) - last - 1 if ends else length + len(chunk)
