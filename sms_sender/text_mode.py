"""Text mode (3GPP TS 27.005 §3.4.3, §3.4), for modems that have no PDU mode: one part, no length.

With the character set UCS2 everything between quotes, and every text, is hexadecimal; with GSM it
is the septets of the alphabet, one to an octet, shown here as Latin-1.
"""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from sms_sender.at.grammar import is_hex
from sms_sender.pdu import DeliveryReport, InboundSms, PduError
from sms_sender.pdu.alphabet import decode_septets, encode_septets, is_basic
from sms_sender.pdu.report import report_state

Charset = Literal["UCS2", "GSM"]
CHARSETS: tuple[Charset, ...] = ("UCS2", "GSM")
DCS = {"gsm7": 0, "ucs2": 8}
_CONTROLS = frozenset(b"\r\x1a\x1b")  # end of line, Ctrl-Z and ESC: also Ξ and the extension table
_MAX_FIELDS = 16


def encode(text: str, charset: Charset) -> str:
    """Return a text as the modem wants it; PduError if this character set cannot say it."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    septets = encode_septets(text) if is_basic(text) else b"\x1b"
    if _CONTROLS & set(septets):
        raise PduError("a character that this modem's text mode cannot send")
    return septets.decode("latin-1")


def decode(shown: str, charset: Charset) -> str:
    """Return the text that a modem shows; one that is not in its character set as it stands."""
    if charset == "UCS2":
        if not is_hex(shown) or len(shown) % 4:
            return shown
        return bytes.fromhex(shown).decode("utf-16-be", errors="replace")
    octets = shown.encode("latin-1", errors="replace")
    return decode_septets(octets) if all(octet < 0x80 for octet in octets) else shown


def destination(msisdn: str, charset: Charset) -> str:
    """Return the argument of AT+CMGS."""
    shown = encode(msisdn, "UCS2") if charset == "UCS2" else msisdn
    return f'"{shown}",{145 if msisdn.startswith("+") else 129}'


def read_report(line: str, charset: Charset) -> DeliveryReport | None:
    """Return the report of a `+CDS:` or `+CMGR:` line, None if it is not one."""
    fields = _fields(line)
    state = _state(fields)
    if state is not None:
        fields = fields[state + 1 :]
    if len(fields) < 7 or not (fields[0].isdigit() and fields[1].isdigit()):
        return None
    code = fields[6]
    if not code.isdigit() or int(code) > 255 or int(fields[1]) > 255:
        return None
    return DeliveryReport(
        int(fields[1]),
        decode(fields[2], charset),
        report_state(int(code)),
        int(code),
        read_time(fields[4]),
        read_time(fields[5]),
    )


def read_message(header: str, lines: Sequence[str], charset: Charset) -> InboundSms | None:
    """Return the message of `+CMGR:` or `+CMGL:` and the lines after it, None if it is not one."""
    fields = _fields(header)
    state = _state(fields)
    if state is None or len(fields) < state + 4 or read_report(header, charset) is not None:
        return None
    text = "\n".join(decode(line, charset) for line in lines)
    return InboundSms(decode(fields[state + 1], charset), text, read_time(fields[state + 3]))


def read_time(text: str) -> datetime | None:
    """Return `yy/MM/dd,hh:mm:ss±zz` (zz in quarters of an hour) in UTC, None if it is not that."""
    try:
        when = datetime.strptime(text[:17], "%y/%m/%d,%H:%M:%S")
        zone = timezone(timedelta(minutes=15 * int(text[17:] or 0)))
        return when.replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _state(fields: list[str]) -> int | None:
    """Where a stored message says that it was received: first in +CMGR, second in +CMGL."""
    return next((at for at, field in enumerate(fields[:2]) if field.startswith("REC ")), None)


def _fields(line: str) -> list[str]:
    _, _, rest = line.partition(":")
    try:
        (fields,) = csv.reader([rest.strip()], skipinitialspace=True)
    except (ValueError, csv.Error):
        return []
    return [field.strip() for field in fields[:_MAX_FIELDS]]
