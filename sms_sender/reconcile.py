"""After the centre was restored from a backup: it is told all that the journal knows."""

from collections.abc import Callable
from typing import Any, Protocol

from sms_sender.journal import Journal
from sms_sender.outbox import Entry
from sms_sender.queue import Queue

AT_ONCE = 400


class Hears(Protocol):
    """A centre that asks to be told."""

    def reconcile(self, results: list[dict[str, Any]], complete: bool) -> dict[str, Any]:
        """Take evidence; `complete` with the last of it."""


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
