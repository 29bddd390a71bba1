"""From the bytes on disk to the text of a spool: compress(1), gzip or plain, told by magic alone.

compress(1) data has no length and no checksum: a file cut short decompresses without complaint.
What can be known of the cut from the code stream is checked here; the rest shows in the records.
"""

import io
import logging
import re
import subprocess
import tempfile
import zlib
from collections.abc import Generator

import numpy as np

from include.taxation.faults import SpoolFault

LIMIT_BYTES = 200 * 1024 * 1024
LIMIT_RATIO = 1000
# Small files of blanks have great ratios; the ratio only matters once there is something to fear.
RATIO_FREE_BYTES = 16 * 1024 * 1024
LARGE_BYTES = 1024 * 1024
PIECE_BYTES = 2 * 1024 * 1024
_PIPE_BYTES = 1024 * 1024
COMPRESS_MAGIC = b"\x1f\x9d"
GZIP_MAGIC = b"\x1f\x8b"
_CLEAR_CODE = 256
log = logging.getLogger(__name__)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class UnpackError(ValueError):
    """The gzip program did not take the data, which need not be wrong for that."""


class _Overflow(Exception):
    """The output passed its cap."""


class _CappedOutput:
    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.buffer = io.BytesIO()

    def write(self, data: bytes, /) -> int:
        if self.buffer.tell() + len(data) > self.cap:
            raise _Overflow
        return self.buffer.write(data)


def plain_bytes(data: bytes, *, limit: int = LIMIT_BYTES) -> bytes:
    """The text of a spool file.

    Raises ``SpoolFault``: ``truncated``, ``not_compressed_data``, ``inflates_over_limit``,
    ``no_format_line`` for data that holds nothing.
    """
    cap = _cap(data, limit)
    if data.startswith(COMPRESS_MAGIC):
        return _from_compress(data, cap)
    if data.startswith(GZIP_MAGIC):
        return _from_gzip(data, cap)
    _check_plain(data, limit)
    return data


def plain_pieces(data: bytes, *, limit: int = LIMIT_BYTES) -> Generator[bytes]:
    """The same piece by piece, for large data; compress(1) data is unpacked beside the caller's work.

    Raises what ``plain_bytes`` does, some of it after the last piece, and ``UnpackError`` where that
    one would ask for a second opinion.
    """
    if data.startswith(COMPRESS_MAGIC):
        cap = _cap(data, limit)
        try:
            yield from _pieces_from_gzip_program(data, cap)
        except _Overflow:
            raise _over(cap) from None
        if not ends_between_codes(data):
            raise SpoolFault("truncated")
        return
    text = plain_bytes(data, limit=limit)
    for at in range(0, len(text), PIECE_BYTES):
        yield text[at : at + PIECE_BYTES]


def _cap(data: bytes, limit: int) -> int:
    return min(limit, max(len(data) * LIMIT_RATIO, RATIO_FREE_BYTES))


def _check_plain(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise SpoolFault("inflates_over_limit")
    if not data.startswith(b"#") and _BINARY.search(data, 0, 4096):
        raise SpoolFault("not_compressed_data")


def _over(cap: int) -> SpoolFault:
    return SpoolFault("inflates_over_limit", detail=f"more than {cap} bytes")


def _from_compress(data: bytes, cap: int) -> bytes:
    try:
        text = _uncompress(data, cap)
    except _Overflow:
        raise _over(cap) from None
    except (ValueError, RuntimeError) as error:
        raise SpoolFault("not_compressed_data", detail=str(error)[:80]) from None
    if not ends_between_codes(data):
        raise SpoolFault("truncated", line=text.count(b"\n") + 1)
    return text


def _uncompress(data: bytes, cap: int) -> bytes:
    """Large data by the gzip program, which is faster, and whose work another processor core can do."""
    try:
        import ncompress
    except ImportError:
        return _uncompress_with_gzip(data, cap)
    if len(data) >= LARGE_BYTES:
        try:
            return _uncompress_with_gzip(data, cap)
        except UnpackError:
            log.info("gzip did not take the data: a second opinion follows")
    sink = _CappedOutput(cap)
    ncompress.decompress(data, sink)
    return sink.buffer.getvalue()


def _uncompress_with_gzip(data: bytes, cap: int) -> bytes:
    sink = _CappedOutput(cap)
    for piece in _pieces_from_gzip_program(data, cap):
        sink.buffer.write(piece)
    return sink.buffer.getvalue()


def _pieces_from_gzip_program(data: bytes, cap: int) -> Generator[bytes]:
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        try:
            process = subprocess.Popen(
                ["gzip", "-dc"],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=_PIPE_BYTES,
            )
        except OSError as error:
            raise UnpackError(str(error)) from None
        assert process.stdout is not None
        with process:
            try:
                while piece := process.stdout.read(min(PIECE_BYTES, cap + 1)):
                    cap -= len(piece)
                    if cap < 0:
                        raise _Overflow
                    yield piece
            except BaseException:  # nobody wants the rest
                process.kill()
                raise
    if process.returncode > 0:
        raise UnpackError("gzip refused the data")


def _from_gzip(data: bytes, cap: int) -> bytes:
    out = io.BytesIO()
    rest = data
    while rest:
        inflater = zlib.decompressobj(wbits=31)
        try:
            out.write(inflater.decompress(rest, cap - out.tell() + 1))
        except zlib.error as error:
            raise SpoolFault("not_compressed_data", detail=str(error)) from None
        if out.tell() > cap:
            raise _over(cap)
        if not inflater.eof:
            raise SpoolFault("truncated", line=out.getvalue().count(b"\n") + 1)
        rest = inflater.unused_data
    return out.getvalue()


def ends_between_codes(data: bytes) -> bool:
    """Whether compress(1) data ends where a writer would end it.

    A writer ends with a whole code, padded with zero bits to a whole byte. So eight or more bits
    after the last whole code, or a bit set among fewer, say that the tail is gone. (That a cut
    falls exactly between two codes cannot be seen here.)
    """
    if len(data) < 3:
        return False
    # compress(1) clears its table only once it is full; only doubt pays for looking everywhere.
    return _tail_fits(data, clear_anywhere=False) or _tail_fits(data, clear_anywhere=True)


def _tail_fits(data: bytes, *, clear_anywhere: bool) -> bool:
    max_bits, block_mode = data[2] & 0x1F, bool(data[2] & 0x80)
    if not 9 <= max_bits <= 16:
        return True
    position, width, entries = 3, 9, 256 if block_mode else 255
    while True:
        # Codes come in groups of eight, so every change of width starts on a group of width bytes.
        size = len(data) - position
        if width < max_bits:
            size = -(-((1 << width) - entries) // 8) * width
        if block_mode and (width == max_bits or clear_anywhere):
            clear = _after_clear(data[position : position + size], width)
            if clear is not None:
                position, width, entries = position + clear, 9, 256
                continue
        if position + size >= len(data):
            return _tail_is_whole(data, position, width)
        position, entries, width = position + size, 1 << width, width + 1


def _tail_is_whole(data: bytes, position: int, width: int) -> bool:
    spare = (len(data) - position) * 8 % width if position < len(data) else 0
    return spare < 8 and not (spare and data[-1] >> (8 - spare))


def _after_clear(codes: bytes, width: int) -> int | None:
    """The offset of the group after the first CLEAR among these codes, if there is one."""
    if width == 16:
        clears = np.frombuffer(codes, "<u2", len(codes) // 2) == _CLEAR_CODE
        found = int(clears.argmax()) if clears.any() else -1
        return None if found < 0 else (found * 2 // width + 1) * width
    mask = (1 << width) - 1
    for start in range(0, len(codes), width):
        group = codes[start : start + width]
        value = int.from_bytes(group, "little")
        for _ in range(len(group) * 8 // width):
            if value & mask == _CLEAR_CODE:
                return start + width
            value >>= width
    return None
