"""Ops confirm a mapping: the form shows rows as they are, an answer is ours to check, one wins."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.contacts.importer import import_upload
from include.contacts.ops_answer import (
    CONFIRM,
    LEAVE,
    Outcome,
    Question,
    ask,
    asks_on,
    check,
    confirm,
    leave,
    question,
    settle,
)
from include.contacts.waiting import LOST_AFTER, PATIENCE, tell_questions
from include.errors import InputError
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people

GOOD = {"column_1": "first_name", "column_2": "var_nom", "column_3": "phone"}
RUN = "manual__1"
HOSTILE = "|<img src=x onerror=alert(1)>[x](javascript:1)`{{ 7*7 }}`\n# h"


def waiting(inbox: Inbox, name: str = "guests.csv", rows: Any = None) -> str:
    receipt = inbox.drop(name, csv_bytes(rows or people(7)))
    assert receipt["state"] == "awaiting_mapping"
    return str(receipt["import_id"])


def test_the_form_shows_five_rows_and_a_field_for_each_column(inbox: Inbox) -> None:
    asked = question(waiting(inbox))
    assert asked is not None
    assert {name: to for name, (_, to) in asked.fields.items()} == {
        "column_1": "first_name",
        "column_2": "last_name",
        "column_3": "phone",
    }
    table = [line for line in asked.body.splitlines() if line.startswith("|")]
    assert len(table) == 3 + 5
    assert "Zoé4" in table[-1] and "Zoé5" not in asked.body


def test_rows_and_names_are_never_markup(inbox: Inbox) -> None:
    rows = [["tel", HOSTILE[:30]], *[[number(i), HOSTILE] for i in range(5)]]
    asked = question(waiting(inbox, "a|<b>_*x*.csv", rows))
    assert asked is not None
    shown = asked.subject + asked.body + "".join(title for title, _ in asked.fields.values())
    assert "<img" not in asked.body.replace("\\<img", "")
    assert "](" not in asked.body.replace("\\](", "").replace("]\\(", "")
    table = [line for line in asked.body.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 3 for line in table)
    assert len(table) == 8 and "\n#" not in shown


def test_a_good_answer_loads_as_a_mapping_file_would(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    person = {"id": "7", "name": "nadia"}
    answer = {
        "import_id": import_id,
        "chosen_options": [CONFIRM],
        "params_input": GOOD,
        "responded_by_user": person,
    }
    assert settle(answer)["outcome"] == "loaded"
    assert len(inbox.numbers("guests")) == 7
    assert inbox.db.one("select mapping_by from upload") == "ops:nadia"
    assert (inbox.root / "outbox/lists/guests/summary.json").exists()
    assert question(import_id) is None
    assert settle(answer)["message"] == "déjà confirmé"


def test_left_to_the_client_nothing_changes(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    answer = {"import_id": import_id, "chosen_options": [LEAVE], "params_input": GOOD}
    assert settle(answer)["outcome"] == "left"
    assert inbox.db.one("select state::text from upload") == "awaiting_mapping"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {**GOOD, "column_1": "Z"},
        {**GOOD, "column_1": "phone"},
        {**GOOD, "column_3": "ignore"},
        {**GOOD, "column_1": "var_nom"},
        {**GOOD, "column_1": "phone\n"},
        {**GOOD, "column_1": "var_" + "x" * 41},
        {**GOOD, "column_1": None},
        {**GOOD, "column_1": ["phone"]},
        {**GOOD, "column_4": "ignore"},
        {"column_1": "phone"},
        {**GOOD, "column_01": "ignore"},
    ],
)
def test_an_answer_that_airflow_let_through_is_refused(inbox: Inbox, answer: Any) -> None:
    import_id = waiting(inbox)
    for work in (check, lambda i, a: confirm(i, a, "ops:x")):
        with pytest.raises(InputError, match="bad_answer"):
            work(import_id, answer)
    assert inbox.db.one("select state::text from upload") == "awaiting_mapping"
    assert confirm(import_id, GOOD, "ops:x")["outcome"] == "loaded"


def test_imports_that_cannot_be_asked_about(inbox: Inbox) -> None:
    for import_id in ("imp_nothing00", "'; drop table upload; --", "imp_%"):
        with pytest.raises(InputError, match="no_such_import"):
            question(import_id)


def test_the_client_was_first(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    inbox.answer({**mapping("guests", "ignore", "last_name", "phone"), "import_id": import_id})
    assert confirm(import_id, GOOD, "ops:x")["outcome"] == "already_confirmed"
    assert inbox.db.one("select mapping_by from upload where kind = 'contacts'") == "client"


def test_both_at_once_end_in_one_winner(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    sidecar = {**mapping("guests", "first_name", "last_name", "phone"), "import_id": import_id}
    inbox.put("contacts/mapping.yaml", sidecar)
    upload_id = inbox.register("contacts/mapping.yaml")
    start, outcomes = threading.Barrier(2), {}

    def ops() -> None:
        start.wait()
        outcomes["ops"] = confirm(import_id, GOOD, "ops:x")["outcome"]

    def client() -> None:
        start.wait()
        import_upload(upload_id)

    threads = [threading.Thread(target=work) for work in (ops, client)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    by, state = inbox.db.all("select mapping_by, state::text from upload where kind = 'contacts'")[
        0
    ]
    answered = inbox.db.one("select reason from upload where kind = 'mapping'")
    assert state == "loaded"
    won = (by, outcomes["ops"], answered)
    assert won in [("ops:x", "loaded", "already_confirmed"), ("client", "already_confirmed", None)]
    assert inbox.db.one("select count(*) from audit_entry where action = 'contacts.loaded'") == 1


def test_one_run_asks_and_a_retry_of_it_asks_the_same_question(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    first = ask(import_id, RUN)
    assert isinstance(first, Question)
    assert ask(import_id, RUN) == first
    other = ask(import_id, "manual__2")
    assert isinstance(other, Outcome) and other.outcome == "asked_elsewhere"
    assert settle({"import_id": import_id, **other.document()}) == other.document()
    assert inbox.db.one("select count(*) from mapping_question") == 1


def test_a_refused_answer_leaves_an_alert_until_there_is_a_better_one(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    ask(import_id, RUN)
    query = "select subject, detail from alert where kind = 'mapping_answer_refused' and over_at"
    for _ in range(2):
        with pytest.raises(InputError, match="bad_answer"):
            check(import_id, {**GOOD, "column_1": "phone"})
        ((subject, detail),) = inbox.db.all(f"{query} is null")
        assert subject == import_id and "exactly one phone column" in str(detail)
        assert isinstance(ask(import_id, RUN), Question)
    check(import_id, GOOD)
    assert inbox.db.all(f"{query} is null") == []


def test_a_run_that_died_is_followed_by_another(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    now = datetime.now(UTC)
    ask(import_id, RUN, now)
    soon, late = now + LOST_AFTER / 2, now + LOST_AFTER * 1.1
    assert isinstance(ask(import_id, "manual__2", soon), Outcome)
    assert isinstance(ask(import_id, "manual__2", late), Question)
    assert isinstance(ask(import_id, RUN, late), Outcome)


def test_an_unanswered_form_stays_open_for_a_day_as_long_as_the_import_waits(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    now = datetime.now(UTC)
    ask(import_id, RUN, now)
    for hours in (0.2, 12, 23.9):
        assert asks_on(import_id, RUN, now + timedelta(hours=hours))
    assert not asks_on(import_id, RUN, now + PATIENCE)
    assert not asks_on(import_id, "manual__2", now + PATIENCE)
    ask(import_id, RUN, now)
    inbox.answer({**mapping("guests", "ignore", "last_name", "phone"), "import_id": import_id})
    done = ask(import_id, RUN, now)
    assert isinstance(done, Outcome) and done.message == "déjà confirmé"


def test_what_ops_left_to_the_client_is_asked_again_only_by_hand(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    ask(import_id, RUN)
    leave(import_id, RUN)
    much_later = datetime.now(UTC) + timedelta(days=3)
    assert tell_questions(much_later) == []
    assert isinstance(ask(import_id, "manual__2"), Question)
