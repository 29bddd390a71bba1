"""Tells the asset `bucket_changed` that files lie in the clients' inboxes, or in the spool.

Runs in the triggerer, which executes many triggers in one loop: the listing happens in a thread.
What was told before is kept in memory only. After a restart the files that still lie there are told
again, which is harmless: the database's ledger of drops takes each only once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

log = logging.getLogger(__name__)
UNFINISHED = (".part", ".filepart", ".tmp", ".crdownload")
Seen = frozenset[tuple[str, int, str]]


class BucketTrigger(BaseEventTrigger):
    """Fires when files of `place` (`inbox` or `spool`) are new or have changed since a listing ago.

    Whether they are complete is for the scan to find out.
    """

    def __init__(self, place: str = "inbox", every: float = 3.0) -> None:
        super().__init__()
        self.place = place
        self.every = every

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """How the triggerer finds it again: this folder is on its path."""
        return "bucket_trigger.BucketTrigger", {"place": self.place, "every": self.every}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event for all that is new."""
        before: Seen = frozenset()
        while True:
            now = await asyncio.to_thread(self._look, before)
            if keys := sorted(key for key, _, _ in now - before):
                yield TriggerEvent({"files": len(keys), "first": keys[:10]})
            before = now
            await asyncio.sleep(self.every)

    def _look(self, before: Seen) -> Seen:
        try:
            return frozenset(waiting(self.place))
        except Exception:
            log.warning("the %s cannot be listed; trying again", self.place, exc_info=True)
            return before


def waiting(place: str) -> list[tuple[str, int, str]]:
    """Key, size and time of every file that a person or a switch has put there."""
    from include.settings import settings
    from include.storage import Storage

    now = settings()
    # Not what is beside: outboxes, and the kept copies of all that was ever read, grow for years.
    if place == "inbox":
        storage = Storage(now.bucket_url)
        looked_at = [f"clients/{client}/inbox" for client in storage.folders("clients")]
    else:
        storage = Storage(now.spool_url)
        looked_at = [name for name in storage.folders() if not name.startswith(".")]
    return [
        (file.key, file.size, file.modified.isoformat())
        for folder in looked_at
        for file in storage.list(folder)
        if _meant(PurePosixPath(file.key))
    ]


def _meant(key: PurePosixPath) -> bool:
    return not key.name.startswith((".", "~$")) and key.suffix.lower() not in UNFINISHED
