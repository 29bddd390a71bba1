"""What this host knows for good: batches fetched, sends begun, answers, what was uploaded.

A send is begun only when its intent is on the disk, and an answer is uploaded only when it is. What
was begun and never answered is found again at the next start.
"""

import itertools
import json
import random
import sqlite3
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sms_sender.batches import Batch, Message, Part
from sms_sender.errors import JournalError
from sms_sender.journal_rows import (
    HELD,
    LOCAL,
    PENDING,
    REFUSED,
    SENDS,
    UPLOADED,
    Answer,
    Attempt,
    answer_row,
    answered,
    attempt_entry,
    attempt_row,
    evidence,
    find_sent,
    forget,
    inbound_entries,
    lock,
    mark_uploaded,
    message_row,
    part_of,
    pending_attempts,
    receipt_entry,
    set_fact,
    write_messages,
    write_rows,
    written_time,
)
from sms_sender.outbox import Entry, Outbox
from sms_sender.runtime import HERE, Runtime
from sms_sender.writer import Row, Ticket, Writer

SCHEMA = Path(__file__).with_name("journal.sql")


class Journal:
    """One SQLite file, one writer, one process."""

    def __init__(self, path: Path, runtime: Runtime = HERE) -> None:
        self.path = path
        self._clock = runtime.time
        self._ids = random.Random(runtime.fresh_id().int)
        self._lock = lock(path)
        try:
            self._db = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, factory=runtime.connection
            )
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=full")
            self._db.executescript(SCHEMA.read_text(encoding="utf-8"))
            self._stopped = {row[0] for row in self._db.execute("select message_id from stopped")}
            (last,) = self._db.execute("select coalesce(max(row), 0) from attempt").fetchone()
            self.journal_id = self._identity(runtime.fresh_id())
        except sqlite3.Error as error:
            self._lock.close()
            raise JournalError(f"{path}: {error}") from error
        self._rows = itertools.count(last + 1)
        self.outbox = Outbox(runtime=runtime)
        self.writer = Writer(self._db, write_rows, runtime)

    def open(self) -> None:
        """Load what is still to be uploaded, and begin to write.

        Refusals that were held back when the last process ended are what they said.
        """
        self._db.execute("update attempt set upload = ? where upload = ?", (PENDING, HELD))
        self.outbox.add(pending_attempts(self._db))
        rows = self._db.execute("select row from receipt where upload = 0 order by row").fetchall()
        self.outbox.add(e for (row,) in rows for e in receipt_entry(self._db, row))
        self.outbox.add(inbound_entries(self._db, "upload = 0", ()))
        self.writer.start()

    def close(self) -> None:
        """Write what was asked, and give up the file."""
        self.writer.stop()
        self.abandon()

    def flush(self) -> None:
        """Return once what was asked is written and on its way to the centre, or cannot be."""
        with suppress(JournalError):
            self.writer.put(lambda _: None).wait()

    def abandon(self) -> None:
        """Let go of the file as the end of a process does: nothing more is written."""
        self._db.close()
        self._lock.close()

    def fact(self, name: str) -> str | None:
        """Return a fact of this host. Only before `open`, as the writer owns the file after it."""
        row = self._db.execute("select value from fact where name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> Ticket:
        """Remember a fact of this host."""
        return self.writer.put(lambda db: set_fact(db, name, value))

    def fetch(self, batch: Batch) -> Ticket:
        """Write a batch down, in one with the forgetting of its token."""
        rows = [message_row(batch.batch_id, message) for message in batch.messages]

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "insert or ignore into batch (batch_id, token, permit_seq, not_after, fetched_at)"
                " values (?, ?, ?, ?, ?)",
                (batch.batch_id, batch.token, batch.permit_seq, batch.not_after, self._now()),
            )
            write_messages(db, rows)
            db.execute("delete from fact where name = 'lease_token'")

        return self.writer.put(write)

    def permit(self, permits: dict[int, int]) -> Ticket:
        """Remember how far each batch may be sent."""
        rows = [(seq, batch_id, seq) for batch_id, seq in permits.items()]
        return self.writer.put(
            lambda db: db.executemany(
                "update batch set permit_seq = ? where batch_id = ? and permit_seq < ?", rows
            )
        )

    def attempt(
        self, part: Part, imei: str | None, imsi: str | None, mr_before: int | None
    ) -> Attempt:
        """Give an attempt its identity; nothing is written yet."""
        return Attempt(next(self._rows), self._fresh_id(), part, imei, imsi, mr_before)

    def intend(
        self, attempt: Attempt, epoch: int, recipient: tuple[str, str, bytes] | None = None
    ) -> Ticket:
        """Write the intent down. No byte of the PDU may be written before the ticket is good.

        `recipient` (SIM, month, key) is remembered with it.
        """
        rows: list[Row] = [("intent", attempt_row(attempt, epoch, self._now()))]
        if recipient is not None:
            rows.append(("recipient", recipient))
        return self.writer.put(rows, modem=attempt.imei)

    def answer(self, attempt: Attempt, answer: Answer, upload: int = PENDING) -> Ticket:
        """Write down what became of an attempt; it goes to the outbox unless held or local."""
        at = self._now()
        rows: list[Row] = [("answer", answer_row(attempt, answer, at, upload))]
        entry = attempt_entry(attempt, answer, at)
        return self.writer.put(
            rows,
            (lambda _: self.outbox.add((entry,))) if upload == PENDING else None,
            keep=True,
        )

    def release(self, attempts: list[Attempt]) -> Ticket:
        """Upload answers that were held back."""
        rows = [(PENDING, attempt.row) for attempt in attempts]

        def write(db: sqlite3.Connection) -> list[Entry]:
            db.executemany("update attempt set upload = ? where row = ?", rows)
            return [entry for _, row in rows for entry in answered(db, row)]

        return self.writer.put(write, self._to_outbox, keep=True)

    def give_back(self, parts: Iterable[Part], why: str) -> Ticket:
        """Close parts that were never begun: the centre plans them again."""
        answer = Answer("not_sent", error=why)
        closed = [self.attempt(part, None, None, None) for part in parts]
        at = self._now()

        rows: list[Row] = [("intent", attempt_row(a, None, at)) for a in closed]
        rows += [("answer", answer_row(a, answer, at, PENDING)) for a in closed]
        entries = [attempt_entry(a, answer, at) for a in closed]
        return self.writer.put(rows, lambda _: self.outbox.add(entries))

    def receipt(
        self, imei: str | None, reference: int, msisdn: str, kind: str, code: int
    ) -> Ticket:
        """Write a delivery report down, with the send that it is about, if that is known."""

        def write(db: sqlite3.Connection) -> list[Entry]:
            row, proof = find_sent(db, imei, reference, msisdn)
            cursor = db.execute(
                "insert or ignore into receipt"
                " (attempt_row, imei, reference, msisdn, kind, code, at, upload)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    row,
                    imei,
                    reference,
                    msisdn,
                    kind,
                    code,
                    self._now(),
                    LOCAL if row is None else PENDING,
                ),
            )
            if row is None or cursor.rowcount == 0 or cursor.lastrowid is None:
                return proof
            return proof + receipt_entry(db, cursor.lastrowid)

        return self.writer.put(write, self._to_outbox, keep=True)

    def inbound(self, imei: str | None, sender: str, text: str, sent_at: str | None) -> Ticket:
        """Write an inbound message down."""

        def write(db: sqlite3.Connection) -> list[Entry]:
            key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{imei}|{sender}|{sent_at}|{text}"))
            cursor = db.execute(
                "insert or ignore into inbound (host_key, imei, sender, text, sent_at)"
                " values (?, ?, ?, ?, ?)",
                (key, imei or "unknown", sender, text, sent_at),
            )
            if cursor.rowcount == 0:
                return []
            return inbound_entries(db, "row = ?", (cursor.lastrowid,))

        return self.writer.put(write, self._to_outbox, keep=True)

    def evidence(self) -> Ticket:
        """Read what became of everything lately; the ticket's result is None while a send is open."""
        return self.writer.put(evidence)

    def uploaded(self, entries: list[Entry], mark: int = UPLOADED) -> Ticket:
        """Remember that the centre has these reports."""

        def write(db: sqlite3.Connection) -> None:
            for table in ("attempt", "receipt", "inbound"):
                rows = [entry.row for entry in entries if entry.table == table]
                mark_uploaded(db, table, mark, rows)

        return self.writer.put(write)

    def stop(self, message_ids: list[int]) -> None:
        """Remember that these messages must not be begun any more, until their batch is closed."""
        fresh = set(message_ids) - self._stopped
        if fresh:
            self._stopped |= fresh
            rows = [(message_id,) for message_id in sorted(fresh)]
            self.writer.put(
                lambda db: db.executemany("insert or ignore into stopped values (?)", rows),
                keep=True,
            )

    def stopped(self) -> set[int]:
        """Return those messages. Only before `open`."""
        return self._stopped

    def close_batches(self, batch_ids: list[int]) -> Ticket:
        """Remember that nothing of these batches is left to do."""
        rows = [(self._now(), batch_id) for batch_id in batch_ids]
        self._stopped.clear()  # what still holds is said again by the next heartbeat

        def write(db: sqlite3.Connection) -> None:
            db.executemany("update batch set open = 0, closed_at = ? where batch_id = ?", rows)
            db.execute(
                "delete from stopped where message_id not in"
                " (select message_id from message join batch using (batch_id) where open)"
            )

        return self.writer.put(write)

    def forget_texts(self, days: int = 7) -> Ticket:
        """Remove texts and numbers of batches that were done `days` ago, and old inbound texts."""
        age = f"-{days} days"
        return self.writer.put(lambda db: forget(db, age))

    def set_agreed(self, imei: str, imsi: str, agreed: int) -> Ticket:
        """Remember how many sends in a row the SIM's own count agreed with the modem's."""
        return self.writer.put(
            lambda db: db.execute(
                "insert or replace into sim values (?, ?, ?)", (imei, imsi, agreed)
            )
        )

    def agreements(self) -> dict[tuple[str, str], int]:
        """Return those counts. Only before `open`."""
        rows = self._db.execute("select imei, imsi, agreed from sim")
        return {(imei, imsi): agreed for imei, imsi, agreed in rows}

    def sends(self, days: int = 33) -> list[tuple[str, str]]:
        """Return (IMSI, time) of what went out or may have, lately. Only before `open`."""
        return self._db.execute(SENDS, (f"-{days} days",)).fetchall()

    def recipients(self, month: str) -> list[tuple[str, bytes]]:
        """Return (SIM, key) of whom was sent to in a month. Only before `open`."""
        return self._db.execute(
            "select sim, key from recipient where month = ?", (month,)
        ).fetchall()

    def open_batches(self) -> list[Batch]:
        """Return the batches that are not closed, with all their messages. Only before `open`."""
        found = self._db.execute(
            "select batch_id, token, permit_seq, not_after from batch where open order by fetched_at"
        ).fetchall()
        return [
            Batch(batch_id, token, permit, not_after, self._messages(batch_id))
            for batch_id, token, permit, not_after in found
        ]

    def reported_parts(self, batch_id: int) -> set[tuple[int, int]]:
        """Return (message, part) of a batch whose result the centre has. Only before `open`."""
        rows = self._db.execute(
            "select message_id, part from attempt where batch_id = ? and upload in (?, ?)",
            (batch_id, UPLOADED, REFUSED),
        )
        return set(rows)

    def finished_parts(self, batch_id: int) -> set[tuple[int, int]]:
        """Return (message, part) of a batch that have an answer or an intent. Before `open`."""
        rows = self._db.execute(
            "select message_id, part from attempt where batch_id = ? and upload <> ?",
            (batch_id, LOCAL),
        )
        return set(rows)

    def unresolved(self) -> list[Attempt]:
        """Return the intents without an answer. Only before `open`."""
        rows = self._db.execute(
            "select a.row, a.attempt_id, a.batch_id, a.message_id, a.part, a.imei, a.imsi,"
            " a.mr_before from attempt as a where a.kind is null order by a.row"
        ).fetchall()
        messages = {(b.batch_id, m.message_id): m for b in self.open_batches() for m in b.messages}
        return [
            Attempt(
                row[0],
                row[1],
                part_of(row[2], messages[row[2], row[3]], row[4]),
                row[5],
                row[6],
                row[7],
            )
            for row in rows
        ]

    def _messages(self, batch_id: int) -> list[Message]:
        rows = self._db.execute(
            "select message_id, seq, msisdn, text, encoding, segments, parts from message"
            " where batch_id = ? order by seq",
            (batch_id,),
        )
        return [
            Message(message_id, seq, msisdn, text, encoding, segments, tuple(json.loads(parts)))
            for message_id, seq, msisdn, text, encoding, segments, parts in rows
        ]

    def _identity(self, fresh: uuid.UUID) -> uuid.UUID:
        known = self.fact("journal_id")
        if known is not None:
            return uuid.UUID(known)
        set_fact(self._db, "journal_id", str(fresh))
        return fresh

    def _to_outbox(self, entries: object) -> None:
        if isinstance(entries, list):
            self.outbox.add(entries)

    def _now(self) -> str:
        return written_time(self._clock())

    def _fresh_id(self) -> str:
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))
