"""Imports that wait for their columns: reminder, question to ops, expiry, each at its time and once."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.contacts.ops_answer import Question, ask
from include.contacts.waiting import (
    EXPIRE_AFTER,
    LOST_AFTER,
    REMIND_AFTER,
    Waiting,
    is_over,
    is_to_ask,
    is_to_remind,
    tell_questions,
    tend,
)
from tests.integration.client_files import Inbox, csv_bytes, mapping, people

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def one(**known: Any) -> Waiting:
    row = {
        "upload_id": 1,
        "import_id": "imp_12345678",
        "created_at": NOON,
        "quiet_since": NOON,
        "reminded_at": None,
        "asked_seen_at": None,
        "left_to_client": False,
    }
    return Waiting(**{**row, **known})


@pytest.mark.parametrize(
    ("hours", "known", "due"),
    [
        (0.9, {}, set()),
        (1, {}, {"ask"}),
        (1, {"quiet_since": NOON + HOUR / 2}, set()),
        (1.5, {"quiet_since": NOON + HOUR / 2}, {"ask"}),
        (1.5, {"asked_seen_at": NOON + HOUR}, set()),
        (2, {"asked_seen_at": NOON + HOUR}, {"ask"}),
        (9, {"left_to_client": True}, set()),
        (24, {"left_to_client": True}, {"remind"}),
        (24, {}, {"remind", "ask"}),
        (25, {"reminded_at": NOON + 24 * HOUR}, {"ask"}),
        (14 * 24 - 0.1, {}, {"remind", "ask"}),
        (14 * 24, {}, {"expire"}),
    ],
)
def test_what_is_due_is_a_question_of_time(
    hours: float, known: dict[str, Any], due: set[str]
) -> None:
    row, now = one(**known), NOON + timedelta(hours=hours)
    found = {
        name
        for name, is_due in {
            "remind": is_to_remind(row, now),
            "ask": is_to_ask(row, now, HOUR),
            "expire": is_over(row, now),
        }.items()
        if is_due
    }
    assert found == due
    assert not is_to_ask(row, now, None)


def waiting(inbox: Inbox, name: str = "guests.csv") -> str:
    receipt = inbox.drop(name, csv_bytes(people(7)))
    assert receipt["state"] == "awaiting_mapping"
    return str(receipt["import_id"])


def receipt_of(inbox: Inbox, import_id: str) -> dict[str, Any]:
    return dict(json.loads(inbox.outbox({"import_id": import_id}, "receipt.json")))


def now_in(inbox: Inbox, delay: timedelta = timedelta(0)) -> datetime:
    at: Any = inbox.db.one("select max(created_at) from upload")
    return datetime.fromisoformat(str(at)) + delay


def test_the_client_is_reminded_once_after_a_day_in_its_receipt(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    before = receipt_of(inbox, import_id)
    tend(inbox.storage, now_in(inbox, REMIND_AFTER * 0.99))
    assert receipt_of(inbox, import_id) == before
    for _ in range(2):
        assert tend(inbox.storage, now_in(inbox, REMIND_AFTER)) == []
    after = receipt_of(inbox, import_id)
    (note,) = after.pop("notes")
    until = (now_in(inbox) + EXPIRE_AFTER).astimezone(UTC).date().isoformat()
    assert note["code"] == "reminder" and until in note["message_fr"]
    assert note["message_fr"].startswith("Rappel\u00a0: ")
    unchanged = {key: value for key, value in before.items() if key not in ("notes", "timings")}
    assert {key: after[key] for key in unchanged} == unchanged
    page = inbox.outbox({"import_id": import_id}, "receipt.html")
    assert "Rappel" in page and "Zoé4" in page and "mapping.yaml" in page
    done = inbox.answer(
        {**mapping("guests", "first_name", "ignore", "phone"), "import_id": import_id}
    )
    assert done["state"] == "loaded" and done["notes"] == []


def test_ops_are_told_once_after_the_silence_of_the_setting(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = waiting(inbox)
    assert tell_questions(now_in(inbox, HOUR / 2)) == []
    assert tell_questions(now_in(inbox, HOUR * 1.1)) == [import_id]
    assert tell_questions(now_in(inbox, HOUR * 1.2)) == []
    # Nobody took it up: the message was lost.
    assert tell_questions(now_in(inbox, HOUR * 1.1 + LOST_AFTER)) == [import_id]
    other = waiting(inbox, "others.csv")
    monkeypatch.setenv("SMSSWITCH_ASK_OPS_AFTER", "0")
    assert tell_questions(now_in(inbox, HOUR * 9)) == []
    monkeypatch.setenv("SMSSWITCH_ASK_OPS_AFTER", "5")
    assert tell_questions(now_in(inbox, HOUR * 0.1)) == [other]


def test_two_scans_at_once_tell_each_question_once(inbox: Inbox) -> None:
    ids = sorted(waiting(inbox, f"list{i}.csv") for i in range(3))
    late, start = now_in(inbox, HOUR * 2), threading.Barrier(2)
    told: list[str] = []

    def scan() -> None:
        start.wait()
        told.extend(tell_questions(late))

    threads = [threading.Thread(target=scan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ids


def test_a_question_that_was_told_is_taken_up_by_the_first_run(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    now = now_in(inbox, HOUR * 2)
    assert tell_questions(now) == [import_id]
    assert isinstance(ask(import_id, "asset_triggered__1", now), Question)
    assert not isinstance(ask(import_id, "manual__1", now), Question)


def test_after_two_weeks_it_is_over(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    upload_id = inbox.db.one("select upload_id from upload")
    assert tend(inbox.storage, now_in(inbox, EXPIRE_AFTER)) == [upload_id]
    told = receipt_of(inbox, import_id)
    assert (told["state"], told["reason"]["code"]) == ("expired", "no_mapping_in_time")
    assert tend(inbox.storage, now_in(inbox, EXPIRE_AFTER * 2)) == []
    assert tell_questions(now_in(inbox, EXPIRE_AFTER * 2)) == []
