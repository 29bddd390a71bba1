"""What systemd wants to be told (sd_notify(3)), where it asks."""

import contextlib
import os
import socket
import time
from collections.abc import Callable


def watchdog_seconds() -> float | None:
    """Return how often systemd wants `WATCHDOG=1` at least, None where it does not watch."""
    try:
        limit = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
        watched = int(os.environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        return None
    return limit / 2 if limit > 0 and watched == os.getpid() else None


class Watchdog:
    """Tells systemd that the service works, as often as asked; silence makes it restart us."""

    def __init__(self) -> None:
        self._every = watchdog_seconds()
        self._due = 0.0

    def pat(self, alive: Callable[[], bool]) -> None:
        """Call it often: says so when it is due, unless `alive` denies it."""
        if self._every is None or time.monotonic() < self._due or not alive():
            return
        notify("WATCHDOG=1")
        self._due = time.monotonic() + self._every


def notify(state: str) -> None:
    """Send one state line to systemd; does nothing elsewhere."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    name = "\0" + address[1:] if address.startswith("@") else address
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
    ):
        sock.sendto(state.encode(), name)
