"""One run of the service: journal, queue, modems and centre put together, and ended in order."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sms_sender.batches import Batch
from sms_sender.centre import Centre
from sms_sender.group import Group
from sms_sender.host import mac_address
from sms_sender.journal import Journal
from sms_sender.journal_rows import Answer
from sms_sender.link import Link
from sms_sender.queue import Queue
from sms_sender.runtime import HERE, Runtime
from sms_sender.settings import Settings
from sms_sender.transport import Connect, SerialTransport

log = logging.getLogger(__name__)
UPLOAD_SECONDS = 15.0
DISCOVER_SECONDS = 10.0
DAY = 86_400.0
OK, STUCK, FENCED = 0, 1, 3

MakeCentre = Callable[..., Centre]


@dataclass(slots=True)
class Recalled:
    """What the journal knew at the start."""

    batches: list[Batch]
    finished: dict[int, set[tuple[int, int]]]
    left: dict[int, set[tuple[int, int]]]
    token: str | None
    same_boot: bool


class Service:
    """Works on what `runtime`, `connect` and `make_centre` give it: this computer, unless told.

    `boot` changes with each start of the computer. `tick` is called about ten times a second.
    """

    def __init__(
        self,
        settings: Settings,
        boot: str,
        host: dict[str, str],
        *,
        until_idle: bool = False,
        runtime: Runtime = HERE,
        connect: Connect = SerialTransport,
        make_centre: MakeCentre = Centre,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self.mac = mac_address(settings.mac)
        self._boot = boot
        self._host = host
        self._now = runtime.monotonic
        self._tick = tick
        self.journal = Journal(settings.journal, runtime)
        self.centre = make_centre(settings.server, self.journal.journal_id, runtime)
        self.queue = Queue(centre_time=self.centre.time, runtime=runtime)
        self.group = Group(
            settings,
            self.journal,
            self.queue,
            lambda: self.centre.epoch,
            runtime=runtime,
            connect=connect,
        )
        self.link = Link(
            self.centre,
            self.journal,
            self.queue,
            self.group,
            register=self._register,
            until_idle=until_idle,
            runtime=runtime,
        )
        self._asked_to_stop = runtime.event()

    def stop(self) -> None:
        """Ask it to finish what is in flight and end; safe from a signal handler."""
        self._asked_to_stop.set()
        self.link.wake.set()

    def recall(self) -> Recalled:
        """Read what the last process left; ends with the journal open for writing."""
        journal = self.journal
        same_boot = journal.fact("boot_id") == self._boot
        hopeless = self.group.recall(same_boot)
        self.queue.revoke((), journal.stopped())
        batches = journal.open_batches()
        finished = {b.batch_id: journal.finished_parts(b.batch_id) for b in batches}
        left = {
            b.batch_id: {(p.message.message_id, p.part) for p in b.parts}
            - journal.reported_parts(b.batch_id)
            for b in batches
        }
        recalled = Recalled(batches, finished, left, journal.fact("lease_token"), same_boot)
        journal.open()
        for attempt in hopeless:
            journal.answer(attempt, Answer("uncertain", error="host stopped in between"))
        journal.forget_texts()
        return recalled

    def start(self, recalled: Recalled) -> None:
        """Begin to send and to talk to the centre."""
        # The lock on the journal and the boot id show that whoever held it before is dead.
        if recalled.same_boot or not recalled.batches:
            self._resume(recalled)
        self.group.start()
        copied = not recalled.same_boot and recalled.token is not None
        hold = self._settings.resume_seconds if copied else 0.0
        self.link.start(recalled.left, recalled.token, hold)

    def watch(self, recalled: Recalled) -> None:
        """Return when asked to stop, fenced off, or idle."""
        registered_at: float | None = None
        discover_at = self._now() + DISCOVER_SECONDS
        forget_at = self._now() + DAY
        while not (self._asked_to_stop.is_set() or self.link.fenced):
            if self.link.idle.wait(0.1):
                return
            self._tick()
            now = self._now()
            if registered_at is None and self.link.registered:
                registered_at = now
            # A copy of this disk may still be sending: it learns within this time that it is over.
            if (
                recalled.batches
                and registered_at is not None
                and now - registered_at >= self._settings.resume_seconds
            ):
                self.link.resume(recalled.finished, recalled.batches)
                self._forget(recalled)
            if now >= discover_at:
                self.group.start()
                discover_at = now + DISCOVER_SECONDS
            if now >= forget_at:
                self.journal.forget_texts()
                forget_at = now + DAY

    def end(self) -> int:
        """Finish what is in flight, give the rest back, tell the centre; the exit status."""
        self.queue.drain("returned")
        until = self._now() + self._settings.drain_seconds
        while self._in_flight() and self._now() < until:
            self._tick()
            self.queue.wait(0.02)
        if not self.group.stop(max(until - self._now(), 1.0)):
            log.warning("a modem still holds its answer back: it will be uncertain")
        self.journal.flush()  # the last answers too are for the centre
        if not self.link.finish(UPLOAD_SECONDS):
            log.warning("the centre is still to be told %d results", len(self.journal.outbox))
        if self.link.fenced:
            return FENCED
        return STUCK if self.link.stuck else OK

    @property
    def alive(self) -> bool:
        """Whether the threads that nothing works without do run."""
        return self.journal.writer.alive and self.link.alive

    def _resume(self, recalled: Recalled) -> None:
        for batch in recalled.batches:
            self.queue.add(batch, recalled.finished[batch.batch_id])
        self._forget(recalled)

    def _forget(self, recalled: Recalled) -> None:
        recalled.batches = []
        self.journal.remember("boot_id", self._boot)

    def _in_flight(self) -> bool:
        return self.queue.counts().in_hand > 0 or self.queue.holding()

    def _register(self) -> dict[str, Any]:
        return self.centre.register(self.mac, self._boot, self._host)
