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

from include.contacts.gates import Limits, kind_of
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


class Reader:
    """A child process that waits for the one file it is to read.

    It starts at once: by the time that the file is here it has limited itself and is ready. Leaving
    the context ends it, whatever it does.
    """

    def __init__(self, name: str, budget: Budget | None = None) -> None:
        self.name, self.budget = name, budget or Budget()
        # The child gets no address and no password of ours, only what Python needs.
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "TMPDIR")}
        kept |= {"LANG": "C.UTF-8", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        kept |= {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        limits = (str(self.budget.memory_bytes), str(self.budget.cpu_seconds))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "include.contacts.reading", *limits, kind_of(name) or "-"],
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        with self._child:
            self._child.kill()

    def read(
        self, path: Path, folder: Path, limits: Limits, options: Options | None = None
    ) -> Cells:
        """Gate and parse ``path``, once; raises ``RefusalError`` with the reason."""
        request = {
            "path": str(path),
            "name": self.name,
            **vars(limits),
            "memory_bytes": self.budget.memory_bytes,
            "cpu_seconds": self.budget.cpu_seconds,
            **vars(options or Options()),
        }
        request_path = folder / "request.json"
        request_path.write_text(json.dumps(request), encoding="utf-8")
        status, said = self._ask(request_path)
        if status not in (0, 3):
            log.warning("reader ended with %s: %s", status, said[-500:])
            raise _ended(status, self.name)
        result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if "refusal" in result:
            raise RefusalError.from_document(result["refusal"])
        return Cells(path=folder / "cells.arrow", **result)

    def _ask(self, request_path: Path) -> tuple[int, str]:
        try:
            _, said = self._child.communicate(
                os.fsencode(request_path), timeout=self.budget.wall_seconds
            )
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL, "time is up"
        return self._child.returncode, said.decode(errors="replace")


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
    with Reader(name, budget) as reader:
        return reader.read(path, folder, limits, options)


def _ended(status: int, name: str) -> SmsswitchError:
    if status in _OUT_OF_LIMITS:
        return quarantined("parser_limit")
    if status < 0:
        return quarantined("unreadable_workbook")
    return ReadingFailedError(f"the reader of {name} ended with status {status}")
