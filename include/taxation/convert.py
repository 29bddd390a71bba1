"""Sound records to rows for COPY: bytes sliced by the layout, trimmed, checked column by column.

Values are written in one canonical form per field type, so that a table holds the same rows
whatever the order in which files came and columns widened.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from include.taxation.clock import PbxClock
from include.taxation.exact import ExactReader, Rejected
from include.taxation.fields import Stored
from include.taxation.hashes import SIZE, RecordHasher
from include.taxation.matrix import (
    Bytes,
    MatrixReader,
    Read,
    blank_bytes,
    order_of_dates,
)
from include.taxation.records import Section

CHUNK_RECORDS = 4000
LINES_PER_FILE = 100_000_000
ROW_COLUMNS = ("ticket_id", "file_id", "line_number", "content_digest", "ambiguous_time")
_POWERS = 10 ** np.arange(7, -1, -1)
_ALWAYS_WRITTEN = ("ticketversion", "calltype")


@dataclass
class Tally:
    """What was counted while a file was read."""

    tickets: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Converter:
    """Turns the records of one section into the text that COPY reads.

    ``written`` names the columns to fill, all of those that ``filled`` gives or more; ``hashes`` are
    those of the records, where they were made before.
    """

    def __init__(
        self,
        section: Section,
        stored: Sequence[Stored],
        clock: PbxClock,
        *,
        pbx: str,
        charset: str,
        tally: Tally,
        written: Set[str] | None = None,
        hashes: Sequence[bytes] | None = None,
    ) -> None:
        self.section = section
        self.clock = clock
        self.charset = charset
        self.tally = tally
        self._records = section.matrix()
        in_order = sorted(stored, key=lambda each: each.field.first)
        if written is None:
            written = filled(section, stored)
        self.stored = [each for each in in_order if each.name in written]
        #: What ``rows`` made, a chunk at a time: 16 bytes a record.
        self.digests: list[Bytes] = []
        self._blank_numbers = sum(
            each.kind in ("bigint", "numeric") for each in in_order if each.name not in written
        )
        dates = {each.name: each for each in in_order if each.kind == "timestamp"}
        self._date = dates.get("enddatetime") or dates.get("startdatetime")
        self._hasher = RecordHasher(pbx, section.layout)
        self._hashes = hashes
        self._call_types = call_types(section.version)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of taxdata that the rows fill, in their order."""
        return (*ROW_COLUMNS, *(each.name for each in self.stored))

    @property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest of what digests begin with."""
        return int(self._order.min()), int(self._order.max())

    @cached_property
    def _order(self) -> npt.NDArray[np.int64]:
        """What the digest of each record begins with."""
        if self._date is None:
            return np.zeros(len(self._records), np.int64)
        return order_of_dates(self._records, self._date) & 0xFFFFFFFF

    def rows(self, file_id: int) -> Iterator[bytes]:
        """COPY text (null is the empty string), a chunk at a time; fills the tally on the way."""
        stride, records = self.section.stride, self._records
        own = np.frombuffer(_own_columns(file_id, 0, bytes(16), False), np.uint8)
        matrix = MatrixReader(len(own), self.stored, self.clock)
        exact = ExactReader(self.stored, stride, self.clock)
        for at in range(0, len(records), CHUNK_RECORDS):
            chunk = records[at : at + CHUNK_RECORDS]
            body = self.section.piece(at, at + len(chunk))
            first_line = self.section.first_line + at
            digests = self._digests(body, slice(at, at + len(chunk)))
            self.digests.append(digests)
            read = matrix.read(body, chunk, _own_matrix(own, first_line, digests))
            self._count(read)
            lines = [read.text]
            for index in np.nonzero(read.doubtful)[0].tolist():
                record = body[index * stride : (index + 1) * stride]
                found = exact.read(record, first_line + index)
                if isinstance(found, Rejected):
                    self.tally.rejected.append(found)
                    continue
                self.tally.counts["ambiguous_times"] += found.ambiguous
                head = _own_columns(
                    file_id, first_line + index, digests[index].tobytes(), found.ambiguous
                )
                lines.append(b"\t".join([head, *found.values]) + b"\n")
                self.tally.tickets += 1
            text = b"".join(lines)
            yield text if text.isascii() else text.decode(self.charset, "replace").encode()

    def _digests(self, body: bytes, place: slice) -> Bytes:
        """What is the same for the same record; dates come first, so that an index grows at its end."""
        hashes = self._hashes[place] if self._hashes else self._hasher.hashes(body)
        return np.hstack(
            [
                self._order[place].astype(">u4").view(np.uint8).reshape(-1, 4),
                np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, SIZE),
            ]
        )

    def _count(self, read: Read) -> None:
        number = len(read.doubtful)
        self.tally.tickets += number - int(read.doubtful.sum())
        counts = self.tally.counts
        counts["blank_integers"] += read.blank_integers + number * self._blank_numbers
        counts["unspecified_call_types"] += sum(
            times for value, times in read.call_types.items() if not self._is_call_type(value)
        )

    def _is_call_type(self, value: bytes) -> bool:
        return value.isdigit() and int(value) in self._call_types


def filled(section: Section, stored: Sequence[Stored]) -> set[str]:
    """The columns that have something in them: most fields of most files are blank throughout."""
    blank = blank_bytes(section.matrix())
    return {
        each.name
        for each in stored
        if each.name in _ALWAYS_WRITTEN or not blank[each.field.first - 1 : each.field.last].all()
    }


def call_types(version: bytes) -> range:
    """The codes of CallType that a release knows: LocalTransit (15) came with the ED ones."""
    return range(16) if version.startswith(b"ED") else range(15)


def _own_columns(file_id: int, line: int, digest: bytes, ambiguous: bool) -> bytes:
    flag = "t" if ambiguous else "f"
    return f"{file_id}{line:08d}\t{file_id}\t{line:08d}\t{digest.hex()}\t{flag}".encode()


def _own_matrix(pattern: Bytes, first_line: int, digests: Bytes) -> Bytes:
    """The same for many unambiguous lines at once."""
    own = np.tile(pattern, (len(digests), 1))
    lines = np.arange(first_line, first_line + len(digests))
    digits = (lines[:, None] // _POWERS % 10 + ord("0")).astype(np.uint8)
    first = (len(pattern) - 53) // 2
    own[:, first : first + 8] = digits
    own[:, -43:-35] = digits
    own[:, -34:-2] = np.frombuffer(digests.tobytes().hex().encode(), np.uint8).reshape(-1, 32)
    return own
