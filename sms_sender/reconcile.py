"""Where host and centre may know different things: which of them tells the other what."""

from collections.abc import Callable
from typing import Any, Protocol

from sms_sender.batches import Batch
from sms_sender.errors import Refused
from sms_sender.journal import Journal
from sms_sender.outbox import Entry
from sms_sender.queue import Queue

AT_ONCE = 400


class Hears(Protocol):
    """A centre that asks to be told."""

    def reconcile(self, results: list[dict[str, Any]], complete: bool) -> dict[str, Any]:
        """Take evidence; `complete` with the last of it."""


class Claims(Protocol):
    """A centre that says again what was claimed."""

    def claim(self, token: str) -> dict[str, Any]:
        """Ask for the batch of a token."""


def reconcile(
    centre: Hears, journal: Journal, queue: Queue, told: Callable[[list[Entry]], object]
) -> bool:
    """Tell everything, once nothing is in flight; False if something still is.

    The queue must have been revoked before. `told` gets the reports that need no upload any more.
    """
    if queue.counts().in_hand:
        return False
    results = journal.evidence().wait()
    if not isinstance(results, list):
        return False
    for at in range(0, len(results), AT_ONCE):
        centre.reconcile(results[at : at + AT_ONCE], False)
    waiting = journal.outbox.take(len(journal.outbox))
    journal.outbox.put_back([entry for entry in waiting if entry.table == "inbound"])
    told([entry for entry in waiting if entry.table != "inbound"])
    centre.reconcile([], True)
    return True


def told_of(centre: Claims, batch: Batch) -> tuple[set[tuple[int, int]], bool]:
    """Return which (message, part) of a batch are not to be sent any more, and whether none is.

    After a reboot, or on what may be a copy of the disk, another may have sent of it meanwhile, or
    given back: a message that was given back is no longer of this lease.
    """
    try:
        answer = centre.claim(batch.token)
    except Refused:
        return set(), True
    leased = {int(entry["message_id"]) for entry in answer.get("messages", ())}
    parts = {(part.message.message_id, part.part) for part in batch.parts}
    gone = {(message, part) for message, part in parts if message not in leased}
    return gone | parts_told(answer), bool(answer.get("revoked", True))


def parts_told(answer: dict[str, Any]) -> set[tuple[int, int]]:
    """Return the (message, part) of a claim's answer that were reported under its lease already."""
    return {
        (int(entry["message_id"]), int(part))
        for entry in answer.get("messages", ())
        for part in entry.get("parts_told", ())
    }
