"""What the service runs on: its clock, its threads, and what they wait with.

Everything that waits, or asks the time, does so through a Runtime that it is given. A simulation
gives another one, whose clock stands still while anybody has something to do.
"""

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class Thread(Protocol):
    """A thread that was made, and is started once."""

    @property
    def ident(self) -> int | None:
        """None before the start."""

    def start(self) -> None:
        """Begin."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end."""

    def is_alive(self) -> bool:
        """Whether it has begun and not ended."""


class Event(Protocol):
    """A flag that can be waited for."""

    def is_set(self) -> bool:
        """Whether it is."""

    def set(self) -> None:
        """Wake all who wait."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it; False when it was not set in time."""


class Latch(Protocol):
    """A lock, used to wait for one thing that happens once."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it; False when it was not free in time."""

    def release(self) -> None:
        """Free it."""


class Condition(Protocol):
    """A lock, and waiting for what it guards to change."""

    def __enter__(self) -> bool:
        """Take the lock."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Give it up."""

    def wait(self, timeout: float | None = None) -> bool:
        """Give the lock up until something changed."""

    def notify_all(self) -> None:
        """Something changed."""


class Wake:
    """Ends a wait on a descriptor from another thread."""

    def __init__(self) -> None:
        self.read, self._write = os.pipe()
        os.set_blocking(self.read, False)
        os.set_blocking(self._write, False)

    def set(self) -> None:
        """End the wait."""
        try:
            os.write(self._write, b"\0")
        except BlockingIOError:
            return

    def clear(self) -> None:
        """Forget that it was set."""
        try:
            while os.read(self.read, 4096):
                pass
        except BlockingIOError:
            return


class Runtime:
    """This computer: its clocks, its threads, its randomness."""

    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    time: Callable[[], float] = staticmethod(time.time)
    event: Callable[[], Event] = staticmethod(threading.Event)
    latch: Callable[[], Latch] = staticmethod(threading.Lock)
    condition: Callable[[], Condition] = staticmethod(threading.Condition)
    wake: Callable[[], Wake] = staticmethod(Wake)
    fresh_id: Callable[[], uuid.UUID] = staticmethod(uuid.uuid4)
    connection: type[sqlite3.Connection] = sqlite3.Connection
    """What the journal is opened as."""
    idle_seconds: float = 0.05
    """How often a modem with nothing to do looks around."""

    def thread(self, run: Callable[[], None], name: str) -> Thread:
        """Make a thread that does not outlive the process."""
        return threading.Thread(target=run, name=name, daemon=True)


HERE = Runtime()
