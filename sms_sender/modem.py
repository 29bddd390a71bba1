"""One GSM modem: what it is, sending through it, and what it brings in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sms_sender.pdu import DeliveryReport, InboundSms

OutcomeKind = Literal["sent", "not_sent", "uncertain", "rejected"]
ErrorClass = Literal["permanent", "retryable", "sim", "credit"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Deadlines in seconds, all absolute for their step (bytes trickling in do not extend them)."""

    command: float = 5.0
    prompt: float = 15.0
    submit: float = 60.0
    settle: float = 0.15
    sync: float = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A modem and its SIM as last asked; None or "unknown" where the modem gave no usable answer.

    `sim_state`: ready, pin, puk, absent, failure, unknown. `registration`: home, roaming,
    searching, denied, none, unknown. `operator_code` is MCCMNC ("20801"); `operator` its name or
    "indisponible". `rssi` is 0–31; `signal_label` one of the five labels or "introuvable".
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
class SubmitOutcome:
    """What became of one PDU.

    sent: the network took it (`reference` is None if the modem gave none).
    not_sent: it certainly did not go out and the number is not at fault: try again, here or on
    another modem (`error_class` retryable, or sim: take this modem out of service).
    rejected: refused after Ctrl-Z, certainly not sent; `error_class` says whose fault. `permanent`
    three times in a row to different numbers on one SIM means the SIM: that is the caller's count.
    uncertain: it may have gone out (no answer, +CMS ERROR 332, port lost after Ctrl-Z, `+CMGS: n`
    without its OK: `reference` is then n). Call `Modem.recover()`: the late answer may still come.
    """

    kind: OutcomeKind
    reference: int | None = None
    error_code: int | None = None
    error: str | None = None
    error_class: ErrorClass | None = None


class Modem:
    """A modem on a port, used by one thread at a time.

    `port` is a device path or any pyserial URL (`socket://host:port`). `pins` maps ICCID (or "*")
    to a SIM PIN, tried once. Methods raise ModemGone when the port vanished and ModemStuck when
    the modem stopped answering; after either only `close()` and `open()` make sense.
    """

    def __init__(
        self,
        port: str,
        *,
        timeouts: Timeouts | None = None,
        pins: Mapping[str, str] | None = None,
        smsc: str | None = None,
        credit_codes: frozenset[int] = frozenset(),
    ) -> None:
        raise NotImplementedError

    def open(self) -> None:
        """Open the port and bring the modem to PDU mode, whatever state it was left in."""
        raise NotImplementedError

    def identify(self) -> Identity:
        """Ask who and where the modem is; never raises for an odd answer."""
        raise NotImplementedError

    def submit(self, length: int, pdu_hex: str, on_prompt: Callable[[], None]) -> SubmitOutcome:
        """Send one PDU.

        `on_prompt` is called when the modem is ready for it and must return before the first PDU
        byte is written; if it raises, nothing is sent and the outcome is `not_sent`. A port that
        fails during the call gives an outcome (`not_sent` or `uncertain`); the next call raises.
        """
        raise NotImplementedError

    def recover(self) -> SubmitOutcome | None:
        """After `uncertain` or `not_sent`: bring the dialogue back in step.

        Returns the outcome of the uncertain submit if its answer came late, else None. Called by
        the next operation if the caller does not.
        """
        raise NotImplementedError

    def last_reference(self) -> int | None:
        """Return the message reference last used of the SIM (EF_SMSS); None if unknown."""
        raise NotImplementedError

    def poll(self, timeout: float) -> list[DeliveryReport | InboundSms]:
        """Return what came in, waiting at most `timeout` seconds for a first item.

        A stored inbound message is deleted from the SIM by the poll after the one that returned
        it, so a host that journals between polls loses none (but may see one again after a crash).
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the port; never raises."""
        raise NotImplementedError
