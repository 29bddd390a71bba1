"""One GSM modem: what it is, sending through it, and what it brings in."""

import contextlib
import time
from collections.abc import Callable, Mapping

from sms_sender import ussd
from sms_sender.at import Answer, Expired, answers
from sms_sender.at.grammar import Final
from sms_sender.at.verdicts import ErrorClass, error_class
from sms_sender.dialects import GENERIC, choose
from sms_sender.errors import ModemError, ModemGone, ModemUnusable
from sms_sender.identity import (
    Equipment,
    Identity,
    Sim,
    ask_equipment,
    ask_sim,
    ask_sim_state,
    ask_state,
    identity,
)
from sms_sender.inbox import Inbox
from sms_sender.line import Clock, Line, Timeouts
from sms_sender.outcomes import (
    OutcomeKind,
    SubmitOutcome,
    after_ctrl_z,
    before_prompt,
    from_late_lines,
)
from sms_sender.pdu import DeliveryReport, InboundSms, PduError, decode_submit
from sms_sender.text_mode import CHARSETS, DCS, Charset, destination
from sms_sender.text_mode import encode as encode_text
from sms_sender.transport import Connect, SerialTransport

__all__ = ["Identity", "Modem", "SubmitOutcome", "Timeouts"]

_READ_SMSS = "AT+CRSM=176,28483,0,0,2"
_SETTINGS = ("ATE0", "AT+CMEE=1", "AT+CMMS=2", "AT+COPS=3,2")
MULTIPART = "more than one part: this modem has no PDU mode"
_SIM_SETTLES_SECONDS = 20.0


class Modem:
    """A modem on a port, used by one thread at a time.

    `port` is a device path or any pyserial URL (`socket://host:port`). `pins` maps ICCID (or "*")
    to a SIM PIN; one that is refused is never tried again. `credit_codes` are the `+CMS ERROR`
    codes that mean no credit for this operator. Methods raise ModemGone when the port vanished and
    ModemStuck when the modem stopped answering; after either only `close()`, `power_cycle()` and
    `open()` make sense.
    """

    _open_line: Line | None = None
    _sim: Sim | None
    _failure: ModemError | None
    _late: SubmitOutcome | None

    def __init__(
        self,
        port: str,
        *,
        timeouts: Timeouts | None = None,
        pins: Mapping[str, str] | None = None,
        smsc: str | None = None,
        credit_codes: frozenset[int] = frozenset(),
        operators: Mapping[str, str] = answers.OPERATORS,
        connect: Connect = SerialTransport,
        clock: Clock = time.monotonic,
    ) -> None:
        self.port = port
        self.credit_codes = credit_codes
        self._timeouts = timeouts or Timeouts()
        self._pins = dict(pins or {})
        self._smsc = smsc
        self._operators = operators
        self._connect = connect
        self._clock = clock
        self._heard: list[DeliveryReport | InboundSms] = []
        self._forget()

    def open(self) -> None:
        """Open the port and bring the modem to PDU mode, whatever state it was left in.

        A modem that has none is used in text mode (`text_mode`); ModemUnusable: it has neither. A
        SIM that is absent or locked is no error here: `identify()` shows it.
        """
        self.close()
        self._forget()
        self._open_line = Line(self.port, self._connect(self.port), self._timeouts, self._clock)
        try:
            self._line.resync()
            # What the last process did not live to read: the answer to its last submit, perhaps.
            self._late = from_late_lines(list(self._line.strays), self.credit_codes)
            self._line.strays.clear()
            self._ask("ATE0")
            self._equipment = ask_equipment(self._ask)
            self._dialect = choose(self._equipment.manufacturer, self._equipment.model)
            self._unlock()
            self._configure()
        except ModemError:
            self.close()
            raise

    def identify(self) -> Identity:
        """Ask who and where the modem is; never raises for an odd answer."""
        self._in_step()
        if self._inbox.acknowledges:
            self._notify()  # what it handed to one that died may have turned it off since
        lines, refusal = ask_state(self._ask)
        if self._sim is None or refusal is not None:
            self._sim = ask_sim(self._ask, self._dialect)
        return identity(self._equipment, self._sim, lines, refusal, self._operators)

    def submit(
        self,
        length: int,
        pdu_hex: str,
        on_prompt: Callable[[], None],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> SubmitOutcome:
        """Send one PDU.

        `meanwhile` is done while the modem gets ready: what the prompt would have to wait for.

        `on_prompt` is called when the modem is ready for it and must return before the first PDU
        byte is written; if it raises, nothing is sent and the outcome is `not_sent`. Raises only
        before anything was asked; a port that fails during the call gives an outcome (`not_sent`
        or `uncertain`) and the next call raises.
        """
        self._in_step()
        self._late = None
        line, payload = self._line, pdu_hex
        asked: int | str = length
        try:
            if self._charset is not None:
                asked, payload = self._as_text(pdu_hex, self._charset)
            prompt = line.ask_prompt(asked, meanwhile)
        except PduError as error:
            return SubmitOutcome("not_sent", error=str(error), error_class="retryable")
        except ModemError as error:
            return self._broken(error, "not_sent")
        if isinstance(prompt, Answer):
            return before_prompt(prompt.final, self.credit_codes)
        if prompt is None:
            return self._abandoned("no prompt")
        try:
            on_prompt()
        except BaseException as error:
            abandoned = self._abandoned(f"not permitted: {error}")
            if isinstance(error, Exception):
                return abandoned
            raise
        return self._hand_over(line, payload)

    @property
    def text_mode(self) -> bool:
        """Whether it has no PDU mode: then only messages of one part can be sent."""
        return self._charset is not None

    @property
    def owes(self) -> bool:
        """Whether a poll has something to acknowledge, or to bring."""
        return self._inbox.owes or bool(self._open_line and self._open_line.inbox)

    def recover(self) -> SubmitOutcome | None:
        """After `uncertain` or `not_sent`: bring the dialogue back in step.

        Returns the outcome of the last uncertain submit if its answer came late, else None; after
        `open`, that of the last process's submit. The
        next operation does it too, but then a late answer is lost when that is a `submit`.
        """
        self._in_step()
        late, self._late = self._late, None
        return late

    def last_reference(self) -> int | None:
        """Return the message reference last used, of the SIM (EF_SMSS); None if unknown."""
        self._in_step()
        content = answers.file_content(self._ask(_READ_SMSS, prefixes=("+CRSM:",)).lines)
        return content[0] if content else None

    def poll(self, timeout: float) -> list[DeliveryReport | InboundSms]:
        """Return what came in, waiting at most `timeout` seconds for a first item.

        What was handed over is acknowledged, and a stored message deleted from the SIM, by the
        poll after the one that returned it, so a host that journals between polls loses none (but
        may see one again after a crash).
        """
        self._in_step()
        try:
            items = self._inbox.collect(self._line, timeout)
            if self._inbox.refused:
                self._inbox.refused = False
                self._notify()
            return items
        except ModemError as error:
            self._failure = error
            raise

    def ussd(self, code: str, timeout: float = 20.0) -> str | None:
        """Send a USSD code and return the operator's text; None if it gave none in time."""
        self._in_step()
        for packed in (False, True):  # some modems take packed septets only
            self._inbox.replies(self._line)
            if self._ask(ussd.request(code, packed=packed)).final.kind == "ok":
                return self._ussd_answer(packed, self._clock() + timeout)
        return None

    def power_cycle(self) -> None:
        """Ask the modem to restart (AT+CFUN=1,1) and close; the port may vanish for seconds."""
        if self._open_line is not None:
            with contextlib.suppress(ModemError):
                self._open_line.ask("AT+CFUN=1,1")
        self.close()

    def heard(self) -> list[DeliveryReport | InboundSms]:
        """Return what the modem had handed over before the port was closed; asks it nothing."""
        heard, self._heard = self._heard, []
        return heard

    def close(self) -> None:
        """Close the port; never raises."""
        if self._open_line is not None:
            self._heard += self._inbox.heard(self._open_line)
            self._open_line.close()
            self._open_line = None

    @property
    def _line(self) -> Line:
        if self._open_line is None:
            raise ModemGone(f"{self.port}: not open")
        return self._open_line

    def _forget(self) -> None:
        self._dialect = GENERIC
        self._equipment = Equipment()
        self._sim = None
        self._charset: Charset | None = None
        self._dcs: int | None = None
        self._inbox = Inbox()
        self._failure = None
        self._unresolved = False
        self._late = None

    def _in_step(self) -> None:
        if self._failure is not None:
            raise self._failure
        line = self._line
        if line.in_step:
            return
        try:
            line.resync()
            if self._unresolved:
                self._unresolved = False
                self._late = from_late_lines(list(line.strays), self.credit_codes)
            line.strays.clear()
            self._configure()
        except ModemError as error:
            self._failure = error
            raise

    def _configure(self) -> None:
        self._sim = None
        for command in _SETTINGS:
            self._ask(command)
        mode = self._ask("AT+CMGF=0").final
        self._charset = None
        if mode.kind != "ok" and error_class(mode) != "sim":
            self._charset = self._to_text_mode(mode)
        self._inbox.charset = self._charset
        if self._smsc:
            self._ask(f'AT+CSCA="{self._smsc}",{145 if self._smsc[0] == "+" else 129}')
        for command in self._dialect.init:
            self._ask(command)
        # Phase 2+: reports are the modem's until they are acknowledged.
        self._inbox.acknowledges = self._ask("AT+CSMS=1", prefixes=("+CSMS:",)).final.kind == "ok"
        if not self._inbox.acknowledges:
            self._ask("AT+CSMS=0")
        self._notify()

    def _notify(self) -> None:
        for setting in self._dialect.notify:
            if self._ask(f"AT+CNMI={setting}").final.kind == "ok":
                break

    def _to_text_mode(self, refusal: Final) -> Charset:
        self._dcs = None
        if self._ask("AT+CMGF=1").final.kind == "ok":
            for charset in CHARSETS:
                if self._ask(f'AT+CSCS="{charset}"').final.kind == "ok":
                    return charset
        raise ModemUnusable(f"{self.port}: no PDU mode, nor text mode: {refusal.text}")

    def _as_text(self, pdu_hex: str, charset: Charset) -> tuple[str, str]:
        """Return number and text of a PDU, once the modem knows their encoding."""
        submit = decode_submit(pdu_hex)
        if submit.concat is not None:
            raise PduError(MULTIPART)
        dcs = DCS[submit.encoding]
        number = destination(submit.msisdn, charset)
        text = encode_text(submit.text, charset)
        if dcs != self._dcs:
            # 49: with a delivery report; 167: valid for a day.
            if self._ask(f"AT+CSMP=49,167,0,{dcs}").final.kind != "ok":
                raise PduError(f"text mode: the modem refuses encoding {dcs}")
            self._dcs = dcs
        return number, text

    def _unlock(self) -> None:
        if not self._pins or ask_sim_state(self._ask) != "pin":
            return
        iccid = ask_sim(self._ask, self._dialect).iccid
        key = iccid if iccid in self._pins else "*"
        pin = self._pins.get(key)
        if pin is None:
            return
        if self._ask(f'AT+CPIN="{pin}"').final.kind != "ok":
            del self._pins[key]  # never again: after three wrong ones the SIM is blocked
            return
        until = self._clock() + _SIM_SETTLES_SECONDS
        while ask_sim_state(self._ask) == "busy" and self._clock() < until:
            self._line.listen(self._timeouts.settle)

    def _ask(self, command: str, *, prefixes: tuple[str, ...] = (), bare: bool = False) -> Answer:
        """Ask; silence is an answer too, unless the modem does not even resynchronise."""
        try:
            answer = self._line.ask(command, prefixes=prefixes, bare=bare)
            if answer is None:
                self._line.resync()
        except ModemError as error:
            self._failure = error
            raise
        return answer or Answer(Final("error", None, "no answer"))

    def _hand_over(self, line: Line, payload: str) -> SubmitOutcome:
        try:
            line.give(payload)
        except ModemError as error:
            return self._broken(error, "not_sent")  # its last byte is the Ctrl-Z that submits
        try:
            return self._verdict(line.ended())
        except ModemError as error:
            return self._broken(error, "uncertain")

    def _verdict(self, ended: Answer | Expired) -> SubmitOutcome:
        if isinstance(ended, Answer):
            return after_ctrl_z(ended.final, ended.reference, self.credit_codes)
        self._unresolved = True
        self._line.strays.clear()
        return SubmitOutcome("uncertain", ended.reference, error="no answer after Ctrl-Z")

    def _ussd_answer(self, packed: bool, until: float) -> str | None:
        try:
            while self._clock() < until:
                for line in self._inbox.replies(self._line):
                    answer = ussd.read(line, packed=packed)
                    if answer is not None:
                        return answer.text
                self._line.listen(min(until - self._clock(), 1.0))
        except ModemError as error:
            self._failure = error
            raise
        self._ask("AT+CUSD=2")
        return None

    def _abandoned(self, why: str) -> SubmitOutcome:
        try:
            self._line.abandon()
        except ModemError as error:
            self._failure = error
        return SubmitOutcome("not_sent", error=why, error_class="retryable")

    def _broken(self, error: ModemError, kind: OutcomeKind) -> SubmitOutcome:
        self._failure = error
        whose: ErrorClass | None = "retryable" if kind == "not_sent" else None
        return SubmitOutcome(kind, error=str(error), error_class=whose)
