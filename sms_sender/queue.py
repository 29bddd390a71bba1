"""What is to be sent next, shared by all modems of the host: each pulls for itself."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sms_sender.batches import Batch, Message, Part
from sms_sender.runtime import HERE, Runtime

FENCED = "fenced"


@dataclass(slots=True)
class _Lease:
    batch: Batch
    revoked: str | None = None


@dataclass(slots=True)
class Job:
    """A message in the hands of one modem, so that its parts leave in order."""

    batch_id: int
    message: Message
    parts: deque[Part]
    begun: bool = False
    tries: int = 0


@dataclass(slots=True)
class Counts:
    """How much there is."""

    waiting: int = 0
    in_hand: int = 0
    blocked: bool = False
    batches: list[int] = field(default_factory=list)


class Queue:
    """Jobs in the order of their batches. Nothing leaves it above the permit, after the last moment
    of its batch, faster than the rate, or once it is revoked: that goes to `returns`.
    """

    def __init__(
        self,
        centre_time: Callable[[], float] | None = None,
        runtime: Runtime = HERE,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._changed = runtime.condition()
        # By batch: one that waits for its permit must not hold up another that has one.
        self._jobs: dict[int, deque[Job]] = {}
        self._leases: dict[int, _Lease] = {}
        self._held: dict[str, Job] = {}
        self._revoked: set[int] = set()
        self._stopped_messages: set[int] = set()
        self._returns: list[tuple[Part, str]] = []
        self._centre_time = centre_time or runtime.time
        self._clock = clock or runtime.monotonic
        self._interval = 0.0
        self._next_slot = 0.0
        self._in_hand = 0
        self._blocked = False
        self.on_blocked: Callable[[], None] = lambda: None
        self.draining: str | None = None

    def add(self, batch: Batch, done: Iterable[tuple[int, int]] = ()) -> int:
        """Add a batch without the (message, part) that are done; returns how many parts wait."""
        finished = set(done)
        count = 0
        with self._changed:
            revoked = "revoked" if batch.batch_id in self._revoked else None
            self._leases[batch.batch_id] = _Lease(batch, revoked)
            jobs = self._jobs.setdefault(batch.batch_id, deque())
            for job in _jobs(batch, finished):
                jobs.append(job)
                count += len(job.parts)
            self._changed.notify_all()
        return count

    def forget(self, batch_id: int) -> None:
        """Drop a batch of which nothing is left."""
        with self._changed:
            self._revoked.discard(batch_id)
            self._leases.pop(batch_id, None)
            if not self._jobs.get(batch_id, True):
                del self._jobs[batch_id]

    def take(self, holder: str) -> Part | None:
        """Return the next part for the modem `holder`, now in its hand; None if there is none."""
        with self._changed:
            part = self._next(holder)
            if part is not None:
                self._in_hand += 1
                if self._interval:
                    self._next_slot = max(self._clock(), self._next_slot) + self._interval
            return part

    def wait(self, timeout: float) -> None:
        """Return when something changed that may allow a send, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait(timeout)

    def finish(self, holder: str, *, rest: str | None = None) -> None:
        """The part in the hand of `holder` has its result.

        `rest` says why the other parts of its message are not to be sent.
        """
        with self._changed:
            self._in_hand -= 1
            job = self._held.get(holder)
            if job is None:
                return
            job.tries = 0
            if rest is not None:
                self._returns += [(part, rest) for part in job.parts]
                job.parts.clear()
            if not job.parts:
                del self._held[holder]

    def put_back(self, holder: str, part: Part) -> int:
        """The part was certainly not sent: let it be taken again. Returns how often that was so."""
        with self._changed:
            self._in_hand -= 1
            job = self._held.pop(holder, None) or Job(part.batch_id, part.message, deque())
            job.parts.appendleft(part)
            job.tries += 1
            self._first(job)
            self._changed.notify_all()
            return job.tries

    def decline(self, holder: str, part: Part) -> None:
        """The modem may not send the part just taken; another one may, as if it was never taken."""
        with self._changed:
            self._in_hand -= 1
            job = self._held.pop(holder, None) or Job(part.batch_id, part.message, deque())
            job.parts.appendleft(part)
            job.begun = part.part != part.message.parts[0]
            self._first(job)
            self._changed.notify_all()

    def tries(self, holder: str) -> int:
        """Return how often the part in the hand of `holder` was put back."""
        with self._changed:
            job = self._held.get(holder)
            return 0 if job is None else job.tries

    def release(self, holder: str) -> None:
        """The modem cannot go on: its message may be taken by another one."""
        with self._changed:
            job = self._held.pop(holder, None)
            if job is not None:
                self._first(job)
                self._changed.notify_all()

    def permit(self, permits: dict[int, int]) -> None:
        """The centre allows more."""
        with self._changed:
            for batch_id, seq in permits.items():
                lease = self._leases.get(batch_id)
                if lease is not None and seq > lease.batch.permit_seq:
                    lease.batch.permit_seq = seq
            self._changed.notify_all()

    def revoke(self, batch_ids: Iterable[int], message_ids: Iterable[int] = ()) -> None:
        """Begin nothing more of these batches and messages, also of those that are added later."""
        with self._changed:
            for batch_id in batch_ids:
                self._revoked.add(batch_id)
                lease = self._leases.get(batch_id)
                if lease is not None:
                    lease.revoked = "revoked"
            self._stopped_messages.update(message_ids)
            self._changed.notify_all()

    def drain(self, why: str) -> None:
        """Give nothing out any more, except the rest of a message that is half sent.

        Not even that when this host is FENCED off.
        """
        with self._changed:
            self.draining = FENCED if FENCED in {why, self.draining} else why
            self._changed.notify_all()

    def limit(self, per_minute: int | None) -> None:
        """Set the group's rate."""
        with self._changed:
            self._interval = 60 / per_minute if per_minute else 0.0

    def returns(self, everything: str | None = None) -> list[tuple[Part, str]]:
        """Take what is to be given back, with the reason; `everything` takes the rest along."""
        with self._changed:
            for batch_id, jobs in self._jobs.items():
                kept: deque[Job] = deque()
                for job in jobs:
                    why = everything or self._refusal(job)
                    if why is None:
                        kept.append(job)
                    else:
                        self._returns += [(part, why) for part in job.parts]
                self._jobs[batch_id] = kept
            taken, self._returns = self._returns, []
            return taken

    def keep(self, parts: Iterable[Part], why: str) -> None:
        """Take back what `returns` gave and could not be given back."""
        with self._changed:
            self._returns += [(part, why) for part in parts]

    def holding(self) -> bool:
        """Whether a modem holds a message that is half sent and may go on."""
        with self._changed:
            return self.draining != FENCED and any(
                self._refusal(job) is None for job in self._held.values()
            )

    def counts(self) -> Counts:
        """Return how much there is."""
        with self._changed:
            held = sum(len(job.parts) for job in self._held.values())
            waiting = held + sum(len(j.parts) for jobs in self._jobs.values() for j in jobs)
            return Counts(waiting, self._in_hand, self._blocked, list(self._leases))

    def _next(self, holder: str) -> Part | None:
        if self.draining == FENCED or (self._interval and self._clock() < self._next_slot):
            return None
        job = self._held.get(holder)
        if job is None:
            job = self._next_job()
            if job is None:
                return None
        elif (why := self._refusal(job)) is not None:
            self._returns += [(part, why) for part in job.parts]
            del self._held[holder]
            return self._next(holder)
        elif not self._permitted(job):
            return None
        self._held[holder] = job
        job.begun = True
        self._blocked = False
        return job.parts.popleft()

    def _next_job(self) -> Job | None:
        for jobs in self._jobs.values():
            while jobs:
                job = jobs[0]
                why = self._refusal(job)
                if why is None:
                    if (job.begun or not self.draining) and self._permitted(job):
                        return jobs.popleft()
                    break
                jobs.popleft()
                self._returns += [(part, why) for part in job.parts]
        return None

    def _first(self, job: Job) -> None:
        self._jobs.setdefault(job.batch_id, deque()).appendleft(job)

    def _permitted(self, job: Job) -> bool:
        lease = self._leases.get(job.batch_id)
        allowed = lease is not None and job.parts[0].seq <= lease.batch.permit_seq
        if not allowed and not self._blocked:
            self._blocked = True
            self.on_blocked()
        return allowed

    def _refusal(self, job: Job) -> str | None:
        lease = self._leases.get(job.batch_id)
        if lease is None:
            return "batch is over"
        if lease.revoked is not None:
            return lease.revoked
        if job.message.message_id in self._stopped_messages:
            return "opted_out"
        not_after = lease.batch.not_after
        if not_after is not None and self._centre_time() >= not_after:
            return "too late"
        return None


def _jobs(batch: Batch, finished: set[tuple[int, int]]) -> Iterable[Job]:
    by_message: dict[int, Job] = {}
    for part in batch.parts:
        job = by_message.setdefault(
            part.message.message_id, Job(batch.batch_id, part.message, deque())
        )
        if (part.message.message_id, part.part) in finished:
            job.begun = True
        else:
            job.parts.append(part)
    return [job for job in by_message.values() if job.parts]
