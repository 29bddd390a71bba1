"""The modems of this host: found, started, and told apart by their IMEI."""

import logging
import threading
from collections import Counter
from collections.abc import Callable

from sms_sender.health import ModemStatus
from sms_sender.journal import Journal
from sms_sender.journal_rows import Answer, Attempt
from sms_sender.modem import Identity, Modem
from sms_sender.oracle import Oracle
from sms_sender.queue import Queue
from sms_sender.runtime import HERE, Runtime
from sms_sender.settings import ModemSettings, Settings
from sms_sender.tally import Tallies
from sms_sender.transport import Connect, SerialTransport
from sms_sender.worker import Met, Worker

log = logging.getLogger(__name__)
WAIT_FOR_MODEM_SECONDS = 30.0


class Group:
    """All workers. New ports are found while it runs."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        queue: Queue,
        epoch: Callable[[], int],
        *,
        runtime: Runtime = HERE,
        connect: Connect = SerialTransport,
    ) -> None:
        self._runtime = runtime
        self._connect = connect
        self._settings = settings
        self._journal = journal
        self._queue = queue
        self._epoch = epoch
        self._workers: dict[str, Worker] = {}
        self._by_imei: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._unresolved: list[Attempt] = []
        self._agreements: dict[tuple[str, str], int] = {}
        self._tallies = Tallies(settings.quotas, journal.journal_id)
        self._started = self._runtime.monotonic()

    def recall(self, same_boot: bool) -> list[Attempt]:
        """Take from the journal what was begun and never answered; call it before it is opened.

        The SIM's count says nothing after a power cycle: after a reboot it is learnt anew. Returns
        what nobody can be asked about.
        """
        self._agreements = self._journal.agreements() if same_boot else {}
        if self._settings.quotas:
            month = self._tallies.month()
            self._tallies.recall(self._journal.sends(), self._journal.recipients(month))
        hopeless: list[Attempt] = []
        for attempt in self._journal.unresolved():
            trusted = Oracle(
                self._agreements.get((attempt.imei or "", attempt.imsi or ""), 0)
            ).trusted
            (self._unresolved if trusted else hopeless).append(attempt)
        return hopeless

    def start(self) -> None:
        """Open every port that is there, and those not seen before when called again."""
        for modem in self._settings.ports():
            known = self._workers.get(modem.port)
            if known is None or known.died:
                self._workers[modem.port] = self._worker(modem)
                self._workers[modem.port].start()
        if self._unresolved and self._runtime.monotonic() - self._started > WAIT_FOR_MODEM_SECONDS:
            with self._lock:
                given_up, self._unresolved = self._unresolved, []
            for attempt in given_up:
                self._journal.answer(attempt, Answer("uncertain", error="its modem is gone"))

    def stop(self, timeout: float) -> bool:
        """End every worker; False if one is still at it when the time is over."""
        for worker in self._workers.values():
            worker.stop()
        until = self._runtime.monotonic() + timeout
        ended = [
            w.join(max(until - self._runtime.monotonic(), 0.01)) for w in self._workers.values()
        ]
        return all(ended)

    def statuses(self) -> list[ModemStatus]:
        """Return every modem as it is now."""
        return [worker.status for worker in list(self._workers.values())]

    def in_service(self) -> int:
        """Return how many modems can send."""
        return sum(status.in_service for status in self.statuses())

    def counts(self) -> dict[str, int]:
        """Return what all modems have done since the start."""
        total: Counter[str] = Counter()
        for status in self.statuses():
            total.update(status.counts)
        return dict(total)

    def _worker(self, modem: ModemSettings) -> Worker:
        return Worker(
            Modem(
                modem.port,
                timeouts=self._settings.timeouts,
                pins=self._settings.pins,
                smsc=modem.smsc,
                credit_codes=modem.credit_codes,
                connect=self._connect,
                clock=self._runtime.monotonic,
            ),
            self._journal,
            self._queue,
            epoch=self._epoch,
            introduce=self._introduce,
            depart=self._depart,
            ussd_code=self._settings.ussd_code,
            balance_seconds=self._settings.balance_hours * 3600,
            runtime=self._runtime,
        )

    def _depart(self, worker: Worker) -> None:
        """Let another port show this modem: sticks come back under another name."""
        with self._lock:
            for imei in [i for i, known in self._by_imei.items() if known is worker]:
                del self._by_imei[imei]

    def _introduce(self, worker: Worker, identity: Identity) -> Met | None:
        """Let a modem send, unless another port shows the same IMEI: the second of a stick."""
        imei, imsi = identity.imei or "", identity.imsi or ""
        with self._lock:
            if imei and self._by_imei.setdefault(imei, worker) is not worker:
                return None
            mine = [a for a in self._unresolved if (a.imei or "", a.imsi or "") == (imei, imsi)]
            self._unresolved = [a for a in self._unresolved if a not in mine]
        agreed = self._agreements.get((imei, imsi), 0)

        def remember(count: int) -> None:
            self._agreements[imei, imsi] = count
            self._journal.set_agreed(imei, imsi, count)

        return Met(Oracle(agreed, remember), mine, self._tallies.of(identity.imsi, identity.iccid))
