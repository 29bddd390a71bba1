"""The structure of a spool: which layout holds for which lines, and whether every line obeys it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from include.taxation.faults import SpoolFault
from include.taxation.layout import Layout, parse_format_line


@dataclass(frozen=True)
class Section:
    """The records after one format line, each exactly ``layout.record_length`` bytes and a \\n.

    They are what ``text`` holds from ``start`` on.
    """

    layout: Layout
    first_line: int
    text: bytes
    start: int
    count: int
    version: bytes

    @property
    def stride(self) -> int:
        """Bytes from one record to the next."""
        return self.layout.record_length + 1

    @property
    def body(self) -> bytes:
        """The bytes of all its records."""
        return self.piece(0, self.count)

    def part(self, first: int, last: int) -> "Section":
        """The records from ``first`` up to ``last``, not included, as a section; nothing is copied."""
        return replace(
            self,
            first_line=self.first_line + first,
            start=self.start + first * self.stride,
            count=last - first,
        )

    def holds(self, byte: bytes) -> bool:
        """Whether a byte is in any of its records."""
        return self.text.find(byte, self.start, self.start + self.count * self.stride) >= 0

    def piece(self, first: int, last: int) -> bytes:
        """The bytes of the records from ``first`` up to ``last``, not included."""
        return self.text[self.start + first * self.stride : self.start + last * self.stride]

    def matrix(self) -> npt.NDArray[np.uint8]:
        """The records, a row each, line end included; nothing is copied."""
        return _matrix(self.text, self.start, self.count, self.stride)


def sections(text: bytes, *, blanks_stripped: bool = False) -> list[Section]:
    """The whole spool in sections, checked.

    ``blanks_stripped``: the PBX cuts trailing blanks off its lines, so a shorter line is sound as
    long as its TicketVersion is there. Raises ``SpoolFault`` with the number of the first bad line.
    """
    if not text.startswith(b"#"):
        raise SpoolFault("no_format_line", line=1)
    alone = _alone(text)
    found = [alone] if alone else list(_split(text, blanks_stripped))
    if not text.endswith(b"\n"):
        raise SpoolFault("truncated", line=text.count(b"\n") + 1)
    return found


def _alone(text: bytes) -> Section | None:
    """The only section of a text whose lines are all as its first says, as most are."""
    start = text.find(b"\n") + 1
    if not start or text[start - 2 : start] == b"\r\n":
        return None
    layout = parse_format_line(text[: start - 1], number=1)
    stride = layout.record_length + 1
    count, rest = divmod(len(text) - start, stride)
    if rest or text.count(b"\n") != count + 1:
        return None
    records = _matrix(text, start, count, stride)
    if (records[:, -1] != ord("\n")).any() or (records[:, 0] == ord("#")).any():
        return None
    version = _one_version(layout, 2, records)
    return Section(layout, 2, text, start, count, version)


def _matrix(text: bytes, start: int, count: int, stride: int) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text, np.uint8, count * stride, start).reshape(-1, stride)


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
    count = len(body) // stride
    version = _one_version(layout, first_line, _matrix(body, 0, count, stride))
    return Section(layout, first_line, body, 0, count, version)


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


def _one_version(layout: Layout, first_line: int, records: npt.NDArray[np.uint8]) -> bytes:
    if not len(records):
        return b""
    versions = records[:, layout.version.first - 1 : layout.version.last]
    wanted: bytes = versions[0].tobytes()
    for index in np.flatnonzero((versions != versions[0]).any(axis=1)).tolist():
        found = versions[index].tobytes()
        if found.strip(b" ") != wanted.strip(b" "):
            detail = f"{found.decode('latin-1')!r}, not {wanted.decode('latin-1')!r}"
            raise SpoolFault("version_mismatch", line=first_line + index, detail=detail)
    return wanted.strip(b" ")
