"""The journal across restarts: what was durable is found again, and nothing else is believed."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sender.errors import JournalError, JournalLocked
from sms_sender.journal import Journal
from sms_sender.journal_rows import HELD, LOCAL, REFUSED, Answer, Attempt, write_rows
from sms_sender.writer import Writer
from tests.unit.sender.batches_for_tests import batch

IMEI, IMSI = "353000000000001", "208010000000001"


class Restarted:
    """A journal that can be closed and opened again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal(path)
        self.journal.open()

    def again(self, *, opened: bool = True) -> Journal:
        self.journal.close()
        self.journal = Journal(self.path)
        if opened:
            self.journal.open()
        return self.journal


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Restarted]:
    """An open journal, closed with the test."""
    kept = Restarted(tmp_path / "journal.sqlite3")
    yield kept
    kept.journal.close()


def begun(journal: Journal, index: int = 0, *, mr: int | None = 4) -> Attempt:
    part = batch(1, 2).parts[index]
    attempt = journal.attempt(part, IMEI, IMSI, mr)
    journal.intend(attempt, 1).wait()
    return attempt


def told(journal: Journal) -> list[tuple[str, str]]:
    return [(entry.table, entry.body.get("kind", "")) for entry in journal.outbox.take(99)]


def test_a_batch_is_found_again(kept: Restarted) -> None:
    journal_id = kept.journal.journal_id
    kept.journal.remember("lease_token", "token-1").wait()
    kept.journal.fetch(batch(1, 2, permit=2)).wait()
    kept.journal.permit({1: 3}).wait()
    kept.journal.permit({1: 1}).wait()
    journal = kept.again(opened=False)
    found = journal.open_batches()
    assert found == [batch(1, 2, permit=3)]
    assert journal.fact("lease_token") is None
    assert journal.journal_id == journal_id
    assert journal.finished_parts(1) == set()
    journal.open()


def test_a_closed_batch_is_not(kept: Restarted) -> None:
    kept.journal.fetch(batch(1)).wait()
    kept.journal.close_batches([1]).wait()
    assert kept.again().open_batches() == []


def test_an_intent_without_an_answer_is_unresolved(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    attempt = begun(kept.journal, 2)
    journal = kept.again(opened=False)
    assert journal.unresolved() == [attempt]
    assert journal.finished_parts(1) == {(101, 2)}
    journal.open()
    journal.answer(attempt, Answer("uncertain")).wait()
    assert kept.again(opened=False).unresolved() == []
    kept.journal.open()


def test_an_answer_is_uploaded_until_it_is_acknowledged(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    attempt = begun(kept.journal)
    kept.journal.answer(attempt, Answer("sent", 5)).wait()
    (entry,) = kept.journal.outbox.take(9)
    journal = kept.again()
    (again,) = journal.outbox.take(9)
    assert again == entry
    assert again.body["reference"] == 5
    assert again.body["attempt_id"] == attempt.attempt_id
    journal.uploaded([again]).wait()
    journal = kept.again(opened=False)
    assert journal.reported_parts(1) == {(100, 1)}
    journal.open()
    assert told(journal) == []


def test_a_send_that_was_not_begun_leaves_its_part_to_be_sent(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    kept.journal.answer(begun(kept.journal), Answer("not_sent"), LOCAL).wait()
    assert told(kept.journal) == []
    journal = kept.again(opened=False)
    assert (journal.finished_parts(1), journal.unresolved()) == (set(), [])
    journal.open()
    assert told(journal) == []


def test_a_refusal_held_back_is_told_after_a_restart(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    kept.journal.answer(begun(kept.journal), Answer("failed"), HELD).wait()
    assert told(kept.journal) == []
    assert told(kept.again()) == [("attempt", "failed")]


def test_a_refusal_held_back_is_told_when_released(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    attempt = begun(kept.journal)
    kept.journal.answer(attempt, Answer("failed", None, 28, "+CMS ERROR: 28"), HELD)
    kept.journal.release([attempt]).wait()
    (entry,) = kept.journal.outbox.take(9)
    assert (entry.body["kind"], entry.body["error_code"]) == ("failed", 28)


def test_parts_given_back_are_told_as_not_sent(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    kept.journal.give_back(batch(1, 2).parts, "returned").wait()
    assert told(kept.journal) == [("attempt", "not_sent")] * 3
    assert kept.again(opened=False).finished_parts(1) == {(100, 1), (101, 1), (101, 2)}
    kept.journal.open()


def test_what_the_centre_refuses_is_not_told_again(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    kept.journal.answer(begun(kept.journal), Answer("sent", 5)).wait()
    kept.journal.uploaded(kept.journal.outbox.take(9), REFUSED).wait()
    assert told(kept.again()) == []


class TestDeliveryReports:
    """Row 87: for an unknown reference, for another number, twice."""

    def sent(self, journal: Journal, index: int = 0) -> Attempt:
        journal.fetch(batch(1, 2)).wait()
        attempt = begun(journal, index)
        journal.answer(attempt, Answer("sent", 5)).wait()
        journal.uploaded(journal.outbox.take(9)).wait()
        return attempt

    def test_it_is_matched_and_told_once(self, kept: Restarted) -> None:
        attempt = self.sent(kept.journal)
        for number in ("+33639980000", "0639980000", "+33639980000"):
            kept.journal.receipt(IMEI, 5, number, "delivered", 0).wait()
        (entry,) = kept.journal.outbox.take(9)
        assert entry.body["kind"] == "delivered"
        assert entry.body["attempt_id"] == attempt.attempt_id
        assert told(kept.again()) == [("receipt", "delivered")]

    @pytest.mark.parametrize(
        ("imei", "reference", "number"),
        [
            (IMEI, 6, "+33639980000"),
            (IMEI, 5, "+33639980099"),
            ("353000000000002", 5, "+33639980000"),
        ],
    )
    def test_row_87_it_is_stored_unmatched(
        self, kept: Restarted, imei: str, reference: int, number: str
    ) -> None:
        self.sent(kept.journal)
        kept.journal.receipt(imei, reference, number, "delivered", 0).wait()
        assert told(kept.journal) == []
        assert told(kept.again()) == []
        rows = sqlite3.connect(kept.path).execute("select attempt_row, reference from receipt")
        assert rows.fetchall() == [(None, reference)]

    def test_the_newest_send_of_a_reference_is_meant(self, kept: Restarted) -> None:
        self.sent(kept.journal)
        newest = kept.journal.attempt(batch(1, 2).parts[0], IMEI, IMSI, 4)
        kept.journal.intend(newest, 1)
        kept.journal.answer(newest, Answer("sent", 5)).wait()
        kept.journal.outbox.take(9)
        kept.journal.receipt(IMEI, 5, "+33639980000", "undelivered", 0x46).wait()
        (entry,) = kept.journal.outbox.take(9)
        assert entry.body["attempt_id"] == newest.attempt_id

    def test_it_proves_a_send_that_was_uncertain(self, kept: Restarted) -> None:
        kept.journal.fetch(batch(1, 2)).wait()
        kept.journal.answer(begun(kept.journal, mr=255), Answer("uncertain")).wait()
        kept.journal.outbox.take(9)
        kept.journal.receipt(IMEI, 0, "+33639980000", "delivered", 0).wait()
        assert told(kept.journal) == [("attempt", "sent"), ("receipt", "delivered")]

    def test_it_proves_nothing_where_another_send_fits(self, kept: Restarted) -> None:
        """Two parts to one number, both uncertain; of the second not even the reference is known."""
        kept.journal.fetch(batch(1, 2)).wait()
        kept.journal.answer(begun(kept.journal, 1, mr=3), Answer("uncertain")).wait()
        kept.journal.answer(begun(kept.journal, 2, mr=None), Answer("uncertain")).wait()
        kept.journal.outbox.take(9)
        kept.journal.receipt(IMEI, 4, "+33639980001", "delivered", 0).wait()
        assert told(kept.journal) == []


def test_what_must_not_be_begun_is_known_after_a_restart(kept: Restarted) -> None:
    kept.journal.fetch(batch(1, 2)).wait()
    kept.journal.stop([100])
    kept.journal.stop([100, 101])
    journal = kept.again(opened=False)
    assert journal.stopped() == {100, 101}
    journal.open()
    journal.close_batches([1]).wait()
    assert kept.again(opened=False).stopped() == set()
    kept.journal.open()


def test_an_inbound_message_is_told_once(kept: Restarted) -> None:
    for _ in range(2):
        kept.journal.inbound(IMEI, "+33639980000", "STOP", "2026-11-23T10:00:00+01:00").wait()
    assert told(kept.journal) == [("inbound", "")]
    journal = kept.again()
    (entry,) = journal.outbox.take(9)
    assert entry.body["text"] == "STOP"


def test_one_process_at_a_time(kept: Restarted) -> None:
    with pytest.raises(JournalLocked):
        Journal(kept.path)


def test_a_file_that_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_text("certainly not a database, however long this text may be " * 50)
    with pytest.raises(JournalError):
        Journal(path)


class TestWriter:
    """Group commit."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(
            tmp_path / "w.sqlite3", isolation_level=None, check_same_thread=False
        )
        database.execute("create table t (x integer primary key)")
        return database

    def test_what_is_asked_together_is_one_commit(self, database: sqlite3.Connection) -> None:
        writer = Writer(database, write_rows)
        tickets = [
            writer.put(lambda db, n=n: db.execute("insert into t values (?)", (n,)))  # type: ignore[misc]
            for n in range(100)
        ]
        writer.start()
        for ticket in tickets:
            ticket.wait()
        writer.stop()
        assert writer.commits == 1
        assert database.execute("select count(*) from t").fetchone() == (100,)

    def test_one_that_cannot_be_written_spoils_no_other(self, database: sqlite3.Connection) -> None:
        writer = Writer(database, write_rows)
        tickets = [
            writer.put(lambda db, n=n: db.execute("insert into t values (?)", (n,)))  # type: ignore[misc]
            for n in (1, 2, 2, 3)
        ]
        writer.start()
        for ticket in (tickets[0], tickets[1], tickets[3]):
            ticket.wait()
        with pytest.raises(JournalError):
            tickets[2].wait()
        writer.stop()
        assert database.execute("select count(*) from t").fetchone() == (3,)

    def test_what_must_be_kept_is_tried_until_it_is_written(
        self, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sms_sender.writer.RETRY_SECONDS", 0.01)
        full = threading.Event()
        full.set()

        def write(db: sqlite3.Connection) -> None:
            if full.is_set():
                raise sqlite3.OperationalError("database or disk is full")
            db.execute("insert into t values (1)")

        writer = Writer(database, write_rows)
        writer.start()
        kept = writer.put(write, keep=True)
        with pytest.raises(JournalError):
            writer.put(write).wait()
        assert writer.failed is not None
        full.clear()
        kept.wait()
        writer.stop()
        assert writer.failed is None

    def test_what_follows_happens_before_the_ticket_is_good(
        self, database: sqlite3.Connection
    ) -> None:
        writer = Writer(database, write_rows)
        writer.start()
        done: list[object] = []
        writer.put(lambda db: "written", done.append).wait()
        assert done == ["written"]
        writer.stop()
