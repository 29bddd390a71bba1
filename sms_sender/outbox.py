"""What the centre is still to be told, in memory; the journal keeps it too."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sms_sender.runtime import HERE, Runtime

Table = Literal["attempt", "receipt", "inbound"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One report: the row of the journal that it comes from, and what is said."""

    table: Table
    row: int
    body: dict[str, Any]


class Outbox:
    """A queue of reports in the order in which they became durable."""

    def __init__(self, wake: Callable[[], None] = lambda: None, runtime: Runtime = HERE) -> None:
        self.wake = wake
        self._now = runtime.monotonic
        self._entries: deque[Entry] = deque()
        self._lock = threading.Lock()
        self._since: float | None = None
        self.threshold = 1

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entries: Iterable[Entry]) -> None:
        """Add reports; wakes the uploader when there are enough of them."""
        with self._lock:
            before = len(self._entries)
            self._entries.extend(entries)
            after = len(self._entries)
            if after and self._since is None:
                self._since = self._now()
        if before < self.threshold <= after:
            self.wake()

    def take(self, limit: int) -> list[Entry]:
        """Remove and return the oldest reports."""
        with self._lock:
            taken = [self._entries.popleft() for _ in range(min(limit, len(self._entries)))]
            self._since = self._now() if self._entries else None
            return taken

    def put_back(self, entries: list[Entry]) -> None:
        """Return reports that could not be uploaded."""
        with self._lock:
            self._entries.extendleft(reversed(entries))
            self._since = self._now()

    def age(self) -> float:
        """Return for how many seconds the oldest report has waited."""
        since = self._since
        return 0.0 if since is None else self._now() - since
