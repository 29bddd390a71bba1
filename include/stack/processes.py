"""Background processes known by pid and start time, so that a reused pid is never ended."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_TOLERANCE = 1.0  # seconds; psutil derives the start from clock ticks since boot


@dataclass(frozen=True)
class Mark:
    """One process for good: its pid, and when it started (seconds since the epoch)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Mark:
        """Mark the process running now under `pid`; ProcessLookupError when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error as error:
            raise ProcessLookupError(f"no process {pid}") from error

    def find(self) -> psutil.Process | None:
        """The process itself, or None when it has ended (zombies have ended)."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if self.named(process) and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def named(self, process: psutil.Process) -> bool:
        """Whether a process of this pid is the one that was marked, alive or not yet buried."""
        return bool(abs(process.create_time() - self.started) < _START_TOLERANCE)


def spawn(argv: Sequence[str], log: Path, env: Mapping[str, str]) -> Mark:
    """Start a program in a session of its own, its output appended to `log` (mode 0600)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        argv[0],
        list(argv),
        dict(env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
    )
    return Mark.of(pid)


def end(
    marks: Sequence[Mark], *, ask: signal.Signals = signal.SIGTERM, grace: float = 30.0
) -> list[int]:
    """Ask all to stop, wait, then kill what is left of them and of their children.

    Returns the pids that had to be killed.
    """
    asked = [process for mark in marks if (process := mark.find())]
    family = _families(asked)
    for process in asked:
        with suppress(psutil.Error):
            process.send_signal(ask)
    _gone, left = psutil.wait_procs(asked, timeout=grace)
    leftovers = [p for p in {*left, *family, *_families(left)} if _lives(p)]
    _gone, leftovers = psutil.wait_procs(leftovers, timeout=2.0)
    for process in leftovers:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(leftovers, timeout=5.0)
    return sorted(process.pid for process in leftovers)


def end_session(leader: Mark) -> None:
    """Kill what is left of the session that an ended process led (its orphans)."""
    with suppress(psutil.NoSuchProcess):
        if not leader.named(psutil.Process(leader.pid)):
            return  # the pid belongs to somebody else now, so nothing of the session is left
    for pid in psutil.pids():
        with suppress(OSError, psutil.Error):
            if os.getsid(pid) == leader.pid:
                psutil.Process(pid).kill()


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _families(processes: Sequence[psutil.Process]) -> set[psutil.Process]:
    family: set[psutil.Process] = set()
    for process in processes:
        with suppress(psutil.Error):
            family.update(process.children(recursive=True))
    return family


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, prefer: Sequence[int] = ()) -> list[int]:
    """`count` different free TCP ports of the loopback, the preferred ones where free."""
    found = [port for port in prefer if port_is_free(port)][:count]
    probes = [socket.socket() for _ in range(count - len(found))]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
    finally:
        for probe in probes:
            probe.close()
    return found


@contextmanager
def reserved_port(prefer: int) -> Iterator[int]:
    """A free port that no other process asking here gets meanwhile: `prefer`, or any other."""
    lock = Path(tempfile.gettempdir()) / f"smsswitch-{os.getuid()}-port-{prefer}.lock"
    with ExitStack() as held:
        try:
            # Never through a link that somebody else has put there.
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            port = free_ports(1, prefer=[prefer])[0]
        except OSError:
            port = free_ports(1)[0]
        yield port


def listens(mark: Mark, port: int) -> bool:
    """Whether this very process, or a child of it, serves the port."""
    process = mark.find()
    if process is None:
        return False
    for one in (process, *_families([process])):
        with suppress(psutil.Error):
            for socket_ in one.net_connections("tcp"):
                if socket_.status == psutil.CONN_LISTEN and socket_.laddr.port == port:
                    return True
    return False


def wait_until(check: Callable[[], object], timeout: float, every: float = 0.1) -> bool:
    """Call `check` until it returns a true value; False when the time is over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(every)
    return bool(check())
