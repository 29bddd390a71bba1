"""What tells one record from another: hashes of its bytes, under one layout of one PBX."""

from hashlib import blake2b, sha256
from struct import iter_unpack

from include.taxation.layout import Layout

SIZE = 12


class RecordHasher:
    """Hashes the records of one layout."""

    def __init__(self, pbx: str, layout: Layout) -> None:
        self.layout = layout
        self.stride = layout.record_length + 1
        # The same bytes are the same ticket only under one layout of one PBX.
        key = sha256(f"{pbx}/{layout.id}".encode()).digest()
        self._empty = blake2b(digest_size=SIZE, person=key[:16], salt=key[16:])

    def hashes(self, body: bytes | memoryview) -> bytes:
        """``SIZE`` bytes for each record of ``body``, which ends with one."""
        found, empty = [], self._empty.copy
        for (record,) in iter_unpack(f"{self.stride}s", body):
            hashed = empty()
            hashed.update(record)
            found.append(hashed.digest())
        return b"".join(found)
