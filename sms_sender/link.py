"""The thread that talks to the centre: claims, reports, heartbeats. Sending goes on without it."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sms_sender.batches import Batch, from_claim
from sms_sender.centre import Centre
from sms_sender.errors import CentreUnreachable, Fenced, JournalError, Refused, SenderError
from sms_sender.group import Group
from sms_sender.health import modems_document
from sms_sender.journal import Journal
from sms_sender.journal_rows import REFUSED
from sms_sender.outbox import Entry
from sms_sender.queue import FENCED, Queue
from sms_sender.reconcile import parts_told, reconcile, told_of
from sms_sender.runtime import HERE, Runtime, Wake

__all__ = ["Link", "Wake"]

log = logging.getLogger(__name__)
LEASES = 2
UPLOAD_AT_ONCE = 400
UPLOAD_SECONDS = 1.0
HEARTBEAT_SECONDS = 20.0
CLAIM_SECONDS = 5.0
IDLE_SECONDS = 2.0
AHEAD_PER_MODEM = 20
# Well below a batch: a lease ends, and the next is claimed, only when its last result is told.
REPORT_AT_ONCE = 60
_BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)


class Link:
    """What the host owes the centre and the other way round."""

    def __init__(
        self,
        centre: Centre,
        journal: Journal,
        queue: Queue,
        group: Group,
        *,
        register: Callable[[], dict[str, Any]],
        until_idle: bool = False,
        runtime: Runtime = HERE,
    ) -> None:
        self._runtime = runtime
        self._now = runtime.monotonic
        self._centre = centre
        self._journal = journal
        self._queue = queue
        self._group = group
        self._register = register
        self._until_idle = until_idle
        self._left: dict[int, set[tuple[int, int]]] = {}
        self._token: str | None = None
        self._registered = False
        self._stopping = runtime.event()
        self._failures = 0
        self._to_reconcile = False
        self._to_resume: deque[tuple[Batch, set[tuple[int, int]]]] = deque()
        self._hold_seconds = self._claims_at = 0.0
        self._next_heartbeat = self._next_claim = self._retry_at = 0.0
        self._busy_at = self._now()
        self._no_work = False
        self._served_at = self._now()
        self._modems_told: tuple[tuple[str, bool, str | None], ...] = ()
        self.wake = runtime.wake()
        self.fenced = self.stuck = False
        self.idle = runtime.event()
        self.answer: dict[str, Any] = {}
        self.errors: deque[str] = deque(maxlen=20)
        self._thread = runtime.thread(self._run, "centre")
        journal.outbox.wake = self.wake.set
        queue.on_blocked = self._blocked

    def start(
        self, batches: dict[int, set[tuple[int, int]]], token: str | None, hold: float = 0.0
    ) -> None:
        """Begin, with the batches that are open and their parts still to be reported.

        Claims wait `hold` seconds: a copy of this disk may have claimed with `token` too.
        """
        self._left = batches
        self._token = token
        self._hold_seconds = hold
        self._thread.start()

    def resume(self, batches: dict[int, set[tuple[int, int]]], known: list[Batch]) -> None:
        """Go on with what a copy of this disk may have sent of: the centre is asked first."""
        self._to_resume.extend((batch, batches[batch.batch_id]) for batch in known)
        self.wake.set()

    def finish(self, timeout: float) -> bool:
        """Upload what there is and end; False if the centre could not be told everything."""
        self._stopping.set()
        self.wake.set()
        self._thread.join(timeout)
        return not self._journal.outbox

    @property
    def alive(self) -> bool:
        """Whether it still talks to the centre, or tries to."""
        return self._thread.is_alive()

    @property
    def registered(self) -> bool:
        """Whether the centre knows of this process."""
        return self._registered

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self._runtime.time(), UTC)

    def _blocked(self) -> None:
        self._journal.outbox.threshold = 1
        self.wake.set()

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._over()):
            try:
                self._hand_over()
                if self._now() >= self._retry_at:
                    self._talk()
                    self._failures = 0
            except Fenced as error:
                self._fence(error)
            except (SenderError, OSError) as error:
                self._note(error)
            self._wait()
        self._centre.close()

    def _over(self) -> bool:
        return not self._journal.outbox or self._failures > 1

    def _note(self, error: Exception) -> None:
        if not isinstance(error, CentreUnreachable) or self._failures == 0:
            log.warning("%s", error)
        self.errors.append(f"{self._wall():%H:%M:%S} {error}")
        delay = _BACKOFF[min(self._failures, len(_BACKOFF) - 1)]
        self._failures += 1
        self._retry_at = self._now() + delay

    def _fence(self, error: Fenced) -> None:
        if not self.fenced:
            log.error("%s", error)
            self.errors.append(f"{self._wall():%H:%M:%S} {error}")
        self.fenced = True
        self._queue.drain(FENCED)
        self.idle.set()

    def _wait(self) -> None:
        now = self._now()
        limit = 0.1 if self._until_idle or self._stopping.is_set() else UPLOAD_SECONDS
        due = now + limit
        if not (self._stopping.is_set() or self.fenced):
            due = self._due(now)
        if self._centre.wait(self.wake.read, min(max(due, self._retry_at) - now, limit)):
            self._next_heartbeat = self._next_claim = 0.0
        self.wake.clear()

    def _due(self, now: float) -> float:
        due = min(self._next_heartbeat, self._next_claim if self._wants_work() else now + 60)
        if self._journal.outbox:
            due = min(due, now + UPLOAD_SECONDS - self._journal.outbox.age())
        return due

    def _talk(self) -> None:
        if not self._registered:
            self._introduce()
        if self._to_reconcile and not self._reconcile():
            return
        self._resume()
        self._set_pace()
        self._upload()
        if self.fenced:
            return
        now = self._now()
        if now >= self._next_heartbeat and not self._stopping.is_set():
            self._heartbeat()
        if now >= self._next_claim and self._wants_work():
            self._claim()
        self._watch_idle()

    def _introduce(self) -> None:
        try:
            answer = self._register()
        except Refused as error:
            log.error("the centre knows no such group: %s", error)
            self.stuck = True
            self.idle.set()
            raise
        self.answer = answer
        self._registered = True
        self._claims_at, self._hold_seconds = self._now() + self._hold_seconds, 0.0
        self._centre.set_clock(str(answer["server_time"]))
        self._queue.limit(answer["rate_limit"])
        leases = {int(batch_id) for batch_id in answer["leases"]}
        self._permit(answer["permits"])
        self._queue.revoke(set(self._left) - leases)
        self._close_finished()
        self._to_reconcile = bool(answer.get("reconcile"))
        log.info("registered as %s, epoch %s", answer["alias"], answer["epoch"])

    def _resume(self) -> None:
        while self._to_resume and not self._stopping.is_set():
            batch, finished = self._to_resume[0]
            told, revoked = told_of(self._centre, batch)
            if revoked:
                self._queue.revoke([batch.batch_id])
            self._left.get(batch.batch_id, set()).difference_update(told)
            self._queue.add(batch, finished | told)
            self._to_resume.popleft()
            self._close_finished()

    def _reconcile(self) -> bool:
        def told(entries: list[Entry]) -> None:
            self._journal.uploaded(entries)
            self._acknowledged(entries, None)

        if not reconcile(self._centre, self._journal, self._queue, told):
            return False
        self._to_reconcile = False
        log.warning("the centre was restored from a backup: it was told what the journal knows")
        return True

    def _hand_over(self) -> None:
        """Give back what must not be begun any more; the journal does it without the centre."""
        everything = self._queue.draining if self._queue.draining != FENCED else None
        if everything is None and self._gone_for_long():
            everything = "no modem in service"
        by_reason: dict[str, list[Any]] = {}
        for part, why in self._queue.returns(everything):
            by_reason.setdefault(why, []).append(part)
        for why, parts in by_reason.items():
            try:
                self._journal.give_back(parts, why).wait()
            except JournalError as error:
                self._queue.keep(parts, why)
                self._note(error)

    def _gone_for_long(self) -> bool:
        if self._group.in_service():
            self._served_at = self._now()
        return self._now() - self._served_at > 60

    def _upload(self) -> None:
        outbox = self._journal.outbox
        while outbox and self._upload_is_due():
            entries = outbox.take(UPLOAD_AT_ONCE)
            try:
                self._deliver(entries)
            except SenderError:
                outbox.put_back(entries)
                raise
            self._busy_at = self._now()

    def _upload_is_due(self) -> bool:
        outbox = self._journal.outbox
        if self._stopping.is_set() or len(outbox) >= outbox.threshold:
            return True
        if outbox.age() >= UPLOAD_SECONDS:
            return True
        counts = self._queue.counts()
        return counts.blocked or counts.waiting + counts.in_hand == 0

    def _deliver(self, entries: list[Entry]) -> None:
        inbound = [entry for entry in entries if entry.table == "inbound"]
        results = [entry for entry in entries if entry.table != "inbound"]
        for at in range(0, len(inbound), 100):
            some = inbound[at : at + 100]
            self._centre.inbound([entry.body for entry in some])
            self._journal.uploaded(some)
        if results:
            self._report(results)

    def _report(self, entries: list[Entry]) -> None:
        try:
            answer = self._centre.report([entry.body for entry in entries])
        except Refused as error:
            if len(entries) == 1:
                log.error("refused by the centre for good: %s", error)
                self._note(error)
                self._acknowledged(entries, REFUSED)
                return
            half = len(entries) // 2
            self._report(entries[:half])
            self._report(entries[half:])
            return
        self._journal.uploaded(entries)
        self._acknowledged(entries, None)
        self._permit(answer["permits"])
        if answer["fenced"]:
            self._fence(Fenced("another process has registered for this group"))

    def _acknowledged(self, entries: list[Entry], mark: int | None) -> None:
        if mark is not None:
            self._journal.uploaded(entries, mark)
        for entry in entries:
            if entry.table == "attempt":
                left = self._left.get(int(entry.body["batch_id"]))
                if left is not None:
                    left.discard((entry.body["message_id"], entry.body["part"]))
        self._close_finished()

    def _close_finished(self) -> None:
        done = [batch_id for batch_id, left in self._left.items() if not left]
        if done:
            for batch_id in done:
                del self._left[batch_id]
                self._queue.forget(batch_id)
            self._journal.close_batches(done)
            self._next_claim = 0.0

    def _permit(self, permits: dict[str, int]) -> None:
        news = {int(batch_id): int(seq) for batch_id, seq in permits.items()}
        if news:
            self._journal.permit(news)
            self._queue.permit(news)

    def _heartbeat(self) -> None:
        counts = self._queue.counts()
        told = tuple((s.port, s.in_service, s.reason) for s in self._group.statuses())
        answer = self._centre.heartbeat(
            {
                "host_time": self._wall().isoformat(),
                "queued": counts.waiting + counts.in_hand,
                "batches": list(self._left),
                "modems": modems_document(self._group.statuses()),
            }
        )
        self._next_heartbeat = self._now() + HEARTBEAT_SECONDS
        self._modems_told = told
        self._centre.set_clock(str(answer["server_time"]))
        self._queue.limit(answer["rate_limit"])
        self._queue.revoke(answer["revoked"], answer["revoked_messages"])
        self._journal.stop(answer["revoked_messages"])
        self._permit(answer["permits"])
        self.answer = {**self.answer, "state": answer["state"]}
        self._no_work = not answer["work"]

    def _wants_work(self) -> bool:
        if self._stopping.is_set() or self._queue.draining or not self._registered:
            return False
        modems = self._group.in_service()
        if not modems or len(self._left) >= LEASES or self._now() < self._claims_at:
            return False
        return self._queue.counts().waiting <= modems * AHEAD_PER_MODEM

    def _set_pace(self) -> None:
        """Upload when half of what may be begun is used, or each result where all of it is."""
        modems = tuple((s.port, s.in_service, s.reason) for s in self._group.statuses())
        if modems != self._modems_told:
            self._next_heartbeat = 0.0
        blocked = self._queue.counts().blocked
        serving = sum(in_service for _, in_service, _ in modems)
        most = min(serving * AHEAD_PER_MODEM // 2, REPORT_AT_ONCE)
        self._journal.outbox.threshold = 1 if blocked else max(1, most)

    def _claim(self) -> None:
        if self._token is None:
            token = str(self._runtime.fresh_id())
            self._journal.remember("lease_token", token).wait()
            self._token = token
        answer = self._centre.claim(self._token)
        if answer["batch"] is None:
            poll = 0.5 if self._until_idle else CLAIM_SECONDS
            self._next_claim = self._now() + poll
            self._no_work = answer["reason"] != "lease_limit"
            return
        batch = from_claim(answer, self._token)
        self._journal.fetch(batch).wait()
        self._token = None
        self._busy_at = self._now()
        self._no_work = False
        if answer["state"] == "leased":
            self._take(batch, parts_told(answer), answer["revoked"])

    def _take(self, batch: Batch, told: set[tuple[int, int]], revoked: bool) -> None:
        parts = {(part.message.message_id, part.part) for part in batch.parts} - told
        if not parts:
            self._journal.close_batches([batch.batch_id])
            return
        self._left[batch.batch_id] = parts
        self._queue.add(batch, told)
        if revoked:
            self._queue.revoke([batch.batch_id])

    def _watch_idle(self) -> None:
        counts = self._queue.counts()
        at_work = counts.waiting or counts.in_hand or self._left or self._journal.outbox
        if at_work or not self._no_work:
            self._busy_at = self._now()
        if self._until_idle and self._gone_for_long():
            self.stuck = True
            self.idle.set()
        elif self._until_idle and self._now() - self._busy_at >= IDLE_SECONDS:
            self.idle.set()
