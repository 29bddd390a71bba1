"""One modem at work: pulls parts from the queue, sends them, hands in what comes back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sms_sender.batches import Part
from sms_sender.encoder import Encoder
from sms_sender.errors import JournalError, ModemError, SenderError
from sms_sender.health import ModemStatus, unfit
from sms_sender.journal import Journal
from sms_sender.journal_rows import HELD, LOCAL, Answer, Attempt
from sms_sender.modem import MULTIPART, Identity, Modem, SubmitOutcome
from sms_sender.oracle import Oracle
from sms_sender.pdu import DeliveryReport, InboundSms
from sms_sender.queue import FENCED, Queue
from sms_sender.runtime import HERE, Runtime
from sms_sender.tally import Tally
from sms_sender.verdict import answer_of, resolved
from sms_sender.writer import Ticket

log = logging.getLogger(__name__)
LOOK_SECONDS = 20.0
QUOTA = "quota"
POLL_SECONDS = 0.2
# How long a modem stands idle at a time while what it brought cannot be written.
ON_DISK_SECONDS = 1.0
REFUSALS = 3
TRIES = 3
_BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Met:
    """What is known of the SIM in a modem: its count, what it was asked last time, its quota."""

    oracle: Oracle
    unresolved: list[Attempt]
    tally: Tally


class Stopped(SenderError):
    """This host must begin nothing more."""


class Worker:
    """Owns one modem and one thread."""

    def __init__(
        self,
        modem: Modem,
        journal: Journal,
        queue: Queue,
        *,
        epoch: Callable[[], int],
        introduce: Callable[["Worker", Identity], Met | None],
        depart: Callable[["Worker"], None],
        ussd_code: Callable[[Identity], str | None] = lambda _: None,
        balance_seconds: float = 21_600.0,
        runtime: Runtime = HERE,
    ) -> None:
        self._now, self._idle = runtime.monotonic, runtime.idle_seconds
        self.status = ModemStatus(modem.port)
        self._modem = modem
        self._journal = journal
        self._queue = queue
        self._epoch = epoch
        self._introduce = introduce
        self._depart = depart
        self._ussd_code = ussd_code
        self._balance_seconds = balance_seconds
        self._balance_due = 0.0
        self._oracle = Oracle()
        self._tally = Tally()
        self._sends = True
        self._mr: int | None = None
        self._refused: list[Attempt] = []
        self._misses = 0
        self._out_until = 0.0
        self._cool_down = 30.0
        self._looked = self._polled = 0.0
        self._written: Ticket | None = None
        self._encoder = Encoder()
        self._stop = runtime.event()
        self._thread = runtime.thread(self._run, modem.port)

    @property
    def imei(self) -> str | None:
        """The modem's IMEI, once it was asked."""
        identity = self.status.identity
        return None if identity is None else identity.imei

    @property
    def died(self) -> bool:
        """Whether it ended by a fault of ours, not asked to."""
        return self._thread.ident is not None and not (
            self._thread.is_alive() or self._stop.is_set()
        )

    def start(self) -> None:
        """Open the port and work."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after what it does now."""
        self._stop.set()

    def join(self, timeout: float) -> bool:
        """Wait for the end; False if the modem still holds it."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            started = self._now()
            try:
                self._modem.open()
                self._meet()
                self._serve()
            except ModemError as error:
                self._leave_service(str(error), 0)
                log.warning("%s", error)
            except SenderError as error:
                self._leave_service(str(error), 0)
                log.error("%s: %s", self.status.port, error)
            finally:
                self.status.in_service = False
                self._queue.release(self.status.port)
                self._flush_refusals()
                self._modem.close()
                self._hand_in(self._modem.heard())
                self._depart(self)
            failures = 0 if self._now() - started > 60 else failures + 1
            if not self._stop.is_set():
                self._stop.wait(_BACKOFF[min(failures, len(_BACKOFF) - 1)])

    def _meet(self) -> None:
        """Ask who is there, and send through it unless another port does already."""
        self._misses = 0
        self._looked = self._now()
        self.status.identity = self._modem.identify()
        met = self._introduce(self, self.status.identity)
        self._sends = met is not None
        if met is None:
            self._leave_service("duplicate_imei", 0)
            return
        self._oracle, self._tally = met.oracle, met.tally
        self._mr = self._modem.last_reference()
        late = self._modem.recover()
        for attempt in met.unresolved:
            self._resolve(attempt, late if len(met.unresolved) == 1 else None)
        self._judge(self.status.identity)
        self._ask_balance()

    def _resolve(self, attempt: Attempt, late: SubmitOutcome | None) -> None:
        """What was begun by the last process and never answered; `late`: its answer, unread."""
        answer = resolved(attempt, late, self._oracle, self._mr)
        self._journal.answer(attempt, answer)
        self.status.count(answer.kind)

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._look_if_due()
            part = self._queue.take(self.status.port) if self.status.in_service else None
            if part is not None:
                self._send(part)
            else:
                self._flush_refusals()
                self._queue.wait(self._idle)
            now = self._now()
            if part is None or now - self._polled > POLL_SECONDS or self._modem.owes:
                self._polled = now
                self._bring_in()
        self._bring_in()

    def _send(self, part: Part) -> None:
        if not (self._encoder.continues(part) or self._tally.allows(part)):
            self._queue.decline(self.status.port, part)
            self._leave_service(QUOTA, 0)
            return
        pdu = self._encoder.encode(part)
        if self._modem.text_mode and part.message.segments > 1:
            pdu = MULTIPART
        identity = self.status.identity
        attempt = self._journal.attempt(
            part,
            identity.imei if identity else None,
            identity.imsi if identity else None,
            self._mr,
        )
        if isinstance(pdu, str):
            self._journal.intend(attempt, self._epoch())
            self._close(attempt, Answer("failed", error=pdu), rest="other part failed")
            return
        recipient = self._tally.begin(part.message.msisdn)
        intent = self._journal.intend(attempt, self._epoch(), recipient)

        def permitted() -> None:
            intent.wait()
            if self._queue.draining == FENCED:
                raise Stopped("this host is fenced")

        try:
            outcome = self._modem.submit(
                pdu.length, pdu.hex, permitted, lambda: intent.settled(ON_DISK_SECONDS)
            )
        except ModemError as error:
            self._tally.take_back()
            self._not_sent(attempt, str(error))
            raise
        self._conclude(attempt, outcome)

    def _conclude(self, attempt: Attempt, outcome: SubmitOutcome) -> None:
        if outcome.kind not in {"sent", "uncertain"}:
            self._tally.take_back()
        if outcome.kind == "sent":
            self._sent(attempt, outcome)
        elif outcome.kind == "uncertain":
            self._uncertain(attempt, outcome)
        elif outcome.error_class in {"sim", "credit"}:
            self._not_sent(attempt, outcome.error, outcome.error_code)
            self._leave_service(f"{outcome.error_class}: {outcome.error}", self._cool_down)
        elif outcome.kind == "not_sent":
            self._missed(attempt, outcome)
        elif outcome.error_class == "permanent":
            self._refuse(attempt, outcome)
        else:
            self._close(
                attempt, answer_of("retryable", outcome), rest="another part waits for its next try"
            )
        if outcome.kind == "rejected" and self.status.in_service and self._oracle.trusted:
            self._mr = self._modem.last_reference()  # what is refused may use one up too

    def _sent(self, attempt: Attempt, outcome: SubmitOutcome) -> None:
        self._misses, self._cool_down = 0, 30.0
        self._mr = outcome.reference
        self._close(attempt, answer_of("sent", outcome))
        self._flush_refusals()
        if outcome.reference is not None and self._oracle.wants_to_check():
            self._oracle.check(outcome.reference, self._modem.last_reference())

    def _uncertain(self, attempt: Attempt, outcome: SubmitOutcome) -> None:
        """Ask for a late answer, then the SIM; nothing is sent again without proof."""
        broken: ModemError | None = None
        late, verdict, before = None, "perhaps", self._mr
        self._mr = None
        try:
            late = self._modem.recover()
            self._mr = self._modem.last_reference()
            verdict = self._oracle.judge(before, self._mr)
        except ModemError as error:
            broken = error
        if late is not None and late.kind != "uncertain":
            self._conclude(attempt, late)
        elif verdict == "not_submitted":
            self._tally.take_back()
            self._not_sent(attempt, "not submitted, says the SIM")
        else:
            self._close(attempt, answer_of("uncertain", outcome))
        if broken is not None:
            raise broken
        self._miss("three sends without an answer")

    def _missed(self, attempt: Attempt, outcome: SubmitOutcome) -> None:
        """Certainly not sent, and the number is not at fault."""
        if self._journal.writer.failed is not None:
            self._queue.put_back(self.status.port, attempt.part)
            self.status.last_error = f"journal: {self._journal.writer.failed}"
            self._modem.recover()
            self._stop.wait(1.0)
            return
        if self._queue.tries(self.status.port) + 1 >= TRIES:
            self._close(
                attempt, answer_of("retryable", outcome), rest="another part waits for its next try"
            )
        else:
            self._not_sent(attempt, outcome.error, outcome.error_code)
        if self._queue.draining == FENCED:
            return
        self._modem.recover()
        self._miss("three sends in a row not begun")

    def _miss(self, why: str) -> None:
        self._misses += 1
        if self._misses >= TRIES:
            log.warning("%s: %s: power cycle", self.status.port, why)
            self._modem.power_cycle()
            raise ModemError(f"{self.status.port}: {why}")

    def _refuse(self, attempt: Attempt, outcome: SubmitOutcome) -> None:
        """Refused for good: this number, unless the SIM is refused whatever the number.

        So the answer is held back until the next one shows which.
        """
        self._journal.answer(attempt, answer_of("failed", outcome), HELD)
        self._refused.append(attempt)
        self._queue.finish(self.status.port, rest="other part failed")
        self.status.last_error = outcome.error
        numbers = {held.part.message.msisdn for held in self._refused}
        if len(numbers) >= REFUSALS:
            for held in self._refused:
                self._journal.answer(held, answer_of("retryable", outcome))
            self._refused = []
            self._leave_service(
                f"{REFUSALS} numbers in a row refused: is the SIM paid? {outcome.error}",
                self._cool_down,
            )

    def _flush_refusals(self) -> None:
        if self._refused:
            rows, self._refused = self._refused, []
            for _ in rows:
                self.status.count("failed")
            self._journal.release(rows)

    def _close(self, attempt: Attempt, answer: Answer, rest: str | None = None) -> None:
        self._journal.answer(attempt, answer)
        self._queue.finish(self.status.port, rest=rest)
        self.status.count(answer.kind)
        if answer.error:
            self.status.last_error = answer.error

    def _not_sent(self, attempt: Attempt, error: str | None, code: int | None = None) -> None:
        """Let it be sent by this modem or another one; the centre need not know."""
        self._journal.answer(attempt, Answer("not_sent", None, code, error), LOCAL)
        self._queue.put_back(self.status.port, attempt.part)
        self.status.last_error = error

    def _look_if_due(self) -> None:
        now = self._now()
        waiting_to_return = not self.status.in_service and now >= self._out_until
        due = self._looked + (1.0 if waiting_to_return else LOOK_SECONDS)
        if now >= due:
            self._look()

    def _look(self) -> None:
        if not self._sends:
            self._meet()  # the other port may be gone by now
            return
        self._looked = self._now()
        before, self.status.identity = self.status.identity, self._modem.identify()
        if before is not None and before.imsi != self.status.identity.imsi:
            self._meet()  # another SIM: another count, another quota
            return
        self._judge(self.status.identity)
        self._ask_balance()

    def _judge(self, identity: Identity) -> None:
        why = unfit(identity)
        if why is None and self._tally.full:
            why = QUOTA
        self.status.quota = self._tally.used()
        if why is not None:
            self._leave_service(why, 0)
        elif not self.status.in_service and self._looked >= self._out_until:
            self.status.in_service, self.status.reason = True, None

    def _ask_balance(self) -> None:
        identity = self.status.identity
        code = None if identity is None else self._ussd_code(identity)
        if code is None or not self.status.in_service or self._now() < self._balance_due:
            return
        self._balance_due = self._now() + self._balance_seconds
        self.status.balance = self._modem.ussd(code) or self.status.balance

    def _leave_service(self, why: str, seconds: float) -> None:
        if self.status.in_service:
            log.warning("%s: out of service: %s", self.status.port, why)
        self.status.in_service, self.status.reason = False, why
        self.status.quota = self._tally.used()
        self._out_until = max(self._out_until, self._now() + seconds)
        self._cool_down = min(self._cool_down * 2, 900.0) if seconds else self._cool_down
        self._queue.release(self.status.port)

    def _bring_in(self) -> None:
        if self._written is not None:
            # What the modem stores is deleted by the next poll: it must be on our disk before, and
            # the journal tries until it is.
            try:
                self._written.wait(ON_DISK_SECONDS)
            except JournalError as error:
                log.error("%s: %s", self.status.port, error)
                return
            self._written = None
        self._hand_in(self._modem.poll(0))

    def _hand_in(self, items: list[DeliveryReport | InboundSms]) -> None:
        for item in items:
            if isinstance(item, DeliveryReport):
                if item.state != "pending":
                    self._written = self._journal.receipt(
                        self.imei, item.reference, item.msisdn, item.state, item.code
                    )
                    self.status.count(item.state)
            else:
                at = item.received_at.isoformat() if item.received_at else None
                text = item.text.replace("\0", "")
                self._written = self._journal.inbound(self.imei, item.msisdn, text, at)
                self.status.count("received")
