"""C11 in short: mutated files are quarantined or read, never more than that."""

import random
from collections import Counter

import ncompress
import pytest

from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally
from include.taxation.decompress import plain_bytes
from include.taxation.faults import SpoolFault
from include.taxation.fields import Stored, sql_type
from include.taxation.generate import spool_text
from include.taxation.records import sections


def _read(data: bytes) -> int:
    tally = Tally()
    for section in sections(plain_bytes(data)):
        stored = [Stored(c, c.key, sql_type(c)) for c in section.layout.columns]
        clock = PbxClock("Europe/Paris")
        made = Converter(section, stored, clock, pbx="p", charset="cp1252", tally=tally)
        for chunk in made.rows(1):
            chunk.decode("utf-8")
    return tally.tickets + len(tally.rejected)


def _mutated(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(changed))
        kind = rng.randrange(4)
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            del changed[at : at + rng.randrange(1, 40)]
        elif kind == 2:
            changed[at:at] = rng.randbytes(rng.randrange(1, 40))
        else:
            changed[at] ^= 1 << rng.randrange(8)
        if not changed:
            return b""
    return bytes(changed)


@pytest.mark.parametrize("packed", [True, False])
def test_c11_mutated_files_are_read_or_named_bad(packed: bool) -> None:
    rng = random.Random(11)
    text = spool_text("seed", 12, 1)
    seen: Counter[str] = Counter()
    for _ in range(400):
        data = _mutated(rng, ncompress.compress(text) if packed else text)
        try:
            assert _read(data) <= 13
            seen["read"] += 1
        except SpoolFault as fault:
            seen[fault.code] += 1
    assert seen["bad_record_length"] and seen["read"]
    assert packed or seen["bad_format_line"]
