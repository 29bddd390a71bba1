"""The structure of a spool: which layout holds for which lines, and whether every line obeys it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from include.taxation.faults import SpoolFault
from include.taxation.layout import Layout, parse_format_line


@dataclass(frozen=True)
class Section:
    """The records after one format line, each exactly ``layout.record_length`` bytes and a \\n."""

    layout: Layout
    first_line: int
    body: bytes
    version: bytes

    @property
    def stride(self) -> int:
        """Bytes from one record to the next."""
        return self.layout.record_length + 1

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.body) // self.stride


def sections(text: bytes, *, blanks_stripped: bool = False) -> list[Section]:
    """The whole spool in sections, checked.

    ``blanks_stripped``: the PBX cuts trailing blanks off its lines, so a shorter line is sound as
    long as its TicketVersion is there. Raises ``SpoolFault`` with the number of the first bad line.
    """
    if not text.startswith(b"#"):
        raise SpoolFault("no_format_line", line=1)
    found = list(_split(text, blanks_stripped))
    if not text.endswith(b"\n"):
        raise SpoolFault("truncated", line=text.count(b"\n") + 1)
    return found


def _split(text: bytes, blanks_stripped: bool) -> Iterator[Section]:
    starts = _format_lines(text)
    line = 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        head_end = text.find(b"\n", start, end)
        if head_end < 0:
            raise SpoolFault("truncated", line=line)
        head = text[start:head_end]
        layout = parse_format_line(head.rstrip(b"\r"), number=line)
        body = text[head_end + 1 : end]
        if head.endswith(b"\r"):
            body = body.replace(b"\r\n", b"\n")
        section = _section(layout, line + 1, body, blanks_stripped)
        yield section
        line += 1 + section.count


def _format_lines(text: bytes) -> list[int]:
    starts, at = [0], text.find(b"\n#")
    while at >= 0:
        starts.append(at + 1)
        at = text.find(b"\n#", at + 1)
    return starts


def _section(layout: Layout, first_line: int, body: bytes, blanks_stripped: bool) -> Section:
    stride = layout.record_length + 1
    count, rest = divmod(len(body), stride)
    ends = body[layout.record_length :: stride]
    if rest or ends != b"\n" * count or body.count(b"\n") != count:
        body = _padded(layout, first_line, body, blanks_stripped)
    version = _one_version(layout, first_line, body)
    return Section(layout, first_line, body, version)


def _padded(layout: Layout, first_line: int, body: bytes, blanks_stripped: bool) -> bytes:
    lines = body.split(b"\n")
    tail = lines.pop()
    for number, line in enumerate(lines, first_line):
        short = blanks_stripped and layout.version.first <= len(line) < layout.record_length
        if len(line) != layout.record_length and not short:
            detail = f"{len(line)} bytes, not {layout.record_length}"
            raise SpoolFault("bad_record_length", line=number, detail=detail)
    if tail:
        raise SpoolFault("truncated", line=first_line + len(lines))
    return b"".join(line.ljust(layout.record_length) + b"\n" for line in lines)


def _one_version(layout: Layout, first_line: int, body: bytes) -> bytes:
    start, width, stride = layout.version.first - 1, layout.version.width, layout.record_length + 1
    wanted = body[start : start + width]
    if not body:
        return b""
    versions = np.frombuffer(body, np.uint8).reshape(-1, stride)[:, start : start + width]
    for index in np.flatnonzero((versions != versions[0]).any(axis=1)).tolist():
        found = versions[index].tobytes()
        if found.strip(b" ") != wanted.strip(b" "):
            detail = f"{found.decode('latin-1')!r}, not {wanted.decode('latin-1')!r}"
            raise SpoolFault("version_mismatch", line=first_line + index, detail=detail)
    return wanted.strip(b" ")
