"""What tells one record from another: hashes of its bytes, under one layout of one PBX."""

from collections.abc import Sequence
from hashlib import blake2b, sha256

from include.taxation.faults import SpoolFault
from include.taxation.layout import Layout, parse_format_line
from include.taxation.records import Section

SIZE = 12
#: No format line is as long: what has none so far is no spool, and need not be kept to see that.
_HEAD_BYTES = 1024 * 1024


class RecordHasher:
    """Hashes the records of one layout."""

    def __init__(self, pbx: str, layout: Layout) -> None:
        self.layout = layout
        self.stride = layout.record_length + 1
        # The same bytes are the same ticket only under one layout of one PBX.
        key = sha256(f"{pbx}/{layout.id}".encode()).digest()
        self._empty = blake2b(digest_size=SIZE, person=key[:16], salt=key[16:])

    def hashes(self, body: bytes) -> list[bytes]:
        """One for each whole record of ``body``."""
        stride, found = self.stride, []
        for at in range(0, len(body) - stride + 1, stride):
            hashed = self._empty.copy()
            hashed.update(body[at : at + stride])
            found.append(hashed.digest())
        return found


class HashesAhead:
    """Hashes records while the rest of their spool is still being unpacked by another process."""

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self.forget()

    def forget(self) -> None:
        """What was fed is not the spool after all."""
        self._rest = b""
        self._is_spool = True
        self._hasher: RecordHasher | None = None
        self._found: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the spool."""
        if not self._is_spool:
            return
        self._rest += piece
        if self._hasher is None:
            head, ended, rest = self._rest.partition(b"\n")
            if not ended:
                self._is_spool = len(head) <= _HEAD_BYTES
                return
            try:
                self._hasher = RecordHasher(self._pbx, parse_format_line(head, number=1))
            except SpoolFault:  # told when the whole is looked at
                self._is_spool = False
                return
            self._rest = rest
        self._found += self._hasher.hashes(self._rest)
        self._rest = self._rest[len(self._rest) // self._hasher.stride * self._hasher.stride :]

    def of(self, section: Section) -> Sequence[bytes] | None:
        """Those of a section, if it is all that was fed: then it starts behind the format line."""
        if self._hasher is None or self._rest or section.layout.id != self._hasher.layout.id:
            return None
        return self._found if section.start and len(self._found) == section.count else None
