"""An AT engine on a real port: asks, waits, and puts aside what comes unasked."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sms_sender.at import Answer, AtEngine, Expired, Prompted, Stray, Unsolicited
from sms_sender.errors import ModemStuck
from sms_sender.transport import Transport

MAX_INBOX = 10_000
MAX_STRAYS = 64
_KEPT = ("+CMTI:", "+CDSI:", "+CUSD:", "+CDS:")
# A modem that says one of these has restarted and forgotten its settings.
_RESTARTED = frozenset({"RDY", "READY", "^SYSSTART", "+CFUN: 1", "+SIND: 1"})

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Deadlines in seconds, all absolute for their step (bytes trickling in do not extend them).

    `settle` is how long the port must be silent to count as drained.
    """

    command: float = 5.0
    prompt: float = 15.0
    submit: float = 60.0
    settle: float = 0.15
    sync: float = 10.0


class Line:
    """One dialogue over one port. `in_step` is False when answers may still be outstanding."""

    def __init__(
        self,
        port: str,
        transport: Transport,
        timeouts: Timeouts,
        clock: Clock = time.monotonic,
    ) -> None:
        self.port = port
        self.in_step = False
        self.inbox: deque[Unsolicited] = deque(maxlen=MAX_INBOX)
        self.strays: deque[str] = deque(maxlen=MAX_STRAYS)
        self._transport = transport
        self._timeouts = timeouts
        self._clock = clock
        self._engine = AtEngine()

    def ask(
        self,
        text: str,
        *,
        prefixes: Sequence[str] = (),
        bare: bool = False,
        required: bool = False,
        hex_lines: bool = False,
        timeout: float | None = None,
    ) -> Answer | None:
        """Send a command and return its answer; None, and out of step, if none came in time."""
        deadline = self._clock() + (self._timeouts.command if timeout is None else timeout)
        self._transport.write(
            self._engine.command(
                text,
                deadline,
                prefixes=prefixes,
                bare=bare,
                required=required,
                hex_lines=hex_lines,
            )
        )
        ended = self._wait()
        return ended if isinstance(ended, Answer) else None

    def ask_prompt(
        self, argument: int | str, meanwhile: Callable[[], object] = lambda: None
    ) -> Prompted | Answer | None:
        """Send AT+CMGS; returns the prompt, the refusal, or None if neither came in time.

        `meanwhile` is done before the answer is looked for.
        """
        self._transport.write(
            self._engine.submit(argument, self._clock() + self._timeouts.prompt),
        )
        meanwhile()
        ended = self._take(self._transport.read(0)) or self._wait()
        return None if isinstance(ended, Expired) else ended

    def give(self, payload: str) -> None:
        """Write the PDU, or text, and its Ctrl-Z; an error means that the Ctrl-Z was not taken."""
        self._transport.write(
            self._engine.payload(payload, self._clock() + self._timeouts.submit),
        )

    def ended(self) -> Answer | Expired:
        """Wait for the answer to the PDU."""
        ended = self._wait()
        if isinstance(ended, Prompted):
            raise RuntimeError("a prompt while submitting")
        return ended

    def abandon(self) -> None:
        """Leave the prompt without sending: ESC, and out of step."""
        self.in_step = False
        self._transport.write(self._engine.abandon())

    def listen(self, timeout: float) -> None:
        """Put what comes within `timeout` seconds in the inbox; returns at the first item."""
        until = self._clock() + timeout
        while True:
            left = 0 if self.inbox else max(until - self._clock(), 0)
            self._take(self._transport.read(left))
            if self.inbox or self._clock() >= until:
                return

    def resync(self) -> None:
        """Get back in step: ESC, drain, `AT`, then a question whose answer can be no other's.

        Raises ModemStuck when the modem does not follow within `sync` seconds.
        """
        self.in_step = False
        until = self._clock() + self._timeouts.sync
        self._transport.write(self._engine.abandon() + b"\r")
        self._drain(until)
        patience = max(self._timeouts.settle, 0.05)
        while self._clock() < until:
            patience = min(patience * 2, 2.0, until - self._clock())
            answer = self.ask("AT", timeout=patience)
            if answer is None or answer.final.kind != "ok":
                continue
            # A late OK may have passed for that one. The modem works in order, so once this
            # question is answered nothing older can come; asked twice it would prove nothing.
            left = until - self._clock()
            if self.ask("AT+CMGF?", prefixes=("+CMGF:",), required=True, timeout=left) is None:
                break
            self.in_step = True
            return
        raise ModemStuck(f"{self.port}: no orderly answer within {self._timeouts.sync:g} s")

    def close(self) -> None:
        """Close the port."""
        self._transport.close()

    def _drain(self, until: float) -> None:
        quiet_at = self._clock() + self._timeouts.settle
        while (now := self._clock()) < min(quiet_at, until):
            data = self._transport.read(quiet_at - now)
            if data:
                self._take(data)
                quiet_at = min(self._clock() + self._timeouts.settle, until)

    def _wait(self) -> Answer | Prompted | Expired:
        while True:
            deadline = self._engine.deadline
            now = self._clock()
            data = self._transport.read(0 if deadline is None else max(deadline - now, 0))
            ended = self._take(data)
            if ended is not None:
                if isinstance(ended, Expired):
                    self.in_step = False
                return ended

    def _take(self, data: bytes) -> Answer | Prompted | Expired | None:
        now = self._clock()
        events = self._engine.receive(data, now) if data else self._engine.expire(now)
        ended: Answer | Prompted | Expired | None = None
        for event in events:
            if isinstance(event, Unsolicited):
                if event.pdu is not None or event.line.startswith(_KEPT):
                    self.inbox.append(event)
                if event.line in _RESTARTED:
                    self.in_step = False
            elif isinstance(event, Stray):
                self.strays.append(event.line)
            else:
                ended = event
        return ended
