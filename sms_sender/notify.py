"""What systemd wants to be told (sd_notify(3)), where it asks."""

import contextlib
import os
import socket


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
