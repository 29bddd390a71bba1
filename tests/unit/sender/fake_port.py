"""A port that answers from a script, on a clock of its own: no waiting in tests."""

from collections.abc import Callable

from sms_sender.errors import ModemError
from sms_sender.modem import Modem, Timeouts

Reply = list[tuple[float, bytes]]
Script = Callable[[bytes], Reply]


class FakePort:
    """Stands for a port: `script` says what each command is answered, and after how long.

    Bytes written before their line end are kept until it comes (CR, or Ctrl-Z for a PDU). An
    exception in place of bytes is raised by the read that would have returned them.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.now = 1000.0
        self.written: list[bytes] = []
        self.fail_write: Callable[[bytes], ModemError | None] = lambda _: None
        self._partial = b""
        self._due: list[tuple[float, bytes | ModemError]] = []

    def clock(self) -> float:
        return self.now

    def write(self, data: bytes) -> None:
        failure = self.fail_write(data)
        if failure is not None:
            raise failure
        self._partial += data
        while (end := _first(self._partial, b"\r\x1a")) >= 0:
            line, self._partial = self._partial[: end + 1], self._partial[end + 1 :]
            self.written.append(line)
            for delay, reply in self.script(line):
                self.later(delay, reply)

    def later(self, delay: float, reply: bytes | ModemError) -> None:
        self._due.append((self.now + delay, reply))
        self._due.sort(key=lambda due: due[0])

    def read(self, timeout: float) -> bytes:
        assert timeout < 1000, "would wait for ever"
        if self._due and self._due[0][0] <= self.now + timeout:
            at, reply = self._due.pop(0)
            self.now = max(self.now, at)
            if isinstance(reply, ModemError):
                raise reply
            return reply
        self.now += timeout
        return b""

    def close(self) -> None:
        self._due.clear()


class FakeModem:
    """A modem whose every command is answered well, but for what a test sets in `answers`.

    `answers` maps the beginning of a command to its reply; `prompt` and `end` are the replies to
    AT+CMGS and to the PDU. Bytes alone mean at once.
    """

    def __init__(self) -> None:
        self.answers: dict[bytes, bytes | Reply] = {
            b"AT+CMGF?": b"\r\n+CMGF: 0\r\n\r\nOK\r\n",
            b"AT+CGSN": b"\r\n860000010000007\r\n\r\nOK\r\n",
        }
        self.prompt: bytes | Reply = b"\r\n> "
        self.end: bytes | Reply = b"\r\n+CMGS: 12\r\n\r\nOK\r\n"
        self.port = FakePort(self.reply)

    def reply(self, line: bytes) -> Reply:
        if line.endswith(b"\x1a"):
            return _timed(self.end)
        line = line.rsplit(b"\x1b", 1)[-1]
        if line.startswith(b"AT+CMGS="):
            return _timed(self.prompt)
        for command, answer in self.answers.items():
            if line.startswith(command):
                return _timed(answer)
        return _timed(b"\r\nOK\r\n" if line.startswith(b"AT") else b"")

    def opened(self, timeouts: Timeouts | None = None, **options: object) -> Modem:
        modem = Modem(
            "fake",
            timeouts=timeouts,
            connect=lambda _: self.port,
            clock=self.port.clock,
            **options,  # type: ignore[arg-type]
        )
        modem.open()
        return modem


def _timed(reply: bytes | Reply) -> Reply:
    if isinstance(reply, bytes):
        return [(0.0, reply)] if reply else []
    return reply


def _first(data: bytes, ends: bytes) -> int:
    return min((at for at, byte in enumerate(data) if byte in ends), default=-1)
