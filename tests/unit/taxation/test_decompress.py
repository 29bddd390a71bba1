"""compress(1), gzip and plain by magic; bombs; what can be known of a cut."""

import gzip
import random
import subprocess

import ncompress
import pytest

from include.taxation import decompress
from include.taxation.decompress import UnpackError, ends_between_codes, plain_bytes, plain_pieces
from include.taxation.faults import SpoolFault
from include.taxation.generate import spool_text
from include.taxation.records import sections

TEXT = spool_text("seed", 40, 1)


@pytest.mark.parametrize("pack", [ncompress.compress, gzip.compress, bytes])
def test_three_packings_one_text(pack: object) -> None:
    assert callable(pack)
    assert plain_bytes(pack(TEXT)) == TEXT


def test_the_gzip_program_reads_compress_data_too() -> None:
    packed = ncompress.compress(TEXT)
    assert decompress._uncompress_with_gzip(packed, 10_000_000) == TEXT
    with pytest.raises(decompress._Overflow):
        decompress._uncompress_with_gzip(packed, 100)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ncompress.compress(b"#" + b" " * 40_000_000), "inflates_over_limit"),
        (gzip.compress(b"#" + b" " * 40_000_000), "inflates_over_limit"),
        (gzip.compress(TEXT)[:-20], "truncated"),
        (gzip.compress(TEXT)[:200] + b"\xff" * 50, "not_compressed_data"),
        (b"\x1f\x9d", "not_compressed_data"),
        (b"PK\x03\x04\x00\x00", "not_compressed_data"),
    ],
)
def test_row_61_what_cannot_be_unpacked_is_named(data: bytes, code: str) -> None:
    with pytest.raises(SpoolFault) as caught:
        plain_bytes(data)
    assert caught.value.code == code


def test_whole_streams_are_never_taken_for_cut_ones() -> None:
    rng = random.Random(4)
    for size in (*range(1, 120), 5_000, 70_000, 300_000):
        for text in (rng.randbytes(size), bytes(rng.choices(b"0123 \n", k=size))):
            assert ends_between_codes(ncompress.compress(text)), size


def test_row_61_a_file_cut_at_any_byte_is_never_read_as_a_whole_one() -> None:
    """Where a cut falls between two codes right after a line end nothing can show it: count those."""
    data = ncompress.compress(TEXT)
    missed = 0
    for size in range(0, len(data), 2):
        try:
            sections(plain_bytes(data[:size]))
            missed += 1
        except SpoolFault as fault:
            assert fault.code in ("truncated", "no_format_line", "not_compressed_data")
    assert missed <= len(data) // 1000


def test_large_data_by_the_gzip_program_is_the_same_and_what_it_refuses_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decompress, "LARGE_BYTES", 1)
    text = spool_text("ed5.2", 900, 2)
    packed = ncompress.compress(text)
    assert plain_bytes(packed) == text
    with pytest.raises(SpoolFault, match="inflates_over_limit"):
        plain_bytes(packed, limit=len(text) - 1)
    broken = packed[:3] + b"\xff\xff" + packed[5:]
    with pytest.raises(SpoolFault, match="not_compressed_data"):
        plain_bytes(broken)


@pytest.mark.parametrize("pack", [ncompress.compress, gzip.compress, bytes])
def test_pieces_are_the_text(monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    assert callable(pack)
    monkeypatch.setattr(decompress, "PIECE_BYTES", 1000)
    pieces = list(plain_pieces(pack(TEXT)))
    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) == 1000


def test_row_61_pieces_end_with_the_fault_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompress, "PIECE_BYTES", 1000)
    packed = ncompress.compress(TEXT)
    sizes = range(len(packed) - 1, 0, -1)
    cut = packed[: next(size for size in sizes if not ends_between_codes(packed[:size]))]
    for data, limit in ((cut, 1 << 20), (packed, 1500), (TEXT, 1500), (b"\0" * 9, 99)):
        with pytest.raises(SpoolFault) as whole:
            plain_bytes(data, limit=limit)
        with pytest.raises(SpoolFault) as piecewise:
            list(plain_pieces(data, limit=limit))
        assert piecewise.value.code == whole.value.code
    with pytest.raises(UnpackError):
        list(plain_pieces(packed[:3] + b"\xff\xff" + packed[5:]))


def test_the_program_ends_when_nobody_wants_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *given: object, **named: object) -> None:
            super().__init__(*given, **named)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    pieces = plain_pieces(ncompress.compress(b"#" + b" 0123456789" * 1_000_000))
    assert next(pieces)
    pieces.close()
    assert [process.returncode for process in started] == [-9]
