"""What one line from a modem is. Whole lines only, never a search inside one."""

import re
from dataclasses import dataclass
from typing import Literal

MAX_CODE_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Final:
    """A final result code; `code` is None for a plain ERROR or for words that are not known."""

    kind: Literal["ok", "error", "cms", "cme"]
    code: int | None = None
    text: str = ""


OK = Final("ok", None, "OK")
_PLAIN = {
    "OK": OK,
    "ERROR": Final("error", None, "ERROR"),
    "COMMAND NOT SUPPORT": Final("error", None, "COMMAND NOT SUPPORT"),
    "TOO MANY PARAMETERS": Final("error", None, "TOO MANY PARAMETERS"),
}
_match_error = re.compile(r"\+(CMS|CME) ERROR: ?(.+)").fullmatch
_match_unsolicited = re.compile(r"[+^*&%#$_][A-Z0-9_]+(?::.*)?").fullmatch
_match_hex = re.compile(r"(?:[0-9A-Fa-f]{2})+").fullmatch
_match_pdu_follows = re.compile(r"\+(?:CDS|CBM): ?\d+|\+CMT: ?[^,]*, ?\d+").fullmatch
_match_submitted = re.compile(r'\+CMGS: ?(\d{1,3})(?:, ?"?[^"]*"?)?').fullmatch
_WORDS_UNSOLICITED = frozenset(
    {"RING", "BUSY", "NO CARRIER", "NO ANSWER", "NO DIALTONE", "READY", "RDY"}
)

# 3GPP TS 27.007 §9.2 and 27.005 §3.2.5 spell these in verbose mode (AT+CMEE=2).
_WORDS = {
    "cme": {
        "PHONE FAILURE": 0,
        "NO CONNECTION TO PHONE": 1,
        "OPERATION NOT ALLOWED": 3,
        "OPERATION NOT SUPPORTED": 4,
        "PH-SIM PIN REQUIRED": 5,
        "PH-FSIM PIN REQUIRED": 6,
        "PH-FSIM PUK REQUIRED": 7,
        "SIM NOT INSERTED": 10,
        "SIM PIN REQUIRED": 11,
        "SIM PUK REQUIRED": 12,
        "SIM FAILURE": 13,
        "SIM BUSY": 14,
        "SIM WRONG": 15,
        "INCORRECT PASSWORD": 16,
        "SIM PIN2 REQUIRED": 17,
        "SIM PUK2 REQUIRED": 18,
        "MEMORY FULL": 20,
        "NO NETWORK SERVICE": 30,
        "NETWORK TIMEOUT": 31,
        "NETWORK NOT ALLOWED - EMERGENCY CALLS ONLY": 32,
        "UNKNOWN": 100,
    },
    "cms": {
        "UNASSIGNED (UNALLOCATED) NUMBER": 1,
        "OPERATOR DETERMINED BARRING": 8,
        "CALL BARRED": 10,
        "SHORT MESSAGE TRANSFER REJECTED": 21,
        "DESTINATION OUT OF SERVICE": 27,
        "UNIDENTIFIED SUBSCRIBER": 28,
        "FACILITY REJECTED": 29,
        "UNKNOWN SUBSCRIBER": 30,
        "NETWORK OUT OF ORDER": 38,
        "TEMPORARY FAILURE": 41,
        "CONGESTION": 42,
        "RESOURCES UNAVAILABLE, UNSPECIFIED": 47,
        "ME FAILURE": 300,
        "SMS SERVICE OF ME RESERVED": 301,
        "OPERATION NOT ALLOWED": 302,
        "OPERATION NOT SUPPORTED": 303,
        "INVALID PDU MODE PARAMETER": 304,
        "INVALID TEXT MODE PARAMETER": 305,
        "SIM NOT INSERTED": 310,
        "SIM PIN REQUIRED": 311,
        "PH-SIM PIN REQUIRED": 312,
        "SIM FAILURE": 313,
        "SIM BUSY": 314,
        "SIM WRONG": 315,
        "SIM PUK REQUIRED": 316,
        "SIM PIN2 REQUIRED": 317,
        "SIM PUK2 REQUIRED": 318,
        "MEMORY FAILURE": 320,
        "INVALID MEMORY INDEX": 321,
        "MEMORY FULL": 322,
        "SMSC ADDRESS UNKNOWN": 330,
        "NO NETWORK SERVICE": 331,
        "NETWORK TIMEOUT": 332,
        "UNKNOWN ERROR": 500,
    },
}


def final_result(line: str) -> Final | None:
    """Return the final result that this whole line is, or None."""
    plain = _PLAIN.get(line)
    if plain is not None or not line.startswith("+CM"):
        return plain
    found = _match_error(line)
    if found is None:
        return None
    kind: Literal["cms", "cme"] = "cms" if found[1] == "CMS" else "cme"
    words = found[2].strip()
    if words.isascii() and words.isdigit() and len(words) <= MAX_CODE_DIGITS:
        return Final(kind, int(words), line)
    return Final(kind, _WORDS[kind].get(words.upper()), line)


def is_unsolicited(line: str) -> bool:
    """Say whether a line that nobody asked for looks like a modem's own report."""
    return line in _WORDS_UNSOLICITED or _match_unsolicited(line) is not None


def announces_pdu(line: str) -> bool:
    """Say whether the next line is the PDU of this unsolicited one (`+CDS: 25`, `+CMT: ,24`)."""
    return _match_pdu_follows(line) is not None


def is_hex(line: str) -> bool:
    """Say whether the line is a PDU in hexadecimal."""
    return _match_hex(line) is not None


def submitted_reference(line: str) -> int | None:
    """Return n of `+CMGS: n`, None if the line is not that or n is not 0–255."""
    found = _match_submitted(line)
    if found is None:
        return None
    reference = int(found[1])
    return reference if reference <= 255 else None
