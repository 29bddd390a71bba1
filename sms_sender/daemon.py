"""`sms-sender run`: puts journal, queue, modems and centre together, and ends them in order."""

import logging
import os
import platform
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import Any

from sms_sender.batches import Batch
from sms_sender.centre import Centre
from sms_sender.group import Group
from sms_sender.host import boot_id, mac_address
from sms_sender.journal import Journal
from sms_sender.journal_rows import Answer
from sms_sender.link import Link
from sms_sender.notify import Watchdog, notify
from sms_sender.queue import Queue
from sms_sender.settings import Settings
from sms_sender.status import Listener, Snapshot, public_address

log = logging.getLogger(__name__)
UPLOAD_SECONDS = 15.0
DISCOVER_SECONDS = 10.0
DAY = 86_400.0
OK, STUCK, FENCED = 0, 1, 3


@dataclass(slots=True)
class _Recalled:
    """What the journal knew at the start."""

    batches: list[Batch]
    finished: dict[int, set[tuple[int, int]]]
    left: dict[int, set[tuple[int, int]]]
    token: str | None
    same_boot: bool


class Daemon:
    """One run of the service."""

    def __init__(
        self, settings: Settings, announce: Callable[[str], None], *, until_idle: bool = False
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._mac = mac_address(settings.mac)
        self._boot = boot_id()
        self.journal = Journal(settings.journal)
        self._centre = Centre(settings.server, self.journal.journal_id)
        self._queue = Queue(centre_time=self._centre.time)
        self._group = Group(settings, self.journal, self._queue, lambda: self._centre.epoch)
        self._link = Link(
            self._centre,
            self.journal,
            self._queue,
            self._group,
            register=self._register,
            until_idle=until_idle,
        )
        self._until_idle = until_idle
        self._asked_to_stop = threading.Event()
        self._started = time.time()
        self._watchdog = Watchdog()

    def run(self) -> int:
        """Work until asked to stop (SIGTERM, SIGINT), fenced off, or idle; the exit status."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        recalled = self._recall()
        listener = Listener(self._settings.status_host, self._settings.status_port, self.snapshot)
        try:
            listener.start(self._settings.journal)
            self._announce(f"status: http://{listener.address}/")
            self._start(recalled)
            notify("READY=1")
            self._watch(recalled)
            return self._end()
        finally:
            listener.stop(self._settings.journal)
            self.journal.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop.set()
        self._link.wake.set()

    def _recall(self) -> _Recalled:
        """Read what the last process left; ends with the journal open for writing."""
        journal = self.journal
        same_boot = journal.fact("boot_id") == self._boot
        hopeless = self._group.recall(same_boot)
        batches = journal.open_batches()
        finished = {b.batch_id: journal.finished_parts(b.batch_id) for b in batches}
        left = {
            b.batch_id: {(p.message.message_id, p.part) for p in b.parts}
            - journal.reported_parts(b.batch_id)
            for b in batches
        }
        recalled = _Recalled(batches, finished, left, journal.fact("lease_token"), same_boot)
        journal.open()
        for attempt in hopeless:
            journal.answer(attempt, Answer("uncertain", error="host stopped in between"))
        journal.forget_texts()
        return recalled

    def _start(self, recalled: _Recalled) -> None:
        # The lock on the journal and the boot id show that whoever held it before is dead.
        if recalled.same_boot or not recalled.batches:
            self._resume(recalled)
        self._group.start()
        self._link.start(recalled.left, recalled.token)

    def _resume(self, recalled: _Recalled) -> None:
        for batch in recalled.batches:
            self._queue.add(batch, recalled.finished[batch.batch_id])
        recalled.batches = []
        self.journal.remember("boot_id", self._boot)

    def _watch(self, recalled: _Recalled) -> None:
        registered_at: float | None = None
        discover_at = time.monotonic() + DISCOVER_SECONDS
        forget_at = time.monotonic() + DAY
        while not (self._asked_to_stop.is_set() or self._link.fenced):
            if self._link.idle.wait(0.1):
                return
            self._watchdog.pat(self._alive)
            now = time.monotonic()
            if registered_at is None and self._link.registered:
                registered_at = now
            # A copy of this disk may still be sending: it learns within this time that it is over.
            if (
                recalled.batches
                and registered_at is not None
                and now - registered_at >= self._settings.resume_seconds
            ):
                self._resume(recalled)
            if now >= discover_at:
                self._group.start()
                notify(f"STATUS={self._group.in_service()} modems in service")
                discover_at = now + DISCOVER_SECONDS
            if now >= forget_at:
                self.journal.forget_texts()
                forget_at = now + DAY

    def _end(self) -> int:
        """Finish what is in flight, give the rest back, tell the centre."""
        notify("STOPPING=1")
        self._queue.drain("returned")
        until = time.monotonic() + self._settings.drain_seconds
        while self._in_flight() and time.monotonic() < until:
            self._watchdog.pat(self._alive)
            self._queue.wait(0.02)
        if not self._group.stop(max(until - time.monotonic(), 1.0)):
            log.warning("a modem still holds its answer back: it will be uncertain")
        if not self._link.finish(UPLOAD_SECONDS):
            log.warning("the centre is still to be told %d results", len(self.journal.outbox))
        if self._link.fenced:
            return FENCED
        return STUCK if self._link.stuck else OK

    def _alive(self) -> bool:
        """Say whether the threads that nothing works without do run."""
        return self.journal.writer.alive and self._link.alive

    def _in_flight(self) -> bool:
        return self._queue.counts().in_hand > 0 or self._queue.holding()

    def _register(self) -> dict[str, Any]:
        host = {"name": platform.node()[:100], "version": package_version()}
        return self._centre.register(self._mac, self._boot, host)

    def snapshot(self) -> Snapshot:
        """Return the state of this host as it is shown."""
        counts = self._queue.counts()
        answer = self._link.answer
        return Snapshot(
            mac=self._mac,
            alias=answer.get("alias"),
            server=public_address(self._settings.server),
            connected=self._centre.connected and self._link.registered,
            state="fenced" if self._link.fenced else self._queue.draining or answer.get("state"),
            epoch=self._centre.epoch,
            pid=os.getpid(),
            version=package_version(),
            since=self._started,
            waiting=counts.waiting,
            in_flight=counts.in_hand,
            to_upload=len(self.journal.outbox),
            batches=counts.batches,
            counts=self._group.counts(),
            commits=self.journal.writer.commits,
            journal_error=str(self.journal.writer.failed) if self.journal.writer.failed else None,
            modems=self._group.statuses(),
            errors=list(self._link.errors),
        )


def package_version() -> str:
    """Return the version that is installed."""
    try:
        return version("smsswitch")
    except PackageNotFoundError:
        return "unknown"


def run(settings: Settings, announce: Callable[[str], None], *, until_idle: bool) -> int:
    """Run the service; see Daemon.run. `announce` is told where the status page is."""
    settings.journal.parent.mkdir(parents=True, exist_ok=True)
    return Daemon(settings, announce, until_idle=until_idle).run()
