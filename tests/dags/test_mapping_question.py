"""The human-in-the-loop form: its fields are the file's columns, a bad answer is asked for again."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.errors import InputError
from tests.conftest import Database
from tests.integration.client_files import Inbox, csv_bytes, people

GOOD = {"column_1": "first_name", "column_2": "last_name", "column_3": "phone"}


@pytest.fixture
def waiting(db: Database, tmp_path: Path) -> tuple[Inbox, str]:
    """A client's import that waits for its columns."""
    db.conn.cursor().execute("insert into client (code, name) values ('acme', 'Acme')")
    inbox = Inbox("acme", db)
    return inbox, str(inbox.drop("guests.csv", csv_bytes(people(3)))["import_id"])


def event(answer: dict[str, Any], option: str = "Confirmer") -> dict[str, Any]:
    return {
        "chosen_options": [option],
        "params_input": answer,
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": "1", "name": "nadia"},
    }


def operator(bag: Any, import_id: str) -> Any:
    from airflow.sdk import DAG
    from mapping_question import MappingQuestion

    with DAG("question_test", schedule=None):
        return MappingQuestion(task_id="ask", import_id=import_id)


def test_it_asks_for_every_column(
    bag: Any, waiting: tuple[Inbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.standard.operators import hitl

    asked: dict[str, Any] = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **values: asked.update(values))
    with pytest.raises(BaseException) as parked:
        operator(bag, waiting[1]).execute({"task_instance": SimpleNamespace(id="x")})
    assert type(parked.value).__name__ == "TaskAwaitingInput"
    assert {name: field["value"] for name, field in asked["params"].items()} == GOOD
    assert "Zoé2" in asked["body"] and asked["defaults"] == ["Laisser au client"]


def test_what_airflow_lets_through_is_refused_here(bag: Any, waiting: tuple[Inbox, str]) -> None:
    for bad in ({}, {**GOOD, "column_1": "Z"}, {**GOOD, "column_1": "phone"}):
        with pytest.raises(InputError, match="bad_answer"):
            operator(bag, waiting[1]).execute_complete({}, event(bad))
    answer = operator(bag, waiting[1]).execute_complete({}, event(GOOD))
    assert answer["params_input"] == GOOD
    operator(bag, waiting[1]).execute_complete({}, event({}, "Laisser au client"))


def test_a_client_who_was_first_ends_the_run_well(bag: Any, waiting: tuple[Inbox, str]) -> None:
    from include.contacts.ops_answer import confirm

    confirm(waiting[1], GOOD, "ops:nadia")
    done = bag.dags["contacts_confirm_mapping"].test(run_conf={"import_id": waiting[1]})
    assert done.state == "success"
    told = next(
        i.xcom_pull(task_ids=i.task_id, run_id=done.run_id)
        for i in done.get_task_instances()
        if i.task_id == "confirm_columns"
    )
    assert (told["outcome"], told["message"]) == ("already_confirmed", "déjà confirmé")


def test_the_words_of_the_buttons_are_those_of_the_library(bag: Any) -> None:
    import mapping_question

    from include.contacts import ops_answer

    ours = (ops_answer.CONFIRM, ops_answer.LEAVE)
    assert ours == (mapping_question.CONFIRM, mapping_question.LEAVE)
    task = bag.dags["contacts_confirm_mapping"].get_task("ask")
    assert task.retries == 5 and task.response_timeout.days == 1
