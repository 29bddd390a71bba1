"""A large spool is loaded while it is unpacked: as if the whole had been looked at first, or not at all."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ncompress
import pytest

from include.taxation import decompress, load
from include.taxation.convert import Converter
from include.taxation.flow import Flow
from include.taxation.generate import layout, spool_text
from include.taxation.ingest import ingest_paths
from tests.conftest import Database

Pack = Callable[[bytes], bytes]
ROWS = "select to_jsonb(t) - 'ticket_id' - 'file_id' from taxdata t order by line_number"
REJECTED = "select line_number, reason, column_name, value from rejected_ticket order by 1"
COUNTS = "select state::text, reason, line, detail, tickets, rejected, counts from spooled_file"
EMPTY = """
    truncate taxdata, duplicate_ticket; truncate rejected_ticket, spooled_file, spool_sighting cascade
"""
AWKWARD = (b"a  b", b"-5", b"caf\xe9", b"\\N", b"20260231 10:00:00", b"20261025 02:30:00", b"\x01")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch, db: Database, tmp_path: Path) -> None:
    """What is large here is small, and the table knows the layout."""
    path = tmp_path / "before"
    path.write_bytes(spool_text("ed5.2", 3, 99))
    ingest_paths([path], "siege")
    monkeypatch.setattr(load, "LARGE_BYTES", 1)
    monkeypatch.setattr(decompress, "LARGE_BYTES", 1)
    monkeypatch.setattr(decompress, "PIECE_BYTES", 20_000)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of every large spool whether it was plain to its end."""
    told: list[bool] = []
    loads = Flow.load

    def _told(self: Flow, data: bytes) -> None:
        told.append(False)
        loads(self, data)
        told[-1] = True

    monkeypatch.setattr(Flow, "load", _told)
    return told


def _text(seed: int) -> bytes:
    """Some awkward values, and columns that are blank for long."""
    head, *records = spool_text("ed5.2", 400, seed).splitlines(keepends=True)
    rng, columns = random.Random(seed), layout("ed5.2").columns[1:]
    changed = [bytearray(record) for record in records]
    for index, record in enumerate(changed):
        for column in rng.sample(columns, rng.choice([0, 0, 0, 2]) if index > 200 else 0):
            value = rng.choice(AWKWARD)[: column.width].ljust(column.width)
            record[column.first - 1 : column.last] = value
    return b"".join([head, *changed])


def _loaded(db: Database, path: Path) -> tuple[Any, ...]:
    with db.conn.cursor() as cur:
        cur.execute(EMPTY)
    (document,) = ingest_paths([path], "siege")["files"]
    del document["sha256"]
    return document, db.all(ROWS), db.all(REJECTED), db.all(COUNTS)


def _as_a_whole(db: Database, path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    with monkeypatch.context() as patched:
        patched.setattr(load, "LARGE_BYTES", 1 << 40)
        patched.setattr(decompress, "LARGE_BYTES", 1 << 40)
        return _loaded(db, path)


@pytest.mark.parametrize("pack", [ncompress.compress, gzip.compress, bytes])
def test_the_same_as_when_it_is_looked_at_first(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: list[bool], pack: Pack
) -> None:
    path = tmp_path / "TAXAAAAA.DAT"
    path.write_bytes(pack(_text(5)))
    found = _loaded(db, path)
    assert plain == [True]
    assert found == _as_a_whole(db, path, monkeypatch)
    assert found[0]["tickets"] > 300 and found[0]["rejected"] > 10


def _cut(text: bytes) -> bytes:
    return text[:-700]


def _two_layouts(text: bytes) -> bytes:
    return text + spool_text("seed", 30, 8)


def _another_version(text: bytes) -> bytes:
    at = text.rindex(b"ED5.2")
    return text[:at] + b"ED5.3" + text[at + 5 :]


def _version_further_right(text: bytes) -> bytes:
    return text.replace(b"\nED5.2", b"\n 5.2 ").replace(b"\n 5.2 ", b"\n5.2  ", 300)


def _ends_of_dos(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


def _one_record_longer(text: bytes) -> bytes:
    return text[:-1] + b" \n" + text.splitlines(keepends=True)[1]


def _line_end_within(text: bytes) -> bytes:
    at = len(text) - 300
    return text[:at] + b"\n" + text[at + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        _cut,
        _two_layouts,
        _another_version,
        _version_further_right,
        _ends_of_dos,
        _one_record_longer,
        _line_end_within,
        lambda text: text.splitlines(keepends=True)[0],
        lambda text: text.splitlines()[0],
        lambda text: b"x" + text,
    ],
)
def test_what_is_not_plain_is_looked_at_as_a_whole(
    db: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plain: list[bool],
    change: Pack,
) -> None:
    path = tmp_path / "TAXAAAAA.DAT"
    path.write_bytes(ncompress.compress(change(_text(6))))
    found = _loaded(db, path)
    assert plain == [False]
    assert found == _as_a_whole(db, path, monkeypatch)
    assert found[0]["state"] == "loaded" or not found[1]


def test_row_61_packed_data_that_is_cut_or_broken(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, path = ncompress.compress(_text(7)), tmp_path / "TAXAAAAA.DAT"
    for data in (packed[:-9], packed[: len(packed) // 2], packed[:3] + b"\xff\xff" + packed[5:]):
        path.write_bytes(data)
        found = _loaded(db, path)
        assert found == _as_a_whole(db, path, monkeypatch)
        assert found[0]["state"] == "quarantined"
        assert db.one("select count(*) from taxdata") == 0


@pytest.mark.parametrize("later", [False, True])
def test_row_73_tickets_that_are_there_already(
    db: Database, tmp_path: Path, plain: list[bool], later: bool
) -> None:
    """Whole in one file, and some of them in another that comes before or after it."""
    text = spool_text("ed5.2", 400, 9)
    lines = text.splitlines(keepends=True)
    paths = [tmp_path / "TAXAAAAA.DAT", tmp_path / "TAXAAAAB.DAT"]
    paths[0].write_bytes(text)
    paths[1].write_bytes(b"".join([lines[0], *lines[200:260], lines[230]]))
    for path in reversed(paths) if later else paths:
        ingest_paths([path], "siege")
    assert plain == [True, True]
    assert db.one("select count(*) from taxdata") == 3 + 400 + 61
    assert db.one("select count(*) from v_ticket") == 3 + 400
    assert db.one("select sum((counts->>'duplicate_tickets')::int) from spooled_file") == 61


def test_a_fault_of_ours_while_copying_is_told_as_it_is_and_leaves_nothing(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "TAXAAAAA.DAT"
    path.write_bytes(ncompress.compress(_text(5)))
    converted: list[int] = []
    convert = Converter.convert

    def _fails(self: Converter, *given: Any) -> bytes:
        if len(converted) == 3:
            raise MemoryError("the fourth portion")
        converted.append(1)
        return convert(self, *given)

    monkeypatch.setattr(Converter, "convert", _fails)
    with pytest.raises(MemoryError, match="the fourth portion"):
        ingest_paths([path], "siege")
    assert db.one("select count(*) from taxdata") == 3
