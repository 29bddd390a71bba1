"""Ingests at the same time, and one killed in a large file. Of small ones: `chaos.c18_spools`."""

import subprocess
import sys
import time
from pathlib import Path

import ncompress

from include.taxation.decompress import LARGE_BYTES
from include.taxation.generate import spool_text
from include.taxation.ingest import ingest_paths
from tests.conftest import Database
from tests.integration.taxation.written import record, spool

FILES = 30
EACH = 40


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    for number in range(FILES):
        text = spool(*(record(called=f"063998{number * EACH + line:04d}") for line in range(EACH)))
        name = f"TAXAAA{chr(65 + number // 26)}{chr(65 + number % 26)}.DAT"
        (folder / name).write_bytes(ncompress.compress(text))
    return folder


def test_two_ingests_at_once_load_each_file_once(db: Database, tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    command = [sys.executable, "-m", "include.cli", "taxation", "ingest", str(folder), "--pbx", "p"]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in running] == [0, 0]
    assert db.one("select count(*) from taxdata") == FILES * EACH
    assert db.one("select count(*) from spooled_file") == FILES


WAIT_AT = """
    create function wait_there() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock(4711); return new; end
    $$;
    create trigger wait_there before insert on taxdata
    for each row when (new.line_number = 1500) execute function wait_there()
"""
HELD = """
    select count(*) from pg_locks as l join pg_database as d on d.oid = l.database
    where l.locktype = 'advisory' and d.datname = current_database()
"""
WAITING = f"{HELD} and l.objid = 4711 and not l.granted"


def test_a_large_spool_whose_ingest_is_killed_leaves_nothing_and_loads_once(
    db: Database, tmp_path: Path
) -> None:
    known, path = tmp_path / "known", tmp_path / "TAXAAAAA.DAT"
    known.write_bytes(spool_text("ed5.2", 1, 1))
    ingest_paths([known], "p")
    path.write_bytes(spool_text("ed5.2", 2200, 2))
    assert path.stat().st_size > LARGE_BYTES
    with db.conn.cursor() as cur:
        cur.execute(f"{WAIT_AT}; select pg_advisory_lock(4711)")
    command = [sys.executable, "-m", "include.cli", "taxation", "ingest", str(path), "--pbx", "p"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _until(db, WAITING, 1)
        process.kill()
    assert db.one("select count(*) from taxdata") == 1
    with db.conn.cursor() as cur:
        cur.execute("select pg_advisory_unlock(4711)")
    _until(db, HELD, 0)
    assert db.one("select count(*) from taxdata") == 1
    (file,) = ingest_paths([path], "p")["files"]
    assert (file["state"], file["tickets"]) == ("loaded", 2200)
    assert db.one("select count(*) from taxdata") == 2201
    assert db.one("select count(*) from spooled_file") == 2


def _until(db: Database, query: str, wanted: int) -> None:
    deadline = time.monotonic() + 120
    while db.one(query) != wanted:
        assert time.monotonic() < deadline, query
        time.sleep(0.05)
