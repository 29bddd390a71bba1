"""What a modem's answers mean. An odd answer is "unknown", never an exception."""

import re
from collections.abc import Callable, Mapping, Sequence

from sms_sender.at.grammar import Final

UNAVAILABLE = "indisponible"
NO_SIGNAL = "introuvable"

# MCCMNC of the networks of metropolitan France (extended by settings).
OPERATORS: Mapping[str, str] = {
    "20801": "orange",
    "20802": "orange",
    "20810": "sfr",
    "20811": "sfr",
    "20815": "free",
    "20816": "free",
    "20820": "bouygues",
    "20821": "bouygues",
    "20888": "bouygues",
}

_REGISTRATION = {
    0: "none",
    1: "home",
    2: "searching",
    3: "denied",
    5: "roaming",
    6: "home",
    7: "roaming",
    8: "denied",
}
_SIM = {
    "READY": "ready",
    "SIM PIN": "pin",
    "SIM PUK": "puk",
    "SIM PIN2": "ready",
    "SIM PUK2": "ready",
    "PH-SIM PIN": "locked",
    "PH-NET PIN": "locked",
}
_SIM_ERRORS = {10: "absent", 11: "pin", 12: "puk", 13: "failure", 14: "busy", 15: "failure"}
_SIM_ERRORS |= {310: "absent", 311: "pin", 313: "failure", 314: "busy", 315: "failure", 316: "puk"}

_find_csq = re.compile(r"\+CSQ: ?(\d{1,3}) ?, ?\d{1,3}").fullmatch
_find_creg = re.compile(r"\+CREG: ?(\d)(?: ?, ?([^,]*).*)?").fullmatch
_find_cops = re.compile(r'\+COPS: ?\d ?, ?2 ?, ?"?(\d{5,6})"?(?:,.*)?').fullmatch
_find_cpin = re.compile(r'\+CPIN: ?"?([^"]*?)"?').fullmatch
_find_crsm = re.compile(r'\+CRSM: ?(\d+) ?, ?(\d+) ?, ?"?([0-9A-Fa-f]*)"?').fullmatch
_find_identity = re.compile(r'(?:\+C(?:GSN|IMI): ?)?"?(\d{6,16})"?').fullmatch
_find_iccid = re.compile(r'(?:[+^$]\w+: ?)?"?(\d{18,20})[Ff]?"?').fullmatch


def signal(lines: Sequence[str]) -> int | None:
    """Return rssi 0–31 of `+CSQ`, None if unknown (99) or no whole number."""
    for line in lines:
        found = _find_csq(line)
        if found:
            rssi = int(found[1])
            return rssi if rssi <= 31 else None
    return None


def signal_dbm(rssi: int | None) -> int | None:
    """Return −113 + 2·rssi (0 means that or less, 31 that or more)."""
    return None if rssi is None else -113 + 2 * rssi


def signal_label(rssi: int | None) -> str:
    """Return one of the five labels, from rssi 0–6 « très mauvais » to 25–31 « très bon »."""
    if rssi is None:
        return NO_SIGNAL
    for limit, label in ((6, "très mauvais"), (12, "mauvais"), (18, "moyen"), (24, "bon")):
        if rssi <= limit:
            return label
    return "très bon"


def registration(lines: Sequence[str]) -> str:
    """Return the registration of `+CREG: n,stat,…`, or of `+CREG: stat,…` as some modems answer."""
    state = "unknown"
    for line in lines:
        found = _find_creg(line)
        if found:
            second = (found[2] or "").strip()
            asked = len(second) == 1 and second.isdigit()
            state = _REGISTRATION.get(int(second if asked else found[1]), "unknown")
            if asked:
                return state
    return state


def operator_code(lines: Sequence[str]) -> str | None:
    """Return the MCCMNC of `+COPS`, None when not registered (`+COPS: 0`)."""
    return _first(_find_cops, lines)


def sim_state(lines: Sequence[str], final: Final | None) -> str:
    """Return ready, pin, puk, absent, failure, busy, locked or unknown."""
    for line in lines:
        found = _find_cpin(line)
        if found:
            return _SIM.get(found[1].strip().upper(), "unknown")
    if final is None or final.code is None:
        return "unknown"
    return _SIM_ERRORS.get(final.code, "unknown")


def identity_number(lines: Sequence[str]) -> str | None:
    """Return an IMEI or IMSI."""
    return _first(_find_identity, lines)


def iccid(lines: Sequence[str]) -> str | None:
    """Return the ICCID of a vendor's command (`+CCID`, `^ICCID`), its digits only."""
    return _first(_find_iccid, lines)


def file_content(lines: Sequence[str]) -> bytes | None:
    """Return what `AT+CRSM=176,…` read from a file of the SIM, None if it was refused."""
    for line in lines:
        found = _find_crsm(line)
        if found and found[1] in {"144", "145"} and len(found[3]) % 2 == 0:
            return bytes.fromhex(found[3])
    return None


def iccid_of_file(content: bytes | None) -> str | None:
    """Return the ICCID of EF_ICCID: 10 octets, digits swapped, filled with F."""
    if content is None or len(content) != 10:
        return None
    digits = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in content).rstrip("f")
    return digits if digits.isdigit() else None


def _first(match: Callable[[str], re.Match[str] | None], lines: Sequence[str]) -> str | None:
    return next((found[1] for found in map(match, lines) if found), None)
