"""What a modem brings in: delivery reports, inbound messages, stored or handed over directly."""

import logging
import re
from collections import deque
from itertools import pairwise

from sms_sender.at import Unsolicited
from sms_sender.line import Line
from sms_sender.pdu import (
    DeliveryReport,
    InboundSms,
    PduError,
    decode_deliver,
    decode_status_report,
)
from sms_sender.text_mode import Charset, read_message, read_report

Item = DeliveryReport | InboundSms

log = logging.getLogger(__name__)

_match_stored = re.compile(r'\+C(?:MTI|DSI): ?"?([A-Z]{2})"? ?, ?(\d{1,5})').fullmatch
_match_listed = re.compile(r"\+CMGL: ?(\d{1,5}) ?, ?(\d)").match
_match_place = re.compile(r"\+CMGL: ?(\d{1,5}) ?,").match
_RECEIVED = {"0", "1"}
MAX_REPORTED = 4096


class Inbox:
    """Reads what a modem announces; remembers which stored messages may be deleted."""

    def __init__(self) -> None:
        self.charset: Charset | None = None  # of text mode
        self.acknowledges = False
        self.refused = False
        self._unacknowledged = False
        self._listed = False
        self._memory: str | None = None
        self._handed: list[tuple[str | None, int]] = []
        self._announced: deque[tuple[str, int]] = deque(maxlen=MAX_REPORTED)
        self._items: list[Item] = []
        self._replies: deque[str] = deque(maxlen=16)

    def collect(self, line: Line, timeout: float) -> list[Item]:
        """Return what is there, or the first that comes within `timeout` seconds.

        What was read before an error is kept for `heard`.
        """
        self._acknowledge(line)
        self._delete(line)
        if not self._listed:
            self._listed = True
            self._items += self._list(line)
        line.listen(0 if self._items or self._announced else timeout)
        self._take(line)
        while self._announced and line.in_step:
            self._items += self._fetch(line, *self._announced.popleft())
        return self.heard()

    def heard(self, line: Line | None = None) -> list[Item]:
        """Return what the modem has handed over so far, without asking it anything."""
        if line is not None:
            self._take(line)
        items, self._items = self._items, []
        return items

    def replies(self, line: Line) -> list[str]:
        """Return the `+CUSD` lines that came since the last call."""
        self._take(line)
        replies = list(self._replies)
        self._replies.clear()
        return replies

    def _take(self, line: Line) -> None:
        while line.inbox:
            self._items += self._unsolicited(line.inbox.popleft())

    @property
    def owes(self) -> bool:
        """Whether something was handed over that the modem wants acknowledged, or waits here."""
        return self._unacknowledged or bool(self._items)

    def _unsolicited(self, event: Unsolicited) -> list[Item]:
        if self.acknowledges and event.line.startswith(("+CDS:", "+CMT:")):
            self._unacknowledged = True
        if event.pdu is not None:
            return _decode(event.pdu)
        if event.line.startswith("+CUSD:"):
            self._replies.append(event.line)
            return []
        if event.line.startswith("+CDS:"):
            report = read_report(event.line, self.charset) if self.charset else None
            return [] if report is None else [report]
        found = _match_stored(event.line)
        if found:
            self._announced.append((found[1], int(found[2])))
        return []

    def _fetch(self, line: Line, memory: str, index: int) -> list[Item]:
        if memory != self._memory:
            line.ask(f'AT+CPMS="{memory}"', prefixes=("+CPMS:",))
            self._memory = memory
        if not line.in_step:
            return []
        lines = self._ask(line, f"AT+CMGR={index}", "+CMGR:")
        if len(lines) < (2 if self.charset is None else 1):
            return []
        self._handed.append((memory, index))
        return _decode(lines[1]) if self.charset is None else _read(lines, self.charset)

    def _list(self, line: Line) -> list[Item]:
        if self.charset is not None:
            return self._list_texts(self._ask(line, 'AT+CMGL="ALL"', "+CMGL:"), self.charset)
        lines = self._ask(line, "AT+CMGL=4", "+CMGL:")
        items: list[Item] = []
        for header, pdu in pairwise(lines):
            found = _match_listed(header)
            if found and found[2] in _RECEIVED:
                self._handed.append((None, int(found[1])))
                items += _decode(pdu)
        return items

    def _list_texts(self, lines: tuple[str, ...], charset: Charset) -> list[Item]:
        starts = [at for at, shown in enumerate(lines) if _match_place(shown)]
        items: list[Item] = []
        for start, end in pairwise([*starts, len(lines)]):
            found, entry = _match_place(lines[start]), _read(lines[start:end], charset)
            if found and entry:
                self._handed.append((None, int(found[1])))
                items += entry
        return items

    def _ask(self, line: Line, command: str, prefix: str) -> tuple[str, ...]:
        answer = line.ask(
            command,
            prefixes=(prefix,),
            hex_lines=self.charset is None,
            bare=self.charset is not None,
        )
        return answer.lines if answer is not None and answer.final.kind == "ok" else ()

    def _acknowledge(self, line: Line) -> None:
        """Say that what came directly is on our disk; what is not said so comes again (27.005 3.4.4).

        One thing is outstanding at a time; once said, the next may come, so it is never said twice.
        Refused: too late. The modem hands nothing over any more until AT+CNMI is set again.
        """
        if self._unacknowledged and line.in_step:
            self._unacknowledged = False
            answer = line.ask("AT+CNMA")
            self.refused = self.refused or answer is None or answer.final.kind != "ok"

    def _delete(self, line: Line) -> None:
        while self._handed and line.in_step:
            memory, index = self._handed.pop()
            if memory is not None and memory != self._memory:
                line.ask(f'AT+CPMS="{memory}"', prefixes=("+CPMS:",))
                self._memory = memory
            line.ask(f"AT+CMGD={index}")


def _read(lines: tuple[str, ...], charset: Charset) -> list[Item]:
    """Return the item of a header and its text, in text mode."""
    item = read_message(lines[0], lines[1:], charset) or read_report(lines[0], charset)
    return [] if item is None else [item]


def _decode(pdu: str) -> list[Item]:
    """Return the item of a PDU; one that cannot be decoded is logged: no retry can help."""
    try:
        return [decode_status_report(pdu)]
    except PduError:
        pass
    try:
        return [decode_deliver(pdu)]
    except PduError as error:
        log.warning("a PDU of %d octets was dropped: %s", len(pdu) // 2, error)
        return []
