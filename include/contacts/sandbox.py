"""Reading a client's file in a child process that may not take more than its share."""

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.contacts.gates import Limits
from include.contacts.refusal import RefusalError, quarantined
from include.errors import SmsswitchError

log = logging.getLogger(__name__)
_OUT_OF_LIMITS = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT, 4}


class ReadingFailedError(SmsswitchError):
    """The child process that reads files ended in a way that no file explains."""


@dataclass(frozen=True)
class Budget:
    """What one file may cost to read."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 60
    wall_seconds: float = 120


@dataclass(frozen=True)
class Options:
    """What a mapping says about the file itself; ``None`` = find out."""

    sheet: str | int | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Cells:
    """A file's cells in ``path`` (Arrow IPC: row, extra, c1 … c<width>) and what it was."""

    path: Path
    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    other_sheets: list[str]
    width: int
    rows: int
    #: For each column the last row of the file that has anything in it.
    last_filled: list[int]
    peak_kib: int


def read_cells(
    path: Path,
    name: str,
    folder: Path,
    limits: Limits,
    options: Options | None = None,
    *,
    budget: Budget | None = None,
) -> Cells:
    """Gate and parse ``path``, dropped under ``name``; raises ``RefusalError`` with the reason."""
    options, budget = options or Options(), budget or Budget()
    request = {
        "path": str(path),
        "name": name,
        **vars(limits),
        "memory_bytes": budget.memory_bytes,
        "cpu_seconds": budget.cpu_seconds,
        **vars(options),
    }
    request_path = folder / "request.json"
    request_path.write_text(json.dumps(request), encoding="utf-8")
    status, said = _run(request_path, budget.wall_seconds)
    if status not in (0, 3):
        log.warning("reader ended with %s: %s", status, said[-500:])
        raise _ended(status, name)
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    if "refusal" in result:
        raise RefusalError.from_document(result["refusal"])
    return Cells(path=folder / "cells.arrow", **result)


def _run(request_path: Path, wall_seconds: float) -> tuple[int, str]:
    # The child gets no address and no password of ours, only what Python needs.
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "TMPDIR")}
    env = {**kept, "LANG": "C.UTF-8", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "include.contacts.reading", str(request_path)],
            env=env,
            capture_output=True,
            timeout=wall_seconds,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL, "time is up"
    return done.returncode, done.stderr.decode(errors="replace")


def _ended(status: int, name: str) -> SmsswitchError:
    if status in _OUT_OF_LIMITS:
        return quarantined("parser_limit")
    if status < 0:
        return quarantined("unreadable_workbook")
    return ReadingFailedError(f"the reader of {name} ended with status {status}")
