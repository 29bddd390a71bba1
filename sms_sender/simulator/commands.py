"""What an emulated modem answers to the commands that only ask or set something."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sms_sender.simulator.sim import Card, swap_digits

_READ_FILE = re.compile(r"176,(\d+),0,0,(\d+)").fullmatch
_EF_ICCID, _EF_SMSS = 12258, 28483
_VERBOSE = {10: "SIM not inserted", 11: "SIM PIN required", 16: "incorrect password"}
CAPACITY = 30


class Refusal(Exception):
    """A command ends in an error: `+CME ERROR: code`, `+CMS ERROR: code`, or a plain ERROR."""

    def __init__(self, kind: str = "", code: int = 0) -> None:
        super().__init__(kind, code)
        self.kind, self.code = kind, code


@dataclass
class Settings:
    """What commands set and the SIM holds; lost (but for the SIM) when the modem restarts."""

    echo: bool = True
    errors: int = 0
    pdu_mode: bool = True
    operator_format: int = 0
    creg: int = 0
    notify: tuple[int, int] = (0, 0)
    phase_2_plus: bool = False
    """AT+CSMS=1: what is handed over must be acknowledged by AT+CNMA."""
    text_only: bool = False
    charset: str = "GSM"
    locked_by: str | None = None
    reference: int = 0
    smss: bool = True
    credit: int | None = None
    restart: bool = False
    stored: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Index → length and PDU of messages in the SIM."""

    def restarted(self, pin: str | None) -> "Settings":
        """Return the settings after a restart."""
        return Settings(
            locked_by=pin,
            pdu_mode=not self.text_only,
            text_only=self.text_only,
            reference=self.reference,
            smss=self.smss,
            credit=self.credit,
            stored=self.stored,
        )

    def refusal(self, refusal: Refusal) -> str:
        """Return the final result of an error as AT+CMEE asks."""
        if refusal.kind == "CMS":
            return f"+CMS ERROR: {refusal.code}"
        if not refusal.kind or self.errors == 0:
            return "ERROR"
        words = _VERBOSE.get(refusal.code, str(refusal.code))
        return f"+CME ERROR: {words if self.errors == 2 else refusal.code}"


def execute(name: str, argument: str, card: Card, settings: Settings) -> list[str]:
    """Return the lines that `AT<name><argument>` gives before its OK; a Refusal if it fails."""
    handler = _HANDLERS.get(name)
    if handler is None:
        raise Refusal
    if argument == "=?":
        return list(_POSSIBLE.get(name, ()))
    return handler(argument, card, settings)


def _identity(attribute: str) -> Callable[[str, Card, Settings], list[str]]:
    def answer(argument: str, card: Card, settings: Settings) -> list[str]:
        del argument, settings
        return [getattr(card, attribute)]

    return answer


def _says(*lines: str) -> Callable[[str, Card, Settings], list[str]]:
    def answer(argument: str, card: Card, settings: Settings) -> list[str]:
        del argument, card, settings
        return list(lines)

    return answer


def _imsi(argument: str, card: Card, settings: Settings) -> list[str]:
    del argument
    _need_sim(settings)
    return [card.imsi]


def _cmee(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    if argument == "?":
        return [f"+CMEE: {settings.errors}"]
    settings.errors = _number(argument, 2)
    return []


def _cmgf(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    if argument == "?":
        return [f"+CMGF: {0 if settings.pdu_mode else 1}"]
    if settings.text_only and argument == "=0":
        raise Refusal("CME", 4)
    settings.pdu_mode = _number(argument, 1) == 0
    return []


def _cpin(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    if argument == "?":
        return ["+CPIN: SIM PIN" if settings.locked_by else "+CPIN: READY"]
    if settings.locked_by and argument.strip('="') != settings.locked_by:
        raise Refusal("CME", 16)
    settings.locked_by = None
    return []


def _creg(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    if argument != "?":
        settings.creg = _number(argument, 2)
        return []
    return [f"+CREG: {settings.creg},{0 if settings.locked_by else 1}"]


def _cops(argument: str, card: Card, settings: Settings) -> list[str]:
    if argument != "?":
        found = re.fullmatch(r"=3,([0-2])", argument)
        settings.operator_format = int(found[1]) if found else settings.operator_format
        return []
    if settings.locked_by:
        return ["+COPS: 0"]
    shown = card.operator if settings.operator_format == 2 else f"Network {card.operator}"
    return [f'+COPS: 0,{settings.operator_format},"{shown}",2']


def _csq(argument: str, card: Card, settings: Settings) -> list[str]:
    del argument
    return ["+CSQ: 99,99" if settings.locked_by else f"+CSQ: {card.rssi},0"]


def _cnmi(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    found = re.fullmatch(r"=(\d),(\d)(?:,\d(?:,(\d)(?:,\d)?)?)?", argument)
    if found:
        settings.notify = (int(found[2]), int(found[3] or 0))
    return []


def _crsm(argument: str, card: Card, settings: Settings) -> list[str]:
    found = _READ_FILE(argument.removeprefix("="))
    if not found:
        raise Refusal
    file = int(found[1])
    if file == _EF_ICCID:
        return [f'+CRSM: 144,0,"{swap_digits(card.iccid)}"']
    if file == _EF_SMSS and settings.smss:
        return [f'+CRSM: 144,0,"{settings.reference:02X}FF"']
    return ['+CRSM: 106,130,""']


def _cmgl(argument: str, card: Card, settings: Settings) -> list[str]:
    del argument, card
    _need_sim(settings)
    return [
        line
        for index, (length, pdu) in sorted(settings.stored.items())
        for line in (f"+CMGL: {index},1,,{length}", pdu)
    ]


def _cmgr(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    found = settings.stored.get(_number(argument, 10_000))
    if found is None:
        raise Refusal("CMS", 321)
    return [f"+CMGR: 0,,{found[0]}", found[1]]


def _cmgd(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    settings.stored.pop(_number(argument, 10_000), None)
    return []


def _cpms(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    used = f"{len(settings.stored)},{CAPACITY}"
    if argument == "?":
        used = f'"SM",{used}'
    return [f"+CPMS: {used},{used},{used}"]


def _cfun(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    settings.restart = argument == "=1,1"
    return ["+CFUN: 1"] if argument == "?" else []


def _csms(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    if argument == "?":
        return [f"+CSMS: {int(settings.phase_2_plus)},1,1,1"]
    settings.phase_2_plus = _number(argument, 1) == 1
    return ["+CSMS: 1,1,1"]


def _cscs(argument: str, card: Card, settings: Settings) -> list[str]:
    del card
    if argument == "?":
        return [f'+CSCS: "{settings.charset}"']
    name = argument.strip('="')
    if name not in {"GSM", "UCS2"}:
        raise Refusal("CME", 4)
    settings.charset = name
    return []


def _need_sim(settings: Settings) -> None:
    if settings.locked_by:
        raise Refusal("CME", 11)


def _number(argument: str, limit: int) -> int:
    digits = argument.removeprefix("=").split(",")[0]
    if not digits.isdigit() or int(digits) > limit:
        raise Refusal("CME", 3)
    return int(digits)


_HANDLERS: dict[str, Callable[[str, Card, Settings], list[str]]] = {
    "+CBC": _says("+CBC: 0,100"),
    "+CCID": _identity("iccid"),
    "+CFUN": _cfun,
    "+CGMI": _says("smsswitch"),
    "+CGMM": _says("emulated"),
    "+CGMR": _says("1"),
    "+CGSN": _identity("imei"),
    "+CIMI": _imsi,
    "+CLIP": _says(),
    "+CMEE": _cmee,
    "+CMGD": _cmgd,
    "+CMGF": _cmgf,
    "+CMGL": _cmgl,
    "+CMGR": _cmgr,
    "+CMMS": _says(),
    "+CNMI": _cnmi,
    "+COPS": _cops,
    "+CPAS": _says("+CPAS: 0"),
    "+CPIN": _cpin,
    "+CPMS": _cpms,
    "+CREG": _creg,
    "+CRSM": _crsm,
    "+CSCA": _says('+CSCA: "+33639980000",145'),
    "+CSCS": _cscs,
    "+CSMP": _says(),
    "+CSMS": _csms,
    "+CSQ": _csq,
}

# What may be set: some ask before they do anything.
_POSSIBLE = {
    "+CMGF": ("+CMGF: (0,1)",),
    "+CMGL": ("+CMGL: (0-4)",),
    "+CNMI": ("+CNMI: (0-2),(0-3),(0,2),(0,1),(0,1)",),
    "+CPMS": ('+CPMS: ("SM"),("SM"),("SM")',),
    "+CSCS": ('+CSCS: ("GSM","IRA","UCS2")',),
    "+CSMS": ("+CSMS: (0,1)",),
}
