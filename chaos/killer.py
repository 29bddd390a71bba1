"""`python -m chaos.killer POINT NTH run …`: sms-sender that ends like by kill -9 at a named point.

The service itself is untouched; one call of it is watched from outside, and at its NTH time the
process is gone.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sms_sender.at import AtEngine, Prompted
from sms_sender.centre import Centre
from sms_sender.cli import main
from sms_sender.journal import Journal
from sms_sender.line import Line
from sms_sender.modem import Modem

Call = Callable[..., Any]


class _Nth:
    def __init__(self, nth: int) -> None:
        self._left = nth

    def now(self) -> bool:
        """Say whether this is the time."""
        self._left -= 1
        return self._left == 0


def die() -> None:
    """What kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def _after_prompt(nth: _Nth) -> None:
    receive = AtEngine.receive

    def watched(self: AtEngine, data: bytes, now: float) -> Any:
        events = receive(self, data, now)
        if any(isinstance(event, Prompted) for event in events) and nth.now():
            die()
        return events

    AtEngine.receive = watched  # type: ignore[method-assign]


def _around_pdu(when: str) -> Callable[[_Nth], None]:
    def install(nth: _Nth) -> None:
        give = Line.give

        def watched(self: Line, payload: str) -> None:
            if not nth.now():
                give(self, payload)
                return
            if when == "middle":
                self._transport.write(payload[: len(payload) // 2].encode())
            elif when == "after":
                give(self, payload)
            die()

        Line.give = watched  # type: ignore[method-assign]

    return install


def _after_reference(nth: _Nth) -> None:
    unasked = AtEngine._unasked

    def watched(self: AtEngine, line: str, events: Any) -> None:
        unasked(self, line, events)
        if line.startswith("+CMGS:") and nth.now():
            die()

    AtEngine._unasked = watched  # type: ignore[method-assign]


def _after_ok(nth: _Nth) -> None:
    verdict = Modem._verdict

    def watched(self: Modem, ended: Any) -> Any:
        if nth.now():
            die()
        return verdict(self, ended)

    Modem._verdict = watched  # type: ignore[method-assign]


def _after_journal(nth: _Nth) -> None:
    answer = Journal.answer

    def watched(self: Journal, attempt: Any, answered: Any, *rest: Any) -> Any:
        ticket = answer(self, attempt, answered, *rest)
        if answered.kind == "sent" and nth.now():
            ticket.wait()
            die()
        return ticket

    Journal.answer = watched  # type: ignore[method-assign,assignment]


def _after_upload(nth: _Nth) -> None:
    report = Centre.report

    def watched(self: Centre, results: Any) -> Any:
        taken = report(self, results)
        if nth.now():
            die()
        return taken

    Centre.report = watched  # type: ignore[method-assign]


POINTS: dict[str, Callable[[_Nth], None]] = {
    "after prompt": _after_prompt,
    "after intent": _around_pdu("before"),
    "mid PDU": _around_pdu("middle"),
    "after Ctrl-Z": _around_pdu("after"),
    "after +CMGS": _after_reference,
    "after OK": _after_ok,
    "after journal": _after_journal,
    "after upload": _after_upload,
}

if __name__ == "__main__":
    POINTS[sys.argv[1]](_Nth(int(sys.argv[2])))
    sys.exit(main(sys.argv[3:]))
