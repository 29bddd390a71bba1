"""One emulated modem, without I/O: bytes and clock in, bytes out."""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sms_sender.pdu import Encoding, Submit, encode_deliver, encode_status_report
from sms_sender.pdu.alphabet import is_gsm7
from sms_sender.simulator.commands import CAPACITY, Refusal, Settings, execute
from sms_sender.simulator.network import Decision, Network
from sms_sender.simulator.options import Options
from sms_sender.simulator.sim import make_card
from sms_sender.simulator.words import as_pdu, destination, report_line

MAX_INPUT = 1 << 16
MAX_OUTPUT = 1 << 16
_NOISE = (
    "^RSSI:10",
    "^BOOT:35323129,0,0,0,26",
    "^MODE:5,4",
    "^SRVST:2",
    "^DSFLOWRPT:00000000,00000000,00000000,0000000000000000",
    "RING",
    "+CREG: 1",
    '+CREG: 1,"00C3","7D2F"',
    "+CUSD: 2",
    '+CMTI: "SM",9999',
)


class EmulatedModem:
    """A modem with its SIM: what it is told stays when the port is closed and opened again.

    `receive` and `wake` act at the time given; `output` is what to write; `wakes_at` when to wake
    it. `unplugged` asks for the port to be taken away for `replug_after` seconds.
    """

    def __init__(self, index: int, options: Options, network: Network) -> None:
        self.card = make_card(options, index)
        self.output = bytearray()
        self.unplugged = False
        self.options = options
        self._network = network
        self._settings = Settings(
            locked_by=options.pin,
            credit=options.credit,
            smss=options.sim_smss,
            pdu_mode=not options.text_only,
            text_only=options.text_only,
        )
        self._noise = random.Random(f"{options.seed}/{self.card.imei}")
        self._input = bytearray()
        self._expected_length: int | None = None
        self._destination = ""
        self._busy = False
        self._power = 0
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._sequence = itertools.count()
        self._now = 0.0
        self._to_hand: deque[str] = deque()
        self._handed = 0
        self._waits_for_acknowledgement = False

    @property
    def wakes_at(self) -> float | None:
        """When `wake` is next needed."""
        return self._events[0][0] if self._events else None

    def receive(self, data: bytes, now: float) -> None:
        """Take what was written to the port."""
        self._now = now
        if len(self._input) + len(data) > MAX_INPUT:
            self._input.clear()
        self._input += data[-MAX_INPUT:]
        self._parse()

    def wake(self, now: float) -> None:
        """Do what is due."""
        self._now = now
        while self._events and self._events[0][0] <= now:
            heapq.heappop(self._events)[2](now)
        self._parse()

    def replug(self) -> None:
        """Start anew, as after power was lost: only the SIM remembers."""
        self._settings = self._settings.restarted(self.options.pin)
        self._input.clear()
        self.output.clear()
        self._power += 1  # what it was about to answer is gone with it
        self._expected_length, self._busy, self.unplugged = None, False, False
        self._waits_for_acknowledgement = False

    def top_up(self, credit: int | None = None) -> None:
        """Pay for the SIM: so many messages more, None without end."""
        self._settings.credit = credit

    def say(self, line: str) -> None:
        """Say something by itself."""
        self._put(f"\r\n{line}\r\n")

    def bring(self, sender: str, text: str) -> None:
        """Receive a message: stored and announced, or handed over, as AT+CNMI asks."""
        encoding: Encoding = "gsm7" if is_gsm7(text) else "ucs2"
        pdu = encode_deliver(sender, text, datetime.now(UTC), encoding)
        inbound, _ = self._settings.notify
        if inbound in {2, 3}:
            self._hand(f"\r\n+CMT: ,{pdu.length}\r\n{pdu.hex}\r\n")
            return
        free = [index for index in range(1, CAPACITY + 1) if index not in self._settings.stored]
        if not free:
            self._after(10.0, lambda _: self.bring(sender, text))
            return
        self._settings.stored[free[0]] = (pdu.length, pdu.hex)
        if inbound == 1:
            self.say(f'+CMTI: "SM",{free[0]}')

    def _put(self, text: str) -> None:
        if len(self.output) < MAX_OUTPUT:
            self.output += text.encode("ascii")

    def _after(self, delay: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (self._now + delay, next(self._sequence), action))

    def _parse(self) -> None:
        while self._input and not self._busy and not self.unplugged:
            progressed = self._command() if self._expected_length is None else self._pdu()
            if not progressed:
                return

    def _command(self) -> bool:
        end = self._input.find(b"\r")
        if end < 0:
            return False
        line = self._input[:end].rsplit(b"\x1b", 1)[-1].decode("latin-1").strip()
        del self._input[: end + 1]
        if self._settings.echo and line:
            self._put(line + "\r")
        if line[:2].upper() == "AT":
            self._run(line[2:])
        return True

    def _run(self, text: str) -> None:
        if text.upper().startswith("+CMGS="):
            self._prompt(text[6:])
            return
        lines: list[str] = []
        try:
            for part in text.split(";"):
                lines += self._one(part.strip())
            result = "OK"
        except Refusal as refusal:
            result = self._settings.refusal(refusal)
        answer = "".join(f"\r\n{line}\r\n" for line in (*lines, result))
        if self.options.command_latency:
            self._answer_after(self.options.command_latency, answer)
        else:
            self._put(answer)
        if self._settings.restart:
            self._restart()

    def _one(self, text: str) -> list[str]:
        upper = text.upper()
        if upper in {"+CUSD=0", "+CUSD=1", "+CUSD=2"}:
            return []
        if upper.startswith("+CUSD=1,"):
            credit = self._settings.credit
            left = "illimite" if credit is None else f"{credit} SMS"
            self._after(0.0, lambda _: self.say(f'+CUSD: 0,"Solde: {left}",15'))
            return []
        if upper in {"+CNMA", "+CNMA=0"}:
            return self._acknowledged()
        if upper.startswith("+CNMI="):
            self._after(0.0, lambda _: self._hand_anew())
        if upper[:1] in {"+", "^", "#", "$"}:
            size = next((at for at, char in enumerate(text) if char in "=?"), len(text))
            return execute(upper[:size], text[size:], self.card, self._settings)
        if upper.startswith("E"):
            self._settings.echo = upper[1:2] == "1"
        elif upper.startswith("Z"):
            self._settings.echo = True
        elif upper[:1] not in {"", "I", "V", "Q", "S", "X", "&", "H", "L", "M"}:
            raise Refusal
        return ["smsswitch emulated"] if upper == "I" else []

    def _prompt(self, argument: str) -> None:
        settings = self._settings
        if settings.locked_by:
            self.say("+CMS ERROR: 311")
        elif not settings.pdu_mode and (number := destination(argument, settings.charset)):
            self._destination, self._expected_length = number, 0
            self._put("\r\n> ")
        elif not settings.pdu_mode or not argument.isdigit() or not 0 < int(argument) <= 176:
            self.say("+CMS ERROR: 304")
        else:
            self._expected_length = int(argument)
            self._put("\r\n> ")

    def _pdu(self) -> bool:
        abort, commit = self._input.find(b"\x1b"), self._input.find(b"\x1a")
        if abort >= 0 and (commit < 0 or abort < commit):
            del self._input[: abort + 1]
            self._expected_length = None
            self.say("OK")
            return True
        if commit < 0:
            return False
        raw = bytes(self._input[:commit])
        text = raw.decode("latin-1").strip()
        del self._input[: commit + 1]
        length, self._expected_length = self._expected_length or 0, None
        if self._settings.echo:
            self._put(text + "\x1a")
        if not self._settings.pdu_mode:
            length, text = as_pdu(self._destination, raw, self._settings.charset)
        self._submit(length, text)
        return True

    def _submit(self, length: int, pdu_hex: str) -> None:
        settings = self._settings
        if self.options.noise and self._noise.random() < self.options.noise:
            for line in self._noise.sample(_NOISE, self._noise.randint(1, 3)):
                self.say(line)
        has_credit = settings.credit is None or settings.credit > 0
        decision = self._network.decide(length, pdu_hex, has_credit)
        if decision.submit is not None and has_credit:
            settings.reference = (settings.reference + 1) & 0xFF
        if decision.taken and decision.submit is not None:
            settings.credit = None if settings.credit is None else settings.credit - 1
            self._network.accept(self.card.imei, settings.reference, pdu_hex, decision.submit)
            self._foresee(decision.submit, settings.reference)
        elif decision.code is not None:
            self._network.refuse(self.card.imei, decision.code, pdu_hex)
        self._answer(decision, settings.reference)

    def _answer(self, decision: Decision, reference: int) -> None:
        answer = f"\r\n+CMGS: {reference}\r\n\r\nOK\r\n"
        if decision.code is not None:
            answer = f"\r\n+CMS ERROR: {decision.code}\r\n"
        delay = self.options.latency
        if decision.fault == "unplug":
            self.unplugged = True
            return
        if decision.fault == "silent":
            answer = ""
        elif decision.fault == "late":
            delay = self.options.late_after
        elif decision.fault == "hang":
            delay, answer = self.options.hang_for, ""
        if delay:
            self._answer_after(delay, answer)
        else:
            self._put(answer)

    def _answer_after(self, delay: float, answer: str) -> None:
        self._busy, power = True, self._power
        self._after(delay, lambda _: self._finish(answer, power))

    def _finish(self, answer: str, power: int) -> None:
        if power == self._power:
            self._busy = False
            self._put(answer)

    def _restart(self) -> None:
        self._settings = self._settings.restarted(self.options.pin)
        self._input.clear()
        self.say("^SYSSTART")

    def _foresee(self, submit: Submit, reference: int) -> None:
        submitted_at = datetime.now(UTC)
        wait = self.options.latency + self.options.report_delay
        code = self._network.report_code(submit.msisdn)
        if submit.status_report and code is not None:
            self._after(wait, lambda _: self._report(reference, submit.msisdn, submitted_at, code))
        last = submit.concat is None or submit.concat.part == submit.concat.parts
        if last and self._network.chance("reply", submit.msisdn, self.options.reply):
            self._after(wait, lambda _: self.bring(submit.msisdn, self.options.reply_text))

    def _report(self, reference: int, msisdn: str, submitted_at: datetime, code: int) -> None:
        done = submitted_at + timedelta(seconds=self.options.report_delay)
        pdu = encode_status_report(reference, msisdn, submitted_at, done, code)
        if self._settings.notify[1] == 1 or self._settings.phase_2_plus:
            words = report_line(
                reference, msisdn, (submitted_at, done), code, self._settings.charset
            )
            shown = f"+CDS: {pdu.length}\r\n{pdu.hex}" if self._settings.pdu_mode else words
            self._hand(f"\r\n{shown}\r\n")

    def _hand(self, text: str) -> None:
        if not self._settings.phase_2_plus:
            self._put(text)
            return
        self._to_hand.append(text)
        self._hand_next()

    def _hand_next(self) -> None:
        """Hand over one thing at a time, again until it is acknowledged (27.005 3.4.4)."""
        if not self._to_hand or self._waits_for_acknowledgement or not any(self._settings.notify):
            return
        self._waits_for_acknowledgement = True
        self._handed += 1
        self._put(self._to_hand[0])
        number = self._handed
        self._after(self.options.report_repeat, lambda _: self._not_acknowledged(number))

    def _hand_anew(self) -> None:
        """Whoever sets AT+CNMI wants what is outstanding too."""
        self._waits_for_acknowledgement = False
        self._hand_next()

    def _not_acknowledged(self, number: int) -> None:
        if not self._waits_for_acknowledgement or number != self._handed:
            return
        self._waits_for_acknowledgement = False
        self._settings.notify = (0, 0)
        self._after(self.options.report_repeat, lambda _: self._hand_next())

    def _acknowledged(self) -> list[str]:
        if not self._waits_for_acknowledgement:
            raise Refusal("CMS", 340)
        self._waits_for_acknowledgement = False
        self._to_hand.popleft()
        self._after(0.0, lambda _: self._hand_next())
        return []
