"""An ingest killed at any point leaves whole files only; running it again completes the table."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ncompress
import pytest

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


@pytest.mark.parametrize("after", [1, 9, 20])
def test_c18_kill_minus_9_in_mid_ingest_loses_and_doubles_nothing(
    db: Database, tmp_path: Path, after: int
) -> None:
    folder = _folder(tmp_path)
    command = [sys.executable, "-m", "include.cli", "taxation", "ingest", str(folder), "--pbx", "p"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while int(str(db.one("select count(*) from spooled_file"))) < after:
            assert time.monotonic() < deadline and process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    loaded = int(str(db.one("select count(*) from spooled_file where state = 'loaded'")))
    assert after <= loaded
    assert db.one("select count(*) from taxdata") == loaded * EACH

    report = ingest_paths([folder], "p")

    states = [file["state"] for file in report["files"]]
    assert len(states) == FILES
    assert set(states) <= {"loaded", "duplicate"}
    assert db.one("select count(*) from taxdata") == FILES * EACH
    assert db.one("select count(*) from v_ticket") == FILES * EACH
    assert db.one("select sum(tickets) from spooled_file") == FILES * EACH


def test_two_ingests_at_once_load_each_file_once(db: Database, tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    command = [sys.executable, "-m", "include.cli", "taxation", "ingest", str(folder), "--pbx", "p"]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in running] == [0, 0]
    assert db.one("select count(*) from taxdata") == FILES * EACH
    assert db.one("select count(*) from spooled_file") == FILES
