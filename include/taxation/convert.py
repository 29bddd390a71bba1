"""Sound records to rows for COPY: bytes sliced by the layout, trimmed, checked column by column.

Values are written in one canonical form per field type, so that a table holds the same rows
whatever the order in which files came and columns widened.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from include.taxation.charset import charset as charset_of
from include.taxation.clock import PbxClock
from include.taxation.exact import ExactReader, Rejected
from include.taxation.fields import Stored
from include.taxation.hashes import SIZE, RecordHasher
from include.taxation.matrix import Bounds, MatrixReader, Read, bounds, date_offset
from include.taxation.records import Section
from include.taxation.words import Bytes, read_dates

CHUNK_RECORDS = 4000
LINES_PER_FILE = 100_000_000
ROW_COLUMNS = ("ticket_id", "file_id", "line_number", "content_digest", "ambiguous_time")
_ALWAYS_WRITTEN = ("ticketversion", "calltype")
_FOUR_DIGITS = np.array([b"%04d" % number for number in range(10_000)]).view("<u4")


@dataclass
class Tally:
    """What was counted while a file was read."""

    tickets: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Converter:
    """Turns the records of one section into the text that COPY reads.

    ``written`` names the columns to fill, all of those that ``filled`` gives or more; ``readers`` is
    what converters of one PBX share that work one after the other.
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
        readers: dict[object, MatrixReader] | None = None,
    ) -> None:
        self.section = section
        self.clock = clock
        self.charset = charset_of(charset)
        self.tally = tally
        in_order = sorted(stored, key=lambda each: each.field.first)
        if written is None:
            written = filled(section, stored)
        self.stored = [each for each in in_order if each.name in written]
        #: What ``rows`` made, a chunk at a time: 16 bytes a record.
        self.digests: list[Bytes] = []
        #: Fields without a column: blank in all records of the section.
        self.blank = [each for each in in_order if each.name not in written]
        self._blank_numbers = sum(each.kind in ("bigint", "numeric") for each in self.blank)
        dates = {each.name: each for each in in_order if each.kind == "timestamp"}
        self._date = dates.get("enddatetime") or dates.get("startdatetime")
        self._hasher = RecordHasher(pbx, section.layout)
        self._call_types = call_types(section.version)
        self._readers = {} if readers is None else readers

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of taxdata that the rows fill, in their order."""
        return (*ROW_COLUMNS, *(each.name for each in self.stored))

    @property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest of what digests begin with."""
        order = self._order(self.section.matrix())
        return int(order.min()), int(order.max())

    def _order(self, records: Bytes) -> npt.NDArray[np.int64]:
        """What the digest of each record begins with."""
        if self._date is None:
            return np.zeros(len(records), np.int64)
        at = self._date.field.first - 1 + date_offset(self._date)
        return read_dates(records, at).order & 0xFFFFFFFF

    def rows(self, file_id: int) -> Iterator[bytes]:
        """COPY text (null is the empty string), a chunk at a time; fills the tally on the way."""
        for at in range(0, self.section.count, CHUNK_RECORDS):
            chunk = self.section.part(at, min(at + CHUNK_RECORDS, self.section.count))
            yield self.convert(file_id, chunk, bounds(chunk.matrix()))

    def convert(self, file_id: int, chunk: Section, common: Bounds) -> bytes:
        """The rows of some records of the section's kind."""
        records, first_line = chunk.matrix(), chunk.first_line
        digests = self._digests(chunk, records)
        self.digests.append(digests)
        pattern = np.frombuffer(_own_columns(file_id, 0, bytes(16), False), np.uint8)
        own = _own_matrix(pattern, first_line, digests)
        read = self._reader(len(pattern)).read(records, own, common, backslashes=chunk.holds(b"\\"))
        self._count(read)
        if not read.doubtful.any():
            return read.text
        return read.text + self._one_by_one(file_id, chunk, read, digests)

    def _reader(self, own: int) -> MatrixReader:
        key = own, self.section.layout.id, self.names
        if key not in self._readers:
            stride = self.section.stride
            self._readers[key] = MatrixReader(own, self.stored, stride, self.clock, self.charset)
        return self._readers[key]

    def _one_by_one(self, file_id: int, chunk: Section, read: Read, digests: Bytes) -> bytes:
        exact = ExactReader(self.stored, chunk.stride, self.clock)
        lines = []
        for index in np.nonzero(read.doubtful)[0].tolist():
            line = chunk.first_line + index
            found = exact.read(chunk.piece(index, index + 1), line)
            if isinstance(found, Rejected):
                self.tally.rejected.append(found)
                continue
            self.tally.counts["ambiguous_times"] += found.ambiguous
            head = _own_columns(file_id, line, digests[index].tobytes(), found.ambiguous)
            lines.append(b"\t".join([head, *map(self.charset.copied, found.values)]) + b"\n")
            self.tally.tickets += 1
        return b"".join(lines)

    def _digests(self, chunk: Section, records: Bytes) -> Bytes:
        """What is the same for the same record; dates come first, so that an index grows at its end."""
        return np.hstack(
            [
                self._order(records).astype(">u4").view(np.uint8).reshape(-1, 4),
                np.frombuffer(self._hasher.hashes(chunk.body), np.uint8).reshape(-1, SIZE),
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
    return filled_within(bounds(section.matrix()), stored)


def filled_within(common: Bounds, stored: Sequence[Stored]) -> set[str]:
    """The same of records of which this is known."""
    blank = common.blank
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
    own = np.empty((len(digests), len(pattern)), np.uint8)
    own[:] = pattern
    lines = np.arange(first_line, first_line + len(digests))
    halves = np.stack([lines // 10_000, lines % 10_000], axis=1)
    digits = _FOUR_DIGITS[halves].view(np.uint8)
    first = (len(pattern) - 53) // 2
    own[:, first : first + 8] = digits
    own[:, -43:-35] = digits
    own[:, -34:-2] = np.frombuffer(digests.tobytes().hex().encode(), np.uint8).reshape(-1, 32)
    return own
