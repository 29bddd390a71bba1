"""The state of one AT dialogue: what was asked, and what each line therefore means."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sms_sender.at.grammar import (
    Final,
    announces_pdu,
    final_result,
    is_hex,
    is_unsolicited,
    submitted_reference,
)

MAX_LINE = 4096
MAX_LINES = 1024
ESCAPE = b"\x1b"
CTRL_Z = b"\x1a"


class Phase(Enum):
    """What the engine waits for."""

    IDLE = "idle"
    COMMAND = "command"
    PROMPT = "prompt"
    READY = "ready"  # the prompt came, the PDU is still to be given
    SUBMIT = "submit"


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of what was asked; `reference` is that of `+CMGS: n`, after a submit only."""

    final: Final
    lines: tuple[str, ...] = ()
    reference: int | None = None


@dataclass(frozen=True, slots=True)
class Prompted:
    """The modem waits for the PDU."""


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """Something the modem says by itself, with the PDU that belongs to it."""

    line: str
    pdu: str | None = None


@dataclass(frozen=True, slots=True)
class Stray:
    """An answer to nothing that is asked now: a late one, or of another's command."""

    line: str


@dataclass(frozen=True, slots=True)
class Expired:
    """The deadline passed in `phase`; `reference` if `+CMGS: n` came but its OK did not."""

    phase: Phase
    reference: int | None = None


Event = Answer | Prompted | Unsolicited | Stray | Expired


class AtEngine:
    """One dialogue. It never blocks, never grows beyond MAX_LINE + MAX_LINES, and owns no port.

    `command`, `submit` and `payload` return the bytes to write; `receive` and `expire` return what
    happened. Deadlines are absolute: bytes that trickle in never extend them.
    """

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.deadline: float | None = None
        self.discarded = 0
        self._buffer = b""
        self._overlong = False
        self._announced: str | None = None
        self._echo = ""
        self._prefixes: tuple[str, ...] = ()
        self._bare = self._required = self._hex_lines = False
        self._lines: list[str] = []
        self._reference: int | None = None

    def command(
        self,
        text: str,
        deadline: float,
        *,
        prefixes: Sequence[str] = (),
        bare: bool = False,
        required: bool = False,
        hex_lines: bool = False,
    ) -> bytes:
        """Ask `text`; lines that begin with one of `prefixes` belong to the answer.

        `bare`: lines without a prefix do too (AT+CGSN). `hex_lines`: PDUs do too (AT+CMGR).
        `required`: an OK before any line of the answer is somebody else's and is stray.
        """
        self._begin(Phase.COMMAND, text, deadline)
        self._prefixes = tuple(prefixes)
        self._bare, self._required, self._hex_lines = bare, required, hex_lines
        return text.encode("ascii") + b"\r"

    def submit(self, argument: int | str, deadline: float) -> bytes:
        """Ask for the prompt: for a PDU of so many octets, or in text mode for a number."""
        text = f"AT+CMGS={argument}"
        self._begin(Phase.PROMPT, text, deadline)
        return text.encode("ascii") + b"\r"

    def payload(self, text: str, deadline: float) -> bytes:
        """Give the PDU, or text, after the prompt; the last byte is the Ctrl-Z that commits it."""
        if self.phase is not Phase.READY:
            raise RuntimeError("no prompt to answer")
        self._begin(Phase.SUBMIT, text, deadline)
        return text.encode("latin-1") + CTRL_Z

    def abandon(self) -> bytes:
        """Give up what was asked: what still comes is stray. Never a Ctrl-Z."""
        self._end()
        return ESCAPE

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what arrived; returns what happened, in order."""
        events: list[Event] = []
        buffer = self._buffer + data
        at, size = 0, len(buffer)
        while at < size:
            if buffer[at] in b"\r\n":
                self._overlong = False
                at += 1
                continue
            if self.phase is Phase.PROMPT and not self._overlong and buffer.startswith(b"> ", at):
                self.phase, self.deadline = Phase.READY, None
                events.append(Prompted())
                at += 2
                continue
            end = _line_end(buffer, at)
            if end < 0:
                break
            if not self._overlong:
                self._line(buffer[at:end].decode("latin-1").strip(), events)
            at = end
        self._buffer = buffer[at:]
        if len(self._buffer) > MAX_LINE:
            self.discarded += len(self._buffer)
            self._buffer, self._overlong = b"", True
        if self.deadline is not None and now >= self.deadline:
            events += self.expire(now)
        return events

    def expire(self, now: float) -> list[Event]:
        """Say whether the deadline has passed; what was asked is then over."""
        if self.deadline is None or now < self.deadline:
            return []
        event = Expired(self.phase, self._reference)
        self._end()
        return [event]

    def _begin(self, phase: Phase, echo: str, deadline: float) -> None:
        self.phase, self.deadline, self._echo = phase, deadline, echo
        self._prefixes = ()
        self._bare = self._required = self._hex_lines = False
        self._lines = []
        self._reference = None

    def _end(self) -> None:
        self._begin(Phase.IDLE, "", 0.0)
        self.deadline = None

    def _line(self, line: str, events: list[Event]) -> None:
        if not line:
            return
        if self._announced is not None:
            announced, self._announced = self._announced, None
            if is_hex(line):
                events.append(Unsolicited(announced, line))
                return
            self.discarded += len(announced)
        if self.phase is Phase.SUBMIT:
            line = line.removeprefix("> ").rstrip("\x1a")
        if self._echo and line == self._echo:
            self._echo = ""
            return
        final = final_result(line)
        if final is not None:
            self._final(final, line, events)
        elif self._is_asked_for(line):
            self._keep(line)
        else:
            self._unasked(line, events)

    def _final(self, final: Final, line: str, events: list[Event]) -> None:
        if not self._is_answer(final):
            events.append(Stray(line))
            return
        events.append(Answer(final, tuple(self._lines), self._reference))
        self._end()

    def _is_answer(self, final: Final) -> bool:
        if self.phase is Phase.COMMAND:
            return final.kind != "ok" or bool(self._lines) or not self._required
        if self.phase is Phase.PROMPT:
            return final.kind != "ok"  # AT+CMGS has no OK before its prompt
        return self.phase is Phase.SUBMIT

    def _is_asked_for(self, line: str) -> bool:
        if self.phase is not Phase.COMMAND:
            return False
        if line.startswith(self._prefixes):
            return True
        if self._hex_lines and self._lines and is_hex(line):
            return True
        return self._bare and not is_unsolicited(line)

    def _keep(self, line: str) -> None:
        if len(self._lines) < MAX_LINES:
            self._lines.append(line)
        else:
            self.discarded += len(line)

    def _unasked(self, line: str, events: list[Event]) -> None:
        if line.startswith("+CMGS:"):
            reference = submitted_reference(line)
            if self.phase is Phase.SUBMIT and self._reference is None:
                self._reference = reference
            else:
                events.append(Stray(line))
        elif announces_pdu(line):
            self._announced = line
        elif is_unsolicited(line):
            events.append(Unsolicited(line))
        else:
            self.discarded += len(line)


def _line_end(buffer: bytes, start: int) -> int:
    end = buffer.find(b"\n", start)
    carriage = buffer.find(b"\r", start, end if end >= 0 else len(buffer))
    return end if carriage < 0 else carriage
