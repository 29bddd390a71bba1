"""Hashes made while a spool is still being unpacked are those of its records, or none."""

import random

import ncompress
import pytest

from include.taxation import decompress
from include.taxation.generate import spool_text
from include.taxation.hashes import HashesAhead, RecordHasher
from include.taxation.records import Section, sections

TEXT = spool_text("ed5.2", 60, 3)


def fed(text: bytes, seed: int = 1) -> HashesAhead:
    """In pieces of any length."""
    ahead, rng, at = HashesAhead("siege"), random.Random(seed), 0
    while at < len(text):
        size = rng.randrange(1, 1200)
        ahead.feed(text[at : at + size])
        at += size
    return ahead


def only(text: bytes) -> Section:
    (section,) = sections(text)
    return section


def test_hashes_ahead_are_those_of_the_records() -> None:
    section = only(TEXT)
    wanted = RecordHasher("siege", section.layout).hashes(section.body)
    assert len(set(wanted)) == 60
    for seed in range(5):
        assert fed(TEXT, seed).of(section) == wanted
    assert RecordHasher("annexe", section.layout).hashes(section.body) != wanted


def test_of_anything_else_there_are_none() -> None:
    section = only(TEXT)
    assert fed(TEXT[:-300]).of(section) is None
    assert fed(b"#nonsense\n" + TEXT).of(section) is None
    assert fed(spool_text("seed", 60, 3)).of(section) is None
    for part in sections(TEXT + TEXT):
        assert fed(TEXT + TEXT).of(part) is None
    for part in sections(TEXT.replace(b"\n", b"\r\n")):
        assert fed(TEXT.replace(b"\n", b"\r\n")).of(part) is None
    ahead = fed(TEXT)
    ahead.forget()
    assert ahead.of(section) is None


@pytest.mark.parametrize("piece", [b"#nonsense\n" * 100_000, b"x" * 1_000_000])
def test_what_is_no_spool_is_not_kept(piece: bytes) -> None:
    ahead, longest = HashesAhead("siege"), 0
    for _ in range(5):
        ahead.feed(piece)
        longest = max(longest, len(ahead._rest))
    assert longest <= 2 * len(piece)
    ahead.forget()
    ahead.feed(TEXT)
    assert ahead.of(only(TEXT)) is not None


def test_they_are_fed_by_the_program_that_unpacks_and_forgotten_when_it_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decompress, "LARGE_BYTES", 1)
    packed, section = ncompress.compress(TEXT), only(TEXT)
    ahead = HashesAhead("siege")
    assert decompress.plain_bytes(packed, listener=ahead) == TEXT
    assert ahead.of(section) is not None

    def fails(data: bytes, cap: int, listener: decompress.Listener) -> bytes:
        listener.feed(TEXT)
        raise ValueError

    monkeypatch.setattr(decompress, "_uncompress_with_gzip", fails)
    ahead = HashesAhead("siege")
    assert decompress.plain_bytes(packed, listener=ahead) == TEXT
    assert ahead.of(section) is None
