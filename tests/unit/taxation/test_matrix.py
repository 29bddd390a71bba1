"""What is read as a matrix of bytes is what reading one record at a time gives."""

import random
from dataclasses import replace

import numpy as np
import pytest

from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally
from include.taxation.exact import Rejected
from include.taxation.fields import Stored, sql_type
from include.taxation.generate import spool_text
from include.taxation.matrix import MatrixReader, Read
from include.taxation.records import Section, sections

AWKWARD = (
    b"20261025 02:30:00", b"20260329 02:30:00", b"20260231 10:00:00", b"20280229 23:59:59",
    b"20260310 24:00:00", b"20260310 10:60:00", b"20260310-10:00:00", b"00000000 00:00:00",
    b"-5", b"+7", b"1 2", b"007", b"999999", b"12,5", b"a  b", b" a b ", b"\\N", b"\\.", b"tab\there",
    b"\x01", b"\x00", b"caf\xe9", b"\r", b"", b"029845----", b"99999999999999999999",
)  # fmt: skip
READ = MatrixReader.read


def _section(name: str, seed: int) -> Section:
    """Generated records, some with an awkward value in some field."""
    (made,) = sections(spool_text(name, 150, seed))
    rng = random.Random(seed)
    body = bytearray(made.body)
    for index in range(made.count):
        for column in rng.sample(made.layout.columns[1:], rng.choice([0, 0, 1, 3])):
            value = rng.choice(AWKWARD)[: column.width]
            value = rng.choice([value.ljust, value.rjust, value.center])(column.width)
            at = index * made.stride + column.first - 1
            body[at : at + column.width] = value
    return replace(made, text=bytes(body), start=0)


def _read(section: Section, *, widened: bool) -> tuple[list[bytes], list[Rejected], dict[str, int]]:
    tally = Tally()
    stored = [Stored(c, c.key, "text" if widened else sql_type(c)) for c in section.layout.columns]
    clock = PbxClock("Europe/Paris")
    made = Converter(section, stored, clock, pbx="p", charset="cp1252", tally=tally)
    text = b"".join(made.rows(12))
    assert text.count(b"\n") == tally.tickets
    return sorted(text.splitlines()), tally.rejected, dict(+tally.counts)


@pytest.mark.parametrize("widened", [False, True])
@pytest.mark.parametrize("name", ["seed", "ed5.2"])
def test_matrix_and_record_by_record_agree(
    monkeypatch: pytest.MonkeyPatch, name: str, widened: bool
) -> None:
    for seed in range(12):
        section = _section(name, seed)
        fast = _read(section, widened=widened)
        with monkeypatch.context() as patched:

            def _all_doubtful(self: MatrixReader, *given: object, backslashes: bool) -> Read:
                found = READ(self, *given, backslashes=backslashes)  # type: ignore[arg-type]
                return replace(found, text=b"", doubtful=np.ones_like(found.doubtful))

            patched.setattr(MatrixReader, "read", _all_doubtful)
            slow = _read(section, widened=widened)
        assert fast == slow
        assert len(fast[0]) + len(fast[1]) == section.count
        assert fast[1] and fast[0]


def test_most_records_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful = []

    def _counted(self: MatrixReader, *given: object, backslashes: bool) -> Read:
        found = READ(self, *given, backslashes=backslashes)  # type: ignore[arg-type]
        doubtful.append(int(found.doubtful.sum()))
        return found

    monkeypatch.setattr(MatrixReader, "read", _counted)
    (section,) = sections(spool_text("ed5.2", 500, 3))
    _read(section, widened=False)
    assert sum(doubtful) == 0
