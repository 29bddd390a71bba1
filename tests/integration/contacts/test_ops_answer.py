"""Ops confirm a mapping: the form shows rows as they are, an answer is ours to check, one wins."""

import threading
from typing import Any

import pytest

from include.contacts import ops_answer
from include.contacts.importer import import_upload
from include.contacts.ops_answer import CONFIRM, LEAVE, confirm, question, settle
from include.errors import InputError
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people

GOOD = {"column_1": "first_name", "column_2": "var_nom", "column_3": "phone"}
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
    answer = {"chosen_options": [CONFIRM], "params_input": GOOD, "responded_by_user": person}
    assert settle(import_id, answer)["outcome"] == "loaded"
    assert len(inbox.numbers("guests")) == 7
    assert inbox.db.one("select mapping_by from upload") == "ops:nadia"
    assert (inbox.root / "outbox/lists/guests/summary.json").exists()
    assert question(import_id) is None
    assert settle(import_id, answer)["message"] == "déjà confirmé"


def test_left_to_the_client_nothing_changes(inbox: Inbox) -> None:
    import_id = waiting(inbox)
    answer = {"chosen_options": [LEAVE], "params_input": GOOD, "responded_by_user": None}
    assert settle(import_id, answer)["outcome"] == "left"
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
    for work in (ops_answer.check, lambda i, a: confirm(i, a, "ops:x")):
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
