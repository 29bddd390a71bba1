"""Ingests at the same time. Killed ones: `chaos.c18_spools`, in short in tests/integration/chaos."""

import subprocess
import sys
from pathlib import Path

import ncompress

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
