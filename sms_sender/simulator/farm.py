"""Emulated modems on pseudo-terminals: one thread, real bytes."""

import contextlib
import errno
import os
import select
import shutil
import tempfile
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sms_sender.simulator.device import EmulatedModem
from sms_sender.simulator.network import Network
from sms_sender.simulator.options import Options

CHUNK = 65536
RETRY_SECONDS = 0.02
IDLE_SECONDS = 5.0


class Farm:
    """A set of emulated modems; `run` serves them until `stop`.

    `ports` are the paths to open, in the modems' order. As a context manager it runs in a thread of
    its own.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.network = Network(options)
        # Links even where none are asked for: the kernel gives the number of a pseudo-terminal that
        # is gone to the next process that wants one, which may be another set of modems.
        self._own_links = options.links is None
        self._links = options.links or Path(tempfile.mkdtemp(prefix="modems-"))
        self.modems = [
            EmulatedModem(index, options, self.network) for index in range(options.modems)
        ]
        self._masters: list[int | None] = [None] * options.modems
        self._slaves: list[int | None] = [None] * options.modems
        self._replugs: dict[int, float] = {}
        self._by_fd: dict[int, int] = {}
        self._poll = select.poll()
        self._stopping = False
        self._posted: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._wake_out, self._wake_in = os.pipe()
        self._poll.register(self._wake_out, select.POLLIN)
        for index in range(options.modems):
            self._plug(index)

    @property
    def ports(self) -> list[str]:
        """The paths to open: links that stay when a modem comes back on another port."""
        return [str(self._link(index)) for index in range(self.options.modems)]

    def run(self) -> None:
        """Serve until `stop`, then close everything."""
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._close()

    def stop(self) -> None:
        """Make `run` return; safe from a signal handler and from any thread."""
        self._stopping = True
        self._wake()

    def post(self, action: Callable[[], None]) -> None:
        """Have `action` done between two turns, by the thread that serves the modems."""
        self._posted.append(action)
        self._wake()

    def unplug(self, index: int, seconds: float | None = None) -> None:
        """Take a modem's port away, for `seconds` (None: for good)."""
        master, slave = self._masters[index], self._slaves[index]
        if master is None or slave is None:
            return
        # First: whoever sees the hang-up must not find the old link any more.
        self._link(index).unlink(missing_ok=True)
        self._poll.unregister(master)
        del self._by_fd[master]
        os.close(slave)
        os.close(master)
        self._masters[index] = self._slaves[index] = None
        if seconds is not None:
            self._replugs[index] = time.monotonic() + seconds

    def __enter__(self) -> "Farm":
        self._thread = threading.Thread(target=self.run, name="farm", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _turn(self) -> None:
        ready = self._poll.poll(self._patience() * 1000)
        now = time.monotonic()
        touched: set[int] = set()
        for fd, _ in ready:
            if fd == self._wake_out:
                os.read(fd, CHUNK)
            else:
                touched.add(self._read(fd, now))
        while self._posted:
            self._posted.popleft()()
            touched.update(range(len(self.modems)))
        for index, modem in enumerate(self.modems):
            due = modem.wakes_at
            if due is not None and due <= now:
                modem.wake(now)
                touched.add(index)
            elif modem.output:
                touched.add(index)
        self.network.flush()
        for index in touched:
            self._write(index)
        self._replug(now)

    def _patience(self) -> float:
        if self._posted or self._stopping:
            return 0
        due = [modem.wakes_at for modem in self.modems if modem.wakes_at is not None]
        due += self._replugs.values()
        wait = max(min(due) - time.monotonic(), 0) if due else IDLE_SECONDS
        if any(modem.output and self._masters[at] for at, modem in enumerate(self.modems)):
            wait = min(wait, RETRY_SECONDS)
        return wait

    def _read(self, fd: int, now: float) -> int:
        index = self._by_fd[fd]
        try:
            self.modems[index].receive(os.read(fd, CHUNK), now)
        except OSError as error:
            if error.errno not in {errno.EIO, errno.EAGAIN}:
                raise
        return index

    def _write(self, index: int) -> None:
        modem, master = self.modems[index], self._masters[index]
        if modem.output and master is not None:
            with contextlib.suppress(BlockingIOError):
                del modem.output[: os.write(master, modem.output)]
        if modem.unplugged and master is not None:
            self.unplug(index, self.options.replug_after)

    def _plug(self, index: int) -> None:
        # The slave stays open here too: a client that closes the port is no hang-up.
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._masters[index], self._slaves[index] = master, slave
        self._by_fd[master] = index
        self._poll.register(master, select.POLLIN)
        _point(self._link(index), os.ttyname(slave))

    def _replug(self, now: float) -> None:
        for index, due in list(self._replugs.items()):
            if due <= now:
                del self._replugs[index]
                self.modems[index].replug()
                self._plug(index)

    def _link(self, index: int) -> Path:
        return self._links / f"usb-emulated_{self.modems[index].card.imei}_{index}-if00"

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake_in, b".")

    def _close(self) -> None:
        for index in range(len(self.modems)):
            self.unplug(index)
        if self._own_links:
            shutil.rmtree(self._links, ignore_errors=True)
        self.network.close()
        os.close(self._wake_in)
        os.close(self._wake_out)


def _point(link: Path, target: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
