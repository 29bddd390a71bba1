"""What many threads ask of one, which is woken no more often than it wants to be."""

import threading
from typing import Any

from sms_sender.runtime import HERE, Runtime


class Mailbox:
    """A queue from many to one."""

    def __init__(self, runtime: Runtime = HERE) -> None:
        self._lock = threading.Lock()
        self._wake = runtime.latch()
        self._wake.acquire()
        self._items: list[Any] = []
        self._counted = self._wanted = 0
        self._asleep = False

    def put(self, item: Any, *, counts: bool, urgent: bool = False) -> None:
        """Add an item; `counts`: it is of those that `take` may wait for."""
        with self._lock:
            self._items.append(item)
            self._counted += counts
            wakes = self._asleep and (urgent or self._counted >= self._wanted)
            if wakes:
                self._asleep = False
        if wakes:
            self._wake.release()

    def take(self, timeout: float | None = None, wanted: int = 0) -> list[Any]:
        """Return all there is, once there is something, or nothing when the time is over.

        With `wanted`, once so many have come that count, or when the time is over.
        """
        with self._lock:
            self._wanted = wanted
            waits = self._asleep = self._counted < wanted if wanted else not self._items
        if waits:
            woken = self._wake.acquire(timeout=-1 if timeout is None else timeout)
            with self._lock:
                late = not (woken or self._asleep)
                self._asleep = False
            if late:  # woken just after the time was over
                self._wake.acquire()
        with self._lock:
            items, self._items, self._counted = self._items, [], 0
        return items
