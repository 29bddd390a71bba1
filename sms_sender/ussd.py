"""USSD: a short code is sent to the operator, a text comes back (3GPP TS 27.007 §7.15)."""

import re
from dataclasses import dataclass

from sms_sender.at.grammar import is_hex
from sms_sender.pdu.alphabet import decode_septets, encode_septets, pack, unpack

_match_answer = re.compile(r'\+CUSD: ?(\d)(?: ?, ?"([^"]*)"?(?: ?, ?(\d+))?)?').fullmatch
_match_code = re.compile(r"[0-9*#]{1,40}").fullmatch
_UCS2 = 0x48
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class UssdAnswer:
    """`text` is None when the network ended the dialogue without one."""

    text: str | None


def is_code(code: str) -> bool:
    """Say whether it is a code that may be sent: digits, * and # only."""
    return _match_code(code) is not None


def request(code: str, *, packed: bool = False) -> str:
    """Return the command; `packed` for modems that take the code only as packed septets."""
    shown = pack(encode_septets(code)).hex().upper() if packed else code
    return f'AT+CUSD=1,"{shown}",15'


def read(line: str, *, packed: bool = False) -> UssdAnswer | None:
    """Return what a `+CUSD` line says, None if it is no such line. Odd texts are shown as sent."""
    found = _match_answer(line)
    if found is None:
        return None
    if found[2] is None:
        return UssdAnswer(None)
    return UssdAnswer(_text(found[2], int(found[3] or 15), packed)[:_MAX_TEXT])


def _text(shown: str, dcs: int, packed: bool) -> str:
    if not is_hex(shown):
        return shown
    octets = bytes.fromhex(shown)
    if dcs & 0xEC == _UCS2 & 0xEC and len(octets) % 2 == 0:
        return octets.decode("utf-16-be", errors="replace")
    if packed:
        return decode_septets(unpack(octets, len(octets) * 8 // 7)).rstrip("\r@")
    return shown
