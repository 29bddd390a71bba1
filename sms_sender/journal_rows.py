"""The rows of the journal: how an attempt, an answer, a report are written and read."""

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO, Any

from sms_sender.batches import Message, Part
from sms_sender.errors import JournalError, JournalLocked
from sms_sender.outbox import Entry

PENDING, UPLOADED, HELD, LOCAL, REFUSED = range(5)

Values = tuple[object, ...]
_AT_ONCE = 100
_INSERT_ATTEMPTS = (
    "insert into attempt (row, attempt_id, batch_id, message_id, part, msisdn, imei, imsi,"
    " mr_before, epoch, begun_at) values {}"
)
_INSERT_MESSAGES = "insert or ignore into message values {}"
_INSERT_RECIPIENTS = "insert or ignore into recipient values {}"
_ANSWER = (
    "update attempt set kind = column2, reference = column3, error_code = column4,"
    " error = column5, answered_at = column6, upload = column7"
    " from (values {}) as told where attempt.row = told.column1"
)
SENDS = (
    "select imsi, begun_at from attempt where imsi is not null"
    " and coalesce(kind, 'sent') in ('sent', 'uncertain') and attempt.epoch is not null"
    " and begun_at >= strftime('%Y-%m-%dT%H:%M:%f', 'now', ?)"
)
_ATTEMPT = (
    "select row, batch_id, message_id, part, attempt_id, kind, imei, imsi, reference, error_code,"
    " error, answered_at from attempt "
)
_FIELDS = (
    "batch_id", "message_id", "part", "attempt_id", "kind", "imei", "imsi", "reference",
    "error_code", "error", "at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """A part about to be sent through a modem."""

    row: int
    attempt_id: str
    part: Part
    imei: str | None
    imsi: str | None
    mr_before: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an attempt, in the words of docs/host-protocol.md."""

    kind: str
    reference: int | None = None
    error_code: int | None = None
    error: str | None = None


def written_time(seconds: float) -> str:
    """Return a time as reports carry it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def lock(path: Path) -> IO[bytes]:
    """Take the lock that only one process can hold; JournalLocked if another one does."""
    try:
        file = os.fdopen(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise JournalLocked(f"{path}: another sms-sender runs with this journal") from None
    return file


def part_of(batch_id: int, message: Message, part: int) -> Part:
    """Return one part of a message with its place in the batch."""
    return Part(batch_id, message.seq + message.parts.index(part), part, message)


def message_row(batch_id: int, message: Message) -> Values:
    """Return the row of a message."""
    return (
        batch_id,
        message.message_id,
        message.seq,
        message.msisdn,
        message.text,
        message.encoding,
        message.segments,
        json.dumps(message.parts),
    )


def attempt_row(attempt: Attempt, epoch: int | None, at: str) -> Values:
    """Return the row of an intent."""
    part = attempt.part
    return (
        attempt.row,
        attempt.attempt_id,
        part.batch_id,
        part.message.message_id,
        part.part,
        part.message.msisdn,
        attempt.imei,
        attempt.imsi,
        attempt.mr_before,
        epoch,
        at,
    )


def answer_row(attempt: Attempt, answer: Answer, at: str, upload: int) -> Values:
    """Return the row that `write_answers` takes."""
    return (
        attempt.row,
        answer.kind,
        answer.reference,
        answer.error_code,
        answer.error,
        at,
        upload,
    )


def write_rows(db: sqlite3.Connection, rows: Iterable[tuple[str, Values]]) -> None:
    """Write intents, recipients and answers; the last word on an attempt holds."""
    by_kind: dict[str, list[Values]] = {}
    for kind, values in rows:
        by_kind.setdefault(kind, []).append(values)
    _write(db, _INSERT_ATTEMPTS, by_kind.get("intent", []))
    _write(db, _INSERT_RECIPIENTS, by_kind.get("recipient", []))
    answers = {values[0]: values for values in by_kind.get("answer", [])}
    _write(db, _ANSWER, list(answers.values()))


def write_messages(db: sqlite3.Connection, rows: Sequence[Values]) -> None:
    """Write the rows of messages, those that are not there."""
    _write(db, _INSERT_MESSAGES, rows)


def mark_uploaded(db: sqlite3.Connection, table: str, mark: int, rows: Sequence[int]) -> None:
    """Mark the rows of a table as told to the centre."""
    for at in range(0, len(rows), _AT_ONCE):
        some = rows[at : at + _AT_ONCE]
        slots = ", ".join("?" * len(some))
        db.execute(f"update {table} set upload = ? where row in ({slots})", (mark, *some))  # noqa: S608


def _write(db: sqlite3.Connection, statement: str, rows: Sequence[Values]) -> None:
    """Write rows of one kind by one statement: sqlite3 lets all other threads in at each."""
    for at in range(0, len(rows), _AT_ONCE):
        some = rows[at : at + _AT_ONCE]
        slots = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        db.execute(statement.format(slots), tuple(chain.from_iterable(some)))


def attempt_entry(attempt: Attempt, answer: Answer, at: str) -> Entry:
    """Return the report of an answer."""
    part = attempt.part
    values = (
        part.batch_id,
        part.message.message_id,
        part.part,
        attempt.attempt_id,
        answer.kind,
        attempt.imei,
        attempt.imsi,
        answer.reference,
        answer.error_code,
        answer.error,
        at,
    )
    return Entry("attempt", attempt.row, _body(values))


def pending_attempts(db: sqlite3.Connection) -> list[Entry]:
    """Return the answers that the centre does not have yet."""
    rows = db.execute(_ATTEMPT + "where upload = 0 and kind is not null order by row")
    return [Entry("attempt", row[0], _body(row[1:])) for row in rows]


def answered(db: sqlite3.Connection, row: int) -> list[Entry]:
    """Return the report of one answer."""
    found = db.execute(_ATTEMPT + "where row = ?", (row,)).fetchone()
    return [] if found is None else [Entry("attempt", row, _body(found[1:]))]


def evidence(db: sqlite3.Connection) -> list[dict[str, Any]] | None:
    """Return the reports of 60 days, the centre's or not; None while a send has no answer."""
    if db.execute("select 1 from attempt where kind is null limit 1").fetchone():
        return None
    rows = db.execute(
        _ATTEMPT + "where kind in ('sent', 'failed', 'uncertain')"
        " and begun_at >= strftime('%Y-%m-%dT%H:%M:%f', 'now', '-60 days') order by row"
    ).fetchall()
    receipts = db.execute("select row from receipt where attempt_row is not null order by row")
    return [_body(row[1:]) for row in rows] + [
        entry.body for (row,) in receipts.fetchall() for entry in receipt_entry(db, row)
    ]


def receipt_entry(db: sqlite3.Connection, row: int) -> list[Entry]:
    """Return the report of one delivery report."""
    found = db.execute(
        "select a.batch_id, a.message_id, a.part, a.attempt_id, r.kind, r.imei, a.imsi,"
        " r.reference, r.code, null, r.at"
        " from receipt as r join attempt as a on a.row = r.attempt_row where r.row = ?",
        (row,),
    ).fetchone()
    return [] if found is None else [Entry("receipt", row, _body(found))]


def inbound_entries(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[Entry]:
    """Return the reports of inbound messages."""
    rows = db.execute(
        f"select row, host_key, imei, sender, text, sent_at from inbound where {where}",  # noqa: S608
        values,
    )
    fields = ("host_key", "imei", "sender", "text", "sent_at")
    return [Entry("inbound", row[0], dict(zip(fields, row[1:], strict=True))) for row in rows]


def find_sent(
    db: sqlite3.Connection, imei: str | None, reference: int, msisdn: str
) -> tuple[int | None, list[Entry]]:
    """Return the send that a delivery report is about, the newest that fits.

    An uncertain send whose SIM would have used this reference is thereby proved to have gone out;
    that report comes too.
    """
    # Networks write the number in their own way: the last nine digits are the same.
    tail = msisdn[-9:]
    found = db.execute(
        "select row from attempt where reference = ? and imei is ? and kind = 'sent'"
        " and substr(msisdn, -9) = ? order by row desc limit 1",
        (reference, imei, tail),
    ).fetchone()
    doubtful = db.execute(
        "select row from attempt where kind = 'uncertain' and imei is ?"
        " and coalesce(reference, (mr_before + 1) % 256) = ? and substr(msisdn, -9) = ?"
        " order by row desc limit 1",
        (imei, reference, tail),
    ).fetchone()
    if doubtful is None or (found is not None and found[0] > doubtful[0]):
        return (None if found is None else found[0]), []
    row = doubtful[0]
    # A later send to this number, of which not even that is known, may be the one reported.
    rival = db.execute(
        "select 1 from attempt where row > ? and imei is ? and coalesce(kind, 'uncertain') = 'uncertain'"
        " and reference is null and mr_before is null and substr(msisdn, -9) = ? limit 1",
        (row, imei, tail),
    ).fetchone()
    if rival is not None:
        return None, []
    db.execute(
        "update attempt set kind = 'sent', reference = ?, upload = ? where row = ?",
        (reference, PENDING, row),
    )
    return row, answered(db, row)


def set_fact(db: sqlite3.Connection, name: str, value: str) -> None:
    """Write a fact of this host."""
    db.execute("insert or replace into fact values (?, ?)", (name, value))


def forget(db: sqlite3.Connection, age: str) -> None:
    """Remove texts and numbers that are older than `age` (an SQLite modifier) and done with."""
    done = "select batch_id from batch where closed_at < strftime('%Y-%m-%dT%H:%M:%f', 'now', ?)"
    db.execute(
        f"update message set text = null, msisdn = null where text is not null and batch_id in ({done})",  # noqa: S608
        (age,),
    )
    db.execute(
        f"update attempt set msisdn = null where msisdn is not null and batch_id in ({done})",  # noqa: S608
        (age,),
    )
    db.execute("delete from recipient where month < strftime('%Y-%m', 'now', '-40 days')")
    db.execute(
        "delete from inbound where upload = 1 and sent_at < strftime('%Y-%m-%dT%H:%M:%f', 'now', ?)",
        (age,),
    )


def _body(values: Iterable[Any]) -> dict[str, Any]:
    return {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
