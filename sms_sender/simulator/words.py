"""Text mode of the emulated modems (3GPP TS 27.005 §3.4.3): numbers, texts and reports in words."""

import re
from datetime import datetime

from sms_sender.pdu import PduError, encode_submit
from sms_sender.pdu.alphabet import decode_septets

_match_number = re.compile(r'"([^"]*)"(?:,(\d+))?').fullmatch


def destination(argument: str, charset: str) -> str | None:
    """Return the number of AT+CMGS="…"[,145]; None if it is not one."""
    found = _match_number(argument.strip())
    if found is None:
        return None
    shown = found[1]
    try:
        number = bytes.fromhex(shown).decode("utf-16-be") if charset == "UCS2" else shown
    except ValueError:
        return None
    return number if re.fullmatch(r"\+?[0-9]{3,20}", number) else None


def as_pdu(number: str, raw: bytes, charset: str) -> tuple[int, str]:
    """Return length and PDU of what was typed; a PDU that is none if that cannot be sent."""
    try:
        if charset == "UCS2":
            text = bytes.fromhex(raw.decode("latin-1")).decode("utf-16-be")
        else:
            text = decode_septets(raw)
        pdus = encode_submit(number, text, reference=0)
    except (PduError, ValueError):
        return 0, ""
    # It has no way to say that a text is too long but to refuse it.
    return (pdus[0].length, pdus[0].hex) if len(pdus) == 1 else (0, "")


def report_line(
    reference: int, number: str, times: tuple[datetime, datetime], code: int, charset: str
) -> str:
    """Return a delivery report as text mode shows it; `times` of the sending and of the receipt."""
    shown = number.encode("utf-16-be").hex().upper() if charset == "UCS2" else number
    kind = 145 if number.startswith("+") else 129
    sent, done = (when.strftime("%y/%m/%d,%H:%M:%S+00") for when in times)
    return f'+CDS: 6,{reference},"{shown}",{kind},"{sent}","{done}",{code}'
