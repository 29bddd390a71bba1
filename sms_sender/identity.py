"""Who and where a modem is: the questions, and what is made of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sms_sender.at import Answer, answers
from sms_sender.at.grammar import Final
from sms_sender.dialects import Dialect

READ_ICCID = "AT+CRSM=176,12258,0,0,10"
# One round trip in place of four.
STATE = "AT+CPIN?;+CREG?;+COPS?;+CSQ"
STATE_PREFIXES = ("+CPIN:", "+CREG:", "+COPS:", "+CSQ:")


@dataclass(frozen=True, slots=True)
class Identity:
    """A modem and its SIM as last asked; None or "unknown" where the modem gave no usable answer.

    `sim_state`: ready, pin, puk, absent, failure, busy, locked, unknown. `registration`: home,
    roaming, searching, denied, none, unknown. `operator_code` is MCCMNC ("20801"), `operator` its
    name or « indisponible ». `rssi` is 0–31; `signal_label` one of five, or « introuvable ».
    """

    imei: str | None
    imsi: str | None
    iccid: str | None
    operator_code: str | None
    operator: str
    sim_state: str
    registration: str
    rssi: int | None
    signal_dbm: int | None
    signal_label: str
    manufacturer: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Sim:
    """What a SIM is known by."""

    imsi: str | None = None
    iccid: str | None = None


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a modem is, whatever its SIM."""

    imei: str | None = None
    manufacturer: str | None = None
    model: str | None = None


class Ask(Protocol):
    """Asks one command; a refusal is an answer too."""

    def __call__(
        self, command: str, *, prefixes: tuple[str, ...] = (), bare: bool = False
    ) -> Answer:
        """Return the answer."""


def ask_equipment(ask: Ask) -> Equipment:
    """Ask for IMEI, maker and model."""
    imei = answers.identity_number(_lines(ask("AT+CGSN", prefixes=("+CGSN:",), bare=True)))
    return Equipment(imei, _word(ask, "AT+CGMI"), _word(ask, "AT+CGMM"))


def ask_sim(ask: Ask, dialect: Dialect) -> Sim:
    """Ask for IMSI and ICCID."""
    imsi = answers.identity_number(_lines(ask("AT+CIMI", prefixes=("+CIMI:",), bare=True)))
    content = answers.file_content(_lines(ask(READ_ICCID, prefixes=("+CRSM:",))))
    return Sim(imsi, answers.iccid_of_file(content) or _ask_vendor_iccid(ask, dialect))


def ask_sim_state(ask: Ask) -> str:
    """Ask whether the SIM is ready."""
    answer = ask("AT+CPIN?", prefixes=("+CPIN:",))
    return answers.sim_state(answer.lines, answer.final)


def ask_state(ask: Ask) -> tuple[list[str], Final | None]:
    """Ask SIM, registration, operator and signal; returns the lines and why the SIM is not ready.

    A modem that refuses the four together is asked one by one.
    """
    lines = list(ask(STATE, prefixes=STATE_PREFIXES).lines)
    if all(any(line.startswith(prefix) for line in lines) for prefix in STATE_PREFIXES):
        return lines, None
    sim = ask("AT+CPIN?", prefixes=("+CPIN:",))
    lines = list(sim.lines)
    for name in ("CREG?", "COPS?", "CSQ"):
        lines += ask(f"AT+{name}", prefixes=(f"+{name.rstrip('?')}:",)).lines
    return lines, sim.final


def identity(
    equipment: Equipment,
    sim: Sim,
    lines: list[str],
    refusal: Final | None,
    operators: Mapping[str, str],
) -> Identity:
    """Put together what was answered."""
    code, rssi = answers.operator_code(lines), answers.signal(lines)
    return Identity(
        imei=equipment.imei,
        imsi=sim.imsi,
        iccid=sim.iccid,
        operator_code=code,
        operator=operators.get(code or "", answers.UNAVAILABLE),
        sim_state=answers.sim_state(lines, refusal),
        registration=answers.registration(lines),
        rssi=rssi,
        signal_dbm=answers.signal_dbm(rssi),
        signal_label=answers.signal_label(rssi),
        manufacturer=equipment.manufacturer,
        model=equipment.model,
    )


def _ask_vendor_iccid(ask: Ask, dialect: Dialect) -> str | None:
    for command in dialect.iccid:
        prefix = command.removeprefix("AT").rstrip("?") + ":"
        found = answers.iccid(_lines(ask(command, prefixes=(prefix, "+ICCID:"), bare=True)))
        if found:
            return found
    return None


def _word(ask: Ask, command: str) -> str | None:
    prefix = command.removeprefix("AT") + ":"
    lines = _lines(ask(command, prefixes=(prefix,), bare=True))
    return lines[0].removeprefix(prefix).strip().strip('"')[:64] if lines else None


def _lines(answer: Answer) -> tuple[str, ...]:
    return answer.lines if answer.final.kind == "ok" else ()
