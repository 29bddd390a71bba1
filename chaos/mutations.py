"""Damage to files: in their bytes, and in what their bytes mean (ZIP parts, XML, BIFF records)."""

import io
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable

Mutation = Callable[[random.Random, bytes], bytes]
_NUMBERS = (0, 1, -1, 255, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 10**30)
_TEXTS = (
    b"&#0;", b"&#xD800;", b"&amp;&lt;", b"]]>", b"<!-- --", b"\xff\xfe", b"\xed\xa0\x80", b"=1+1",
    b"A" * 70_000, b"<a>" * 3_000, b"\x00", "\u202e\u0000".encode(), b"&nobody;", b"<?xml?>",
)  # fmt: skip
_TAG = re.compile(rb"<[^<>]+>")
_VALUE = re.compile(rb'="[^"]*"')
_INNER = re.compile(rb">[^<>]+<")
_SECTOR = 512


def some_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes flipped, cut out, put in, repeated, or the end cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        at, kind = rng.randrange(len(changed)), rng.randrange(6)
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 200)]
        elif kind == 3:
            changed[at:at] = rng.randbytes(rng.randrange(1, 200))
        elif kind == 4:
            changed[at : at + 4] = struct.pack("<I", _number(rng) & 0xFFFFFFFF)
        else:
            changed[at:at] = changed[max(at - 512, 0) : at]
        if not changed:
            return b""
    return bytes(changed[: rng.randrange(1, len(changed) + 1)] if rng.random() < 0.1 else changed)


def zip_parts(rng: random.Random, data: bytes) -> bytes:
    """The parts of a workbook taken away, doubled, renamed, exchanged, multiplied, or rewritten."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = [(entry.filename, book.read(entry)) for entry in book.infolist()]
    at, kind = rng.randrange(len(parts)), rng.randrange(8)
    name, content = parts[at]
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts.append((name, content[: rng.randrange(len(content) + 1)]))
    elif kind == 2:
        parts[at] = (rng.choice((name.upper(), name + "/", "./" + name, "xl//" + name)), content)
    elif kind == 3:
        other = rng.randrange(len(parts))
        parts[at], parts[other] = (name, parts[other][1]), (parts[other][0], content)
    elif kind == 4:
        parts += [(f"xl/worksheets/sheet{n}.xml", content) for n in range(100, 160)]
    elif kind == 5:
        parts[at] = (name, content.replace(b"UTF-8", rng.choice((b"UTF-16", b"EBCDIC", b"x" * 99))))
    elif kind == 6:
        parts[at] = (name, content.decode("utf-8", "replace").encode("utf-16"))
    else:
        parts[at] = (name, rng.randbytes(rng.randrange(2_000)))
    return _packed(parts, rng)


def markup(rng: random.Random, data: bytes) -> bytes:
    """The XML of a workbook with tags, attributes and texts that nobody expects."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = [(entry.filename, book.read(entry)) for entry in book.infolist()]
    for _ in range(rng.choice((1, 1, 2, 6))):
        at = rng.randrange(len(parts))
        parts[at] = (parts[at][0], _rewritten(rng, parts[at][1]))
    return _packed(parts, rng)


def _rewritten(rng: random.Random, text: bytes) -> bytes:
    pattern = rng.choice((_TAG, _VALUE, _VALUE, _VALUE, _INNER))
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = rng.choice(found)
    old = match[0]
    if pattern is _VALUE:
        new = rng.choice(
            (b'="%d"' % _number(rng), b'="' + rng.choice(_TEXTS) + b'"', b'="XFD1048576"', b'=""')
        )
    elif pattern is _INNER:
        new = b">" + rng.choice((b"%d" % _number(rng), b"1e400", b"NaN", *_TEXTS)) + b"<"
    else:
        new = rng.choice((b"", old * 2, old * 500, old[:-1], b"<f>1/0</f>" + old))
    return text[: match.start()] + new + text[match.end() :]


def _packed(parts: list[tuple[str, bytes]], rng: random.Random) -> bytes:
    warnings.simplefilter("ignore", UserWarning)  # of names that come twice, which is meant
    out = io.BytesIO()
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    with zipfile.ZipFile(out, "w", method) as book:
        for name, content in parts:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            with book.open(entry, "w") as part:
                part.write(content)
    return out.getvalue()


def zip_headers(rng: random.Random, data: bytes) -> bytes:
    """Sizes, methods, flags and places in the ZIP's own headers that are not true."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3))):
        signature, size = rng.choice(
            ((b"PK\x01\x02", 46), (b"PK\x03\x04", 30), (b"PK\x05\x06", 22))
        )
        places = [m.start() for m in re.finditer(re.escape(signature), changed)]
        if places:
            at = rng.choice(places) + 4 + rng.randrange(size - 5)
            changed[at : at + 2] = struct.pack("<H", _number(rng) & 0xFFFF)
    return bytes(changed)


def records(rng: random.Random, data: bytes) -> bytes:
    """BIFF records of an .xls with other types, lengths and contents, doubled, or away."""
    places = list(_records(data))
    if not places:
        return some_bytes(rng, data)
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 10))):
        at, length = rng.choice(places)
        kind = rng.randrange(5)
        if kind == 0:
            changed[at : at + 2] = struct.pack("<H", rng.choice(places)[0] & 0xFFFF)
        elif kind == 1:
            changed[at + 2 : at + 4] = struct.pack("<H", _number(rng) & 0xFFFF)
        elif kind == 2 and length:
            inside = at + 4 + rng.randrange(length)
            changed[inside] = rng.randrange(256)
        elif kind == 3 and length >= 2:
            inside = at + 4 + rng.randrange(length - 1)
            changed[inside : inside + 2] = struct.pack("<H", _number(rng) & 0xFFFF)
        else:
            other, size = rng.choice(places)
            body = bytes(changed[other : other + 4 + size])
            changed[at : at + len(body)] = body
    return bytes(changed[: len(data)])


def _records(data: bytes) -> list[tuple[int, int]]:
    """Place and length of each record of a stream that begins in the first sector, as xlwt writes."""
    found, at = [], _SECTOR
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0 and length == 0:
            break
        found.append((at, length))
        at += 4 + length
    return found


def sectors(rng: random.Random, data: bytes) -> bytes:
    """The OLE2 container's header, allocation tables and directory: loops and places outside."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        in_header = rng.random() < 0.4
        start = (
            0
            if in_header
            else _SECTOR * rng.randrange(max(len(data) // _SECTOR - 3, 1), len(data) // _SECTOR)
        )
        at = start + 4 * rng.randrange(_SECTOR // 4)
        changed[at : at + 4] = struct.pack("<I", rng.choice((*range(12), *_NUMBERS)) & 0xFFFFFFFF)
    return bytes(changed)


def _number(rng: random.Random) -> int:
    return rng.choice((rng.choice(_NUMBERS), rng.randrange(70_000)))


XLSX: tuple[Mutation, ...] = (some_bytes, zip_parts, markup, markup, zip_headers)
XLS: tuple[Mutation, ...] = (some_bytes, records, records, sectors)
