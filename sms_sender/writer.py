"""One thread that writes to the journal: what all modems ask for at the same time is one commit."""

import logging
import sqlite3
from collections.abc import Callable

from sms_sender.errors import JournalError
from sms_sender.mailbox import Mailbox
from sms_sender.pace import Pace
from sms_sender.runtime import HERE, Latch, Runtime

Row = tuple[str, tuple[object, ...]]
"""What kind of row, and its values."""
Operation = Callable[[sqlite3.Connection], object] | list[Row]
WriteRows = Callable[[sqlite3.Connection, list[Row]], None]
_Asked = tuple[Operation, "Ticket"]
log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


class Ticket:
    """The promise that an operation will be durable."""

    __slots__ = ("_error", "_latch", "_result", "_then", "keep", "modem")

    def __init__(
        self,
        latch: Latch,
        then: Callable[[object], None] | None = None,
        *,
        keep: bool = False,
        modem: str | None = None,
    ) -> None:
        self._then = then
        self.keep = keep
        self.modem = modem
        self._latch = latch
        self._latch.acquire()
        self._error: Exception | None = None
        self._result: object = None

    def settled(self, timeout: float) -> bool:
        """Wait until it is known what became of it; False when it was not in time."""
        if not self._latch.acquire(timeout=timeout):
            return False
        self._latch.release()
        return True

    def wait(self, timeout: float = 30.0) -> object:
        """Return the operation's result once it is on the disk; JournalError if it is not."""
        if not self.settled(timeout):
            raise JournalError(f"not written within {timeout:g} s")
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
    """Takes operations in order; each batch of them is one transaction and one fsync.

    Operations are functions, or rows: rows that follow each other are written by one `write_rows`.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        write_rows: WriteRows,
        runtime: Runtime = HERE,
    ) -> None:
        self._db = connection
        self._write_rows = write_rows
        self._latch = runtime.latch
        self._now = runtime.monotonic
        self._asked = Mailbox(runtime)
        self._pace = Pace()
        self._kept: list[_Asked] = []
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
        modem: str | None = None,
    ) -> Ticket:
        """Queue an operation; operations become durable in the order of these calls.

        `modem`: the one that sends, once this is durable.

        `then` is called with its result, by the writer, once it is durable. An operation may be
        run again when another one of its commit fails: it must do nothing but write. What must be
        kept whatever happens (`keep`: the answer of a network) is tried again until it is written.
        """
        ticket = Ticket(self._latch(), then, keep=keep, modem=modem)
        self._asked.put((operation, ticket), counts=modem is not None)
        return ticket

    def stop(self) -> None:
        """Write what was asked, then end."""
        self._asked.put(None, counts=False, urgent=True)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, ending = self._gather()
            kept, self._kept = self._kept, []
            if kept or group:
                self._commit(kept + group)
            if ending:
                return

    def _gather(self) -> tuple[list[_Asked], bool]:
        """Return what was asked; those who are about to ask are waited for (see Pace)."""
        group = self._asked.take(RETRY_SECONDS if self._kept else None)
        began = self._now()
        self._note_asks(group, began)
        missing, until = self._pace.about_to_ask(began)
        if missing and None not in group:
            more = self._asked.take(until - began, missing)
            self._note_asks(more, self._now())
            group += more
        return [item for item in group if item is not None], None in group

    def _note_asks(self, group: list[_Asked | None], now: float) -> None:
        for item in group:
            if item is not None and item[1].modem is not None:
                self._pace.asks(item[1].modem, now)

    def _commit(self, group: list[_Asked]) -> None:
        answers: list[tuple[Ticket, object, Exception | None]] = []
        began = self._now()
        try:
            self._db.execute("begin immediate")
            rows: list[Row] = []
            for operation, ticket in group:
                if callable(operation):
                    self._write(rows)
                    answers.append((ticket, operation(self._db), None))
                else:
                    rows += operation
                    answers.append((ticket, None, None))
            self._write(rows)
            self._db.execute("commit")
            self.commits += 1
            self.operations += len(group)
            self.failed = None
        except sqlite3.Error as error:
            self._roll_back()
            self.failed = error
            log.error("the journal cannot be written: %s", error)
            if len(group) > 1:
                self._one_by_one(group)
                return
            self._kept += [item for item in group if item[1].keep]
            answers = [(ticket, None, error) for _, ticket in group if not ticket.keep]
        modems = [ticket.modem for _, ticket in group if ticket.modem is not None]
        self._pace.committed(modems, began, self._now())
        for ticket, result, failure in answers:
            ticket.settle(result, failure)

    def _one_by_one(self, group: list[_Asked]) -> None:
        """One that cannot be written must not spoil the others.

        But where the disk has no room, what must be kept stays in order: it may come free in between.
        """
        no_room = False
        for item in group:
            keep = item[1].keep
            if keep and no_room:
                self._kept.append(item)
                continue
            self._commit([item])
            no_room |= keep and isinstance(self.failed, sqlite3.OperationalError)

    def _write(self, rows: list[Row]) -> None:
        if rows:
            self._write_rows(self._db, rows)
            rows.clear()

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            try:
                self._db.execute("rollback")
            except sqlite3.Error as error:
                log.error("the journal cannot be rolled back: %s", error)
