"""Background processes by pid and start time, tried on real ones."""

import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from include.stack.processes import (
    Mark,
    end,
    end_session,
    free_ports,
    listens,
    port_is_free,
    reserved_port,
    spawn,
)
from include.stack.processes import wait_until as wait

SLEEP = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); " + SLEEP


def started(code: str, log: Path, lines: int = 1) -> Mark:
    mark = spawn([sys.executable, "-u", "-c", code], log, os.environ)
    assert wait(lambda: log.read_text().count("ready") == lines, timeout=120)
    return mark


def test_a_process_runs_in_its_own_session_and_writes_its_log(tmp_path: Path) -> None:
    mark = started(SLEEP, tmp_path / "log" / "one.log")
    assert os.getsid(mark.pid) == mark.pid
    assert (tmp_path / "log" / "one.log").stat().st_mode & 0o777 == 0o600
    assert end([mark]) == []
    assert mark.find() is None


def test_another_process_under_the_same_pid_is_not_ours(tmp_path: Path) -> None:
    mark = started(SLEEP, tmp_path / "log")
    stale = Mark(mark.pid, mark.started - 3600)
    assert stale.find() is None
    end([stale])
    end_session(stale)
    assert mark.find() is not None
    end([mark])


def test_what_does_not_listen_is_killed(tmp_path: Path) -> None:
    mark = started(DEAF, tmp_path / "log")
    assert end([mark], grace=0.2) == [mark.pid]
    assert mark.find() is None


def test_children_go_with_their_parent(tmp_path: Path) -> None:
    mark = started(PARENT, tmp_path / "log", lines=2)
    (child,) = psutil.Process(mark.pid).children()
    end([mark])
    assert wait(lambda: not child.is_running(), timeout=120)


@pytest.mark.parametrize("buried", [True, False])
def test_orphans_of_a_killed_leader_are_found_by_their_session(
    tmp_path: Path, buried: bool
) -> None:
    mark = started(PARENT, tmp_path / "log", lines=2)
    leader = psutil.Process(mark.pid)
    (child,) = leader.children()
    leader.kill()
    if buried:
        leader.wait(60)
    else:
        assert wait(lambda: leader.status() == psutil.STATUS_ZOMBIE, timeout=120)
    assert child.is_running()
    end_session(mark)
    assert wait(lambda: not child.is_running(), timeout=120)


def test_free_ports_are_free_and_different_and_the_preferred_one_comes_first() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        found = free_ports(3, prefer=[port])
        assert port not in found
        assert len(set(found)) == 3
        assert free_ports(1, prefer=[found[0]]) == [found[0]]


def test_two_who_want_the_same_port_at_once_get_different_ones() -> None:
    wanted = free_ports(1)[0]
    with reserved_port(wanted) as first, reserved_port(wanted) as second:
        assert first == wanted
        assert second != wanted
    with reserved_port(wanted) as again:
        assert again == wanted


def test_a_stranger_on_the_port_is_not_taken_for_ours(tmp_path: Path) -> None:
    serve = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1]); "
    mark, other = started(serve + SLEEP, tmp_path / "log"), started(SLEEP, tmp_path / "other")
    try:
        port = int((tmp_path / "log").read_text().split()[0])
        assert listens(mark, port)
        assert not listens(other, port)
    finally:
        end([mark, other])
    assert not listens(mark, port)
