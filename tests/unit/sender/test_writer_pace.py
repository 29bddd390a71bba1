"""Commits that wait for the modems that are about to ask, and for no others."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sms_sender.journal import Journal
from sms_sender.journal_rows import PENDING, UPLOADED, Answer
from sms_sender.mailbox import Mailbox
from sms_sender.pace import LATE, MOST_SECONDS, Pace
from sms_sender.writer import Operation, Writer
from tests.unit.sender.batches_for_tests import batch


def paced(turn: float, commit: float, modems: int = 4) -> tuple[Pace, float]:
    """Modems that were let send just now, after many turns of the same length."""
    pace, now = Pace(), 0.0
    names = [str(n) for n in range(modems)]
    for _ in range(200):
        pace.committed(names, now - commit, now)
        now += turn
        for name in names:
            pace.asks(name, now)
        now += commit
    pace.committed(names, now - commit, now)
    return pace, now


def test_modems_that_answer_at_once_are_waited_for() -> None:
    pace, now = paced(turn=0.001, commit=0.004)
    missing, until = pace.about_to_ask(now)
    assert missing == 4
    assert until == pytest.approx(now + LATE * 0.001)
    pace.asks("0", now)
    assert pace.about_to_ask(now)[0] == 3


def test_modems_that_take_longer_than_commits_are_not() -> None:
    pace, now = paced(turn=0.1, commit=0.004)
    assert pace.about_to_ask(now) == (0, now)


def test_a_modem_that_is_late_is_not_waited_for_any_longer() -> None:
    pace, now = paced(turn=0.001, commit=0.004)
    assert pace.about_to_ask(now + 0.0021)[0] == 0


def test_no_commit_waits_longer_than_that() -> None:
    pace, now = paced(turn=0.01, commit=0.02)
    missing, until = pace.about_to_ask(now)
    assert missing == 4
    assert until == now + MOST_SECONDS


class TestMailbox:
    """One who sleeps, many who put."""

    def test_what_is_there_is_taken_at_once(self) -> None:
        box = Mailbox()
        box.put("a", counts=False)
        box.put("b", counts=True)
        assert box.take() == ["a", "b"]
        assert box.take(0.0) == []

    def test_as_many_as_count_are_waited_for(self) -> None:
        box, taken = Mailbox(), list[object]()
        box.put("0", counts=True)

        def taker() -> None:
            taken.append(box.take(60.0, 3))

        thread = threading.Thread(target=taker)
        thread.start()
        box.put("x", counts=False)
        box.put("1", counts=True)
        box.put("2", counts=True)
        thread.join(60)
        assert taken == [["0", "x", "1", "2"]]

    def test_what_is_urgent_wakes_at_once(self) -> None:
        box, taken = Mailbox(), list[object]()

        def taker() -> None:
            while "stop" not in taken:
                taken.extend(box.take(60.0, 3))

        thread = threading.Thread(target=taker)
        thread.start()
        box.put("stop", counts=False, urgent=True)
        # Put before the sleep it is found by the next look; later it ends the sleep.
        for _ in range(3):
            box.put("more", counts=True)
        thread.join(60)
        assert taken[0] == "stop"

    def test_nothing_is_lost_between_sleeping_and_waking(self) -> None:
        box, taken = Mailbox(), list[object]()
        total = 4 * 2000

        def put() -> None:
            for n in range(2000):
                box.put(n, counts=n % 2 == 0)

        threads = [threading.Thread(target=put) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(taken) < total:
            taken += box.take(0.0001 if len(taken) % 3 else 60.0, len(taken) % 3)
        for thread in threads:
            thread.join(60)
        assert len(taken) == total


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.open()
    yield journal
    journal.close()


def test_hundreds_of_rows_and_the_last_word_on_each(journal: Journal) -> None:
    """More than one statement takes; intents and answers of the same commit; two answers to one."""
    parts = batch(*[1] * 300).parts
    journal.fetch(batch(*[1] * 300)).wait()
    attempts = [journal.attempt(part, "imei", "imsi", 4) for part in parts]
    tickets = [journal.intend(attempt, 1) for attempt in attempts]
    tickets += [journal.answer(attempt, Answer("failed", error="?")) for attempt in attempts]
    tickets += [journal.answer(attempt, Answer("sent", 5)) for attempt in attempts]
    for ticket in tickets:
        ticket.wait()
    database = sqlite3.connect(journal.path)
    found = database.execute("select kind, error, upload, count(*) from attempt group by 1, 2, 3")
    assert found.fetchall() == [("sent", None, PENDING, len(parts))]
    journal.uploaded(journal.outbox.take(len(parts))).wait()
    marks = database.execute("select upload, count(*) from attempt group by 1").fetchall()
    assert dict(marks)[UPLOADED] >= len(parts) // 2
    assert database.execute("select count(*) from message").fetchone() == (300,)


class FullFor(sqlite3.Connection):
    """A disk that has no room for its first commits."""

    commits = 2

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement == "commit" and self.commits > 0:
            self.commits -= 1
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(statement, *values)


def test_what_must_be_kept_stays_in_order_when_the_disk_has_room_again(tmp_path: Path) -> None:
    """It becomes free between two that are tried one by one."""
    connection = sqlite3.connect(
        tmp_path / "kept", isolation_level=None, factory=FullFor, check_same_thread=False
    )
    connection.execute("create table told (word text)")
    writer = Writer(connection, lambda _db, _rows: None)

    def tell(word: str) -> Operation:
        return lambda db: db.execute("insert into told values (?)", (word,))

    tickets = [writer.put(tell(word), keep=True) for word in ("answer", "release")]
    writer.start()
    for ticket in tickets:
        ticket.wait(60)
    writer.stop()
    assert connection.execute("select word from told order by rowid").fetchall() == [
        ("answer",),
        ("release",),
    ]
    connection.close()
