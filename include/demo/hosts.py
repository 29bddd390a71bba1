"""Two modem hosts on this machine: an emulator of modems and a real `sms-sender run` each."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from include.errors import SmsswitchError
from include.stack.processes import Mark, end

DRAIN_SECONDS = 90.0
START_SECONDS = 30.0
SENDER = (sys.executable, "-m", "sms_sender")


class HostError(SmsswitchError):
    """A process of a modem host ended by itself; its log says why."""


@dataclass
class Host:
    """One group's two processes; ``network_log`` is what its emulated modems took.

    ``code`` is a folder with another version of ``sms_sender`` to run.
    """

    folder: Path
    code: Path | None = None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def network_log(self) -> Path:
        """One JSON line per accepted part."""
        return self.folder / "network.jsonl"

    def spawn(self, name: str, *arguments: str) -> None:
        """Start one process of this host, in a session of its own, its output in ``<name>.log``."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*SENDER, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.code,  # first on the path of modules
                env={k: v for k, v in os.environ.items() if not k.startswith("SMSSWITCH_")},
            )
        marks = [asdict(Mark.of(process.pid)) for process in self.processes.values()]
        _marks_file(self.folder).write_text(json.dumps(marks))

    def check(self) -> None:
        """Raise if one of the processes has ended by itself."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise HostError(
                    f"{name} ended with {process.returncode}: see {self.folder}/{name}.log"
                )

    def ask_to_stop(self) -> None:
        """Let the sender begin to drain, without waiting for it."""
        if "sender" in self.processes:
            self.processes["sender"].send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Let the sender drain, then end the modems; may be called twice."""
        self.ask_to_stop()
        for name in ("sender", "modems"):
            process = self.processes.pop(name, None)
            if process is None:
                continue
            if name != "sender":
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(DRAIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        _marks_file(self.folder).unlink(missing_ok=True)

    def kill(self) -> None:
        """End both at once: the day is over, what they had in hand does not matter any more."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()
        self.processes.clear()
        _marks_file(self.folder).unlink(missing_ok=True)


def end_left_over(folder: Path) -> None:
    """End the hosts of a demo that was killed, known by pid and start time."""
    for file in folder.glob("*/processes.json"):
        with suppress(ValueError, TypeError):
            end([Mark(**mark) for mark in json.loads(file.read_text())], grace=1.0)
        file.unlink()


def _marks_file(folder: Path) -> Path:
    return folder / "processes.json"


def start_host(
    folder: Path,
    group: dict[str, Any],
    modems: int,
    *,
    latency_ms: int,
    seed: int,
    offset: int = 0,
    code: Path | None = None,
) -> Host:
    """Start ``modems`` emulated modems and a sender that drives them as the host of ``group``.

    ``group`` is what `smsswitch groups add --json` printed: it holds the host's own credential.
    """
    host, ports = start_modems(
        folder, modems, latency_ms=latency_ms, seed=seed, offset=offset, code=code
    )
    try:
        config = folder / "sender.toml"
        _write_private(config, _configuration(folder, group, ports))
        host.spawn("sender", "run", "--config", str(config))
    except BaseException:
        host.kill()
        raise
    return host


def start_modems(
    folder: Path,
    modems: int,
    *,
    latency_ms: int,
    seed: int,
    offset: int = 0,
    code: Path | None = None,
) -> tuple[Host, list[str]]:
    """Start ``modems`` emulated modems alone: a host without a sender yet, and its ports.

    Hosts of one ``seed`` are on one network, where a number has one fate; ``offset`` is where the
    numbers of this host's modems begin.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in ("network.jsonl", "journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-shm"):
        (folder / old).unlink(missing_ok=True)
    host = Host(folder, code)
    ports_file = folder / "ports"
    ports_file.unlink(missing_ok=True)
    options = {
        "--modems": modems,
        "--latency": latency_ms,
        "--seed": seed,
        "--network-log": host.network_log,
        "--ports-file": ports_file,
        "--reject": 0.01,
        "--retryable": 0.02,
        "--undelivered": 0.03,
        "--delivered": 0.97,
        "--noise": 0.05,
        "--report-delay": 0.5,
        **({"--offset": offset} if offset else {}),  # unknown to older versions
    }
    words = [word for name, value in options.items() for word in (name, str(value))]
    host.spawn("modems", "simulate", *words)
    try:
        return host, _await_ports(host, ports_file)
    except BaseException:
        host.kill()
        raise


def _await_ports(host: Host, ports_file: Path) -> list[str]:
    deadline = time.monotonic() + START_SECONDS
    while not ports_file.exists():
        host.check()
        if time.monotonic() > deadline:
            raise HostError(f"the emulated modems did not start: see {host.folder}/modems.log")
        time.sleep(0.05)
    return ports_file.read_text().split()


def _configuration(folder: Path, group: dict[str, Any], ports: list[str]) -> str:
    lines = [
        f"server = {json.dumps(group['database_url'])}",
        f"journal = {json.dumps(str(folder / 'journal.sqlite3'))}",
        'status = "127.0.0.1:0"',
        f"mac = {json.dumps(group['mac'])}",
    ]
    for port in ports:
        lines += ["[[modem]]", f"port = {json.dumps(port)}"]
    return "\n".join(lines) + "\n"


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
