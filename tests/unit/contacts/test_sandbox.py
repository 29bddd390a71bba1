"""The child that waits for a file: limited before it knows of one, gone with whoever started it."""

import sys
import time
from pathlib import Path

import pytest

from include.contacts import reading
from include.contacts.gates import Limits
from include.contacts.sandbox import Budget, Reader
from tests.integration.client_files import xlsx

BUDGET = Budget(memory_bytes=700 << 20, cpu_seconds=7)


def limits_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:25].strip(): line[25:].split()[:2] for line in lines}


def test_the_child_is_limited_before_it_is_told_of_a_file() -> None:
    wanted = {
        "Max address space": [str(700 << 20)] * 2,
        "Max cpu time": ["7", "9"],
        "Max core file size": ["0", "0"],
    }
    with Reader("a.xlsx", BUDGET) as reader:
        until = time.monotonic() + 60
        while not wanted.items() <= (found := limits_of(reader.pid)).items():
            assert time.monotonic() < until, found
            time.sleep(0.01)


def test_a_child_that_is_not_asked_ends_with_the_context() -> None:
    with Reader("a.csv") as reader:
        assert Path(f"/proc/{reader.pid}").exists()
    assert not Path(f"/proc/{reader.pid}").exists()


def test_one_child_reads_what_it_was_started_for(tmp_path: Path) -> None:
    path = tmp_path / "drop"
    path.write_text("x;0639980001\ny;0639980002\n")
    with Reader("a.csv", BUDGET) as reader:
        cells = reader.read(path, tmp_path, Limits(1 << 20, 100))
    assert (cells.rows, cells.width, cells.delimiter) == (2, 2, ";")


@pytest.mark.parametrize("starts", [True, False])
def test_a_workbook_is_read_though_nothing_is_imported_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starts: bool
) -> None:
    def start(*_: object) -> int:
        if starts:
            return 1  # and never says more, as a thread that finds no memory
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("_thread.start_new_thread", start)
    monkeypatch.setattr("sys.meta_path", [*sys.meta_path])  # the child's is without pandas
    path = tmp_path / "drop"
    path.write_bytes(xlsx([["x", "0639980001"], ["y", "0639980002"]]))
    source = reading._open_workbook(path, "xlsx", None)
    assert [piece.num_rows for piece in source.pieces] == [2]
