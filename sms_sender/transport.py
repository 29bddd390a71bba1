"""Bytes to and from a port: a tty, a pseudo-terminal or a `socket://host:port` URL."""

import contextlib
import os
import select
import time
from collections.abc import Callable
from typing import Protocol

import serial

from sms_sender.errors import ModemGone, ModemStuck

CHUNK = 4096
WRITE_SECONDS = 5.0
BAUDRATE = 115_200


class Transport(Protocol):
    """What a modem talks through. Anything that does this can stand for a port."""

    def write(self, data: bytes) -> None:
        """Write all of `data`, or raise ModemGone or ModemStuck with the count that was taken."""

    def read(self, timeout: float) -> bytes:
        """Return what is there, waiting at most `timeout` seconds; b"" if nothing came."""

    def close(self) -> None:
        """Close the port; never raises."""


Connect = Callable[[str], Transport]


class _Keeping(serial.Serial):
    """Keeps what came while nobody listened: delivery reports may be among it."""

    def _reset_input_buffer(self) -> None:
        """Do not."""


def _opened(port: str, baudrate: int) -> serial.SerialBase:
    if "://" in port:
        return serial.serial_for_url(port, timeout=0, baudrate=baudrate)
    return _Keeping(port, timeout=0, baudrate=baudrate, exclusive=True)


class SerialTransport:
    """A port opened by pyserial (exclusive, raw, 8N1), then driven by its file descriptor."""

    def __init__(self, port: str, baudrate: int = BAUDRATE) -> None:
        self._port = port
        try:
            self._serial = _opened(port, baudrate)
            self._fd: int = self._serial.fileno()
        except (serial.SerialException, OSError, ValueError) as error:
            raise ModemGone(f"{port}: cannot be opened: {error}") from error
        self._input = select.poll()
        self._input.register(self._fd, select.POLLIN)
        self._output = select.poll()
        self._output.register(self._fd, select.POLLOUT)

    def write(self, data: bytes) -> None:
        """Write all of `data` within WRITE_SECONDS."""
        written = 0
        deadline: float | None = None
        while written < len(data):
            try:
                written += os.write(self._fd, data[written:])
                continue
            except BlockingIOError:
                pass
            except OSError as error:
                raise ModemGone(f"{self._port}: {error.strerror}", written) from error
            now = time.monotonic()
            deadline = deadline or now + WRITE_SECONDS
            if now >= deadline:
                raise ModemStuck(f"{self._port}: takes no more bytes", written)
            self._output.poll((deadline - now) * 1000)

    def read(self, timeout: float) -> bytes:
        """Return the bytes that are there, or the first to come within `timeout` seconds."""
        data = b"" if timeout > 0 else self._read()
        if data or not self._input.poll(max(timeout, 0) * 1000):
            return data or b""
        data = self._read()
        if data is not None and not data:
            raise ModemGone(f"{self._port}: hung up")
        return data or b""

    def close(self) -> None:
        """Close the port and give up the lock on it."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()

    def _read(self) -> bytes | None:
        """Return what is there: nothing also at the end of the line, None if it may yet come."""
        try:
            return os.read(self._fd, CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ModemGone(f"{self._port}: {error.strerror}") from error
