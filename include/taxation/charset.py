"""Texts of a PBX, in the character set that its settings name, to UTF-8."""

import re
from functools import cache

import numpy as np
import numpy.typing as npt

_ASCII = bytes(range(32, 127))
_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\r": b"\\r"}
_SPECIAL = re.compile(rb"[\\\t\r]")


class Charset:
    """One character set; ``lengths`` of each byte as UTF-8, 0 for one that is no character by itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._characters = [_character(name, byte) for byte in range(256)]
        known = is_like_ascii(name)
        lengths = [len(each) if known else 0 for each in self._characters]
        self.lengths = np.array(lengths, np.uint8)
        self._tables = {width: self._table(width) for width in (2, 4)}

    def utf8(self, text: bytes) -> bytes:
        """A text; ASCII as it is."""
        return text if text.isascii() else text.decode(self.name, "replace").encode()

    def copied(self, value: bytes) -> bytes:
        """A text as COPY reads it: a byte of a longer character may look like what it escapes."""
        return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], self.utf8(value))

    def table(self, width: int) -> npt.NDArray[np.unsignedinteger]:
        """Each byte's character as one number of ``width`` (2 or 4) bytes, with blanks behind it."""
        return self._tables[width]

    def _table(self, width: int) -> npt.NDArray[np.unsignedinteger]:
        data = b"".join(each.ljust(width)[:width] for each in self._characters)
        return np.frombuffer(data, f"<u{width}")


def is_like_ascii(name: str) -> bool:
    """Whether digits, letters and signs are the bytes that they are in ASCII, as spools have them."""
    try:
        return _ASCII.decode(name).encode() == _ASCII
    except (LookupError, ValueError):  # no character set, or none of texts
        return False


@cache
def charset(name: str) -> Charset:
    """The character set of a name that Python knows."""
    return Charset(name)


def _character(name: str, byte: int) -> bytes:
    if byte < 128:
        return bytes([byte])
    try:
        return bytes([byte]).decode(name).encode()
    except UnicodeError:
        return b""
