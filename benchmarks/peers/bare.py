"""A bare client: no queue, no journal, no centre. As fast as Python and these modems can be.

`python bare.py [--pyserial] PORT…` writes PDUs made beforehand, one thread a port, until it is ended;
by the port's file descriptor, or as pyserial's own documentation does it.
"""

import itertools
import os
import sys
import threading
import tty
from collections.abc import Callable
from functools import partial

import serial

from sms_sender.pdu import encode_submit

Line = tuple[Callable[[bytes], object], Callable[[bytes], bytes]]
"""Write bytes; read until these bytes have come."""


def by_descriptor(port: str) -> Line:
    """As fast as it goes: whatever is there in one read."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)

    def read_until(end: bytes) -> bytes:
        data = b""
        while end not in data and b"ERROR\r\n" not in data:
            data += os.read(fd, 4096)
        return data

    return partial(os.write, fd), read_until


def by_pyserial(port: str) -> Line:
    """`Serial.read_until`, which reads a byte at a time."""
    line = serial.Serial(port, 115_200, timeout=60)
    return line.write, line.read_until


def send(line: Line, pdus: list[tuple[bytes, bytes]]) -> None:
    """Send PDUs for ever."""
    write, read_until = line
    for command in (b"ATE0\r", b"AT+CMGF=0\r"):
        write(command)
        read_until(b"OK\r\n")
    for command, pdu in itertools.cycle(pdus):
        write(command)
        read_until(b"> ")
        write(pdu)
        if b"OK" not in read_until(b"OK\r\n"):
            raise SystemExit("refused")


def main(arguments: list[str]) -> None:
    """One thread a port."""
    pyserial = arguments[0] == "--pyserial"
    pdus = []
    for number in range(10_000):
        (pdu,) = encode_submit(
            f"+3363998{number:04d}", f"#{number}# ".ljust(80, "x"), reference=number & 0xFF
        )
        pdus.append((f"AT+CMGS={pdu.length}\r".encode(), pdu.hex.encode() + b"\x1a"))
    opened = by_pyserial if pyserial else by_descriptor
    lines = [opened(port) for port in arguments[pyserial:]]
    threads = [threading.Thread(target=send, args=(line, pdus)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
