"""What the service tells systemd, over a real notification socket."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sms_sender.notify import Watchdog, watchdog_seconds
from tests.integration.sender.hosts import Fleet, Host, Machine


def listen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """A socket in systemd's place."""
    here = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    here.bind(str(folder / "notify"))
    here.settimeout(30)
    monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
    return here


def test_ready_then_watchdog_then_stopping(
    fleet: Fleet,
    machine: Callable[[Host], Machine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    with listen(tmp_path, monkeypatch) as systemd:
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        here = machine(fleet.host())
        here.simulate(1)
        process = here.run()
        while said.count("WATCHDOG=1") < 3:
            said.append(systemd.recv(4096).decode())
        process.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in said:
            said.append(systemd.recv(4096).decode())
        assert process.wait(200) == 0, here.log()
    assert said[0] == "READY=1"
    assert "WATCHDOG=1" in said[: said.index("STOPPING=1")]


def test_no_word_from_a_service_that_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listen(tmp_path, monkeypatch) as systemd:
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        watchdog = Watchdog()
        watchdog.pat(lambda: False)
        systemd.setblocking(False)
        with pytest.raises(BlockingIOError):
            systemd.recv(4096)
        watchdog.pat(lambda: True)
        assert systemd.recv(4096) == b"WATCHDOG=1"


def test_a_watchdog_that_is_meant_for_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    assert watchdog_seconds() == 30.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert watchdog_seconds() is None
    monkeypatch.delenv("WATCHDOG_PID")
    monkeypatch.delenv("WATCHDOG_USEC")
    assert watchdog_seconds() is None
