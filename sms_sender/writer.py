"""One thread that writes to the journal: what all modems ask for at the same time is one commit."""

import logging
import sqlite3
from collections.abc import Callable
from queue import Empty

from sms_sender.errors import JournalError
from sms_sender.runtime import HERE, Latch, Runtime

Operation = Callable[[sqlite3.Connection], object]
log = logging.getLogger(__name__)
MAX_AT_ONCE = 512
RETRY_SECONDS = 1.0


class Ticket:
    """The promise that an operation will be durable."""

    __slots__ = ("_error", "_latch", "_result", "_then", "keep")

    def __init__(
        self, latch: Latch, then: Callable[[object], None] | None = None, *, keep: bool = False
    ) -> None:
        self._then = then
        self.keep = keep
        self._latch = latch
        self._latch.acquire()
        self._error: Exception | None = None
        self._result: object = None

    def wait(self, timeout: float = 30.0) -> object:
        """Return the operation's result once it is on the disk; JournalError if it is not."""
        if not self._latch.acquire(timeout=timeout):
            raise JournalError(f"not written within {timeout:g} s")
        self._latch.release()
        if self._error is not None:
            raise JournalError(str(self._error)) from self._error
        return self._result

    def settle(self, result: object, error: Exception | None) -> None:
        """Wake whoever waits; what was to follow a success happens first."""
        self._result, self._error = result, error
        if error is None and self._then is not None:
            self._then(result)
        self._latch.release()


class Writer:
    """Takes operations in order; each batch of them is one transaction and one fsync."""

    def __init__(self, connection: sqlite3.Connection, runtime: Runtime = HERE) -> None:
        self._db = connection
        self._latch = runtime.latch
        self._asked = runtime.mailbox()
        self._kept: list[tuple[Operation, Ticket]] = []
        self._thread = runtime.thread(self._run, "journal")
        self.commits = 0
        self.operations = 0
        self.failed: Exception | None = None

    @property
    def alive(self) -> bool:
        """Whether it writes what it is asked."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(
        self,
        operation: Operation,
        then: Callable[[object], None] | None = None,
        *,
        keep: bool = False,
    ) -> Ticket:
        """Queue an operation; operations become durable in the order of these calls.

        `then` is called with its result, by the writer, once it is durable. An operation may be
        run again when another one of its commit fails: it must do nothing but write. What must be
        kept whatever happens (`keep`: the answer of a network) is tried again until it is written.
        """
        ticket = Ticket(self._latch(), then, keep=keep)
        self._asked.put((operation, ticket))
        return ticket

    def stop(self) -> None:
        """Write what was asked, then end."""
        self._asked.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, ending = self._gather()
            kept, self._kept = self._kept, []
            if kept or group:
                self._commit(kept + group)
            if ending:
                return

    def _gather(self) -> tuple[list[tuple[Operation, Ticket]], bool]:
        group: list[tuple[Operation, Ticket]] = []
        try:
            item = self._asked.get(timeout=RETRY_SECONDS if self._kept else None)
        except Empty:
            return group, False
        while item is not None:
            group.append(item)
            if len(group) >= MAX_AT_ONCE:
                return group, False
            try:
                item = self._asked.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _commit(self, group: list[tuple[Operation, Ticket]]) -> None:
        answers: list[tuple[Ticket, object, Exception | None]] = []
        try:
            self._db.execute("begin immediate")
            for operation, ticket in group:
                answers.append((ticket, operation(self._db), None))
            self._db.execute("commit")
            self.commits += 1
            self.operations += len(group)
            self.failed = None
        except sqlite3.Error as error:
            self._roll_back()
            self.failed = error
            log.error("the journal cannot be written: %s", error)
            if len(group) > 1:  # one that cannot be written must not spoil the others
                for item in group:
                    self._commit([item])
                return
            self._kept += [item for item in group if item[1].keep]
            answers = [(ticket, None, error) for _, ticket in group if not ticket.keep]
        for ticket, result, failure in answers:
            ticket.settle(result, failure)

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            try:
                self._db.execute("rollback")
            except sqlite3.Error as error:
                log.error("the journal cannot be rolled back: %s", error)
