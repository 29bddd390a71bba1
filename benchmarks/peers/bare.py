"""A bare client: no queue, no journal, no centre. As fast as Python and these modems can be.

`python bare.py PORT… ` writes PDUs made beforehand, one thread a port, until it is ended.
"""

import itertools
import os
import sys
import threading
import tty

from sms_sender.pdu import encode_submit


def read_until(fd: int, *ends: bytes) -> bytes:
    """Read until one of `ends` is there."""
    data = b""
    while not any(end in data for end in ends):
        data += os.read(fd, 4096)
    return data


def send(port: str, pdus: list[tuple[bytes, bytes]]) -> None:
    """Send PDUs for ever."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(fd)
    for command in (b"ATE0\r", b"AT+CMGF=0\r"):
        os.write(fd, command)
        read_until(fd, b"OK\r\n")
    for command, pdu in itertools.cycle(pdus):
        os.write(fd, command)
        read_until(fd, b"> ")
        os.write(fd, pdu)
        if b"ERROR" in read_until(fd, b"OK\r\n", b"ERROR"):
            raise SystemExit(f"{port}: refused")


def main(ports: list[str]) -> None:
    """One thread a port."""
    pdus = []
    for number in range(10_000):
        (pdu,) = encode_submit(
            f"+3363998{number:04d}", f"#{number}# ".ljust(80, "x"), reference=number & 0xFF
        )
        pdus.append((f"AT+CMGS={pdu.length}\r".encode(), pdu.hex.encode() + b"\x1a"))
    threads = [threading.Thread(target=send, args=(port, pdus)) for port in ports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
