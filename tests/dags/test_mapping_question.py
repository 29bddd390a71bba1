"""The human-in-the-loop form: its fields are the file's columns, a bad answer is asked for again."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

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


@pytest.fixture
def asked(bag: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Airflow was given to ask, in order."""
    from airflow.providers.standard.operators import hitl

    told: list[dict[str, Any]] = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **values: told.append(values))
    return told


CONTEXT = {"task_instance": SimpleNamespace(id="x"), "run_id": "manual__1"}


def parks(work: Callable[[], Any]) -> bool:
    """Whether a task goes on waiting for a person."""
    with pytest.raises(BaseException) as parked:
        work()
    return type(parked.value).__name__ == "TaskAwaitingInput"


def test_it_asks_for_every_column_and_a_retry_asks_the_same(
    bag: Any, waiting: tuple[Inbox, str], asked: list[dict[str, Any]], db: Database
) -> None:
    for _ in range(2):
        assert parks(lambda: operator(bag, waiting[1]).execute(CONTEXT))
    first, again = asked
    assert first == again
    assert {name: field["value"] for name, field in first["params"].items()} == GOOD
    assert "Zoé2" in first["body"] and first["defaults"] == ["Laisser au client"]
    assert db.all("select run from mapping_question") == [("manual__1",)]


def test_while_one_run_asks_another_does_not(
    bag: Any, waiting: tuple[Inbox, str], asked: list[dict[str, Any]]
) -> None:
    assert parks(lambda: operator(bag, waiting[1]).execute(CONTEXT))
    other = operator(bag, waiting[1]).execute({**CONTEXT, "run_id": "manual__2"})
    assert other["outcome"] == "asked_elsewhere" and len(asked) == 1


def test_what_airflow_lets_through_is_asked_again(
    bag: Any, waiting: tuple[Inbox, str], asked: list[dict[str, Any]]
) -> None:
    assert parks(lambda: operator(bag, waiting[1]).execute(CONTEXT))
    for bad in ({}, {**GOOD, "column_1": "Z"}, {**GOOD, "column_1": "phone"}):
        again = operator(bag, waiting[1]).execute_complete
        assert parks(partial(again, CONTEXT, event(bad)))
    assert len(asked) == 4
    answer = operator(bag, waiting[1]).execute_complete(CONTEXT, event(GOOD))
    assert answer["params_input"] == GOOD and answer["import_id"] == waiting[1]
    left = operator(bag, waiting[1]).execute_complete(CONTEXT, event({}, "Laisser au client"))
    assert left["chosen_options"] == ["Laisser au client"]


def test_a_form_that_nobody_answered_waits_on_and_closes_once_the_client_has(
    bag: Any, waiting: tuple[Inbox, str], asked: list[dict[str, Any]]
) -> None:
    from include.contacts.ops_answer import confirm

    assert parks(lambda: operator(bag, waiting[1]).execute(CONTEXT))
    nobody = {**event({}, "Laisser au client"), "responded_by_user": None}
    assert parks(lambda: operator(bag, waiting[1]).execute_complete(CONTEXT, nobody))
    assert len(asked) == 2
    confirm(waiting[1], GOOD, "client")
    done = operator(bag, waiting[1]).execute_complete(CONTEXT, nobody)
    assert done["outcome"] == "already_confirmed"


def test_a_client_who_was_first_ends_the_run_well(bag: Any, waiting: tuple[Inbox, str]) -> None:
    from include.contacts.ops_answer import confirm

    confirm(waiting[1], GOOD, "ops:nadia")
    done = bag.dags["contacts_confirm_mapping"].test(run_conf={"import_id": waiting[1]})
    assert done.state == "success"
    told = next(
        i.xcom_pull(task_ids=i.task_id, run_id=done.run_id, map_indexes=i.map_index)
        for i in done.get_task_instances()
        if i.task_id == "question.confirm_columns"
    )
    assert (told["outcome"], told["message"]) == ("already_confirmed", "déjà confirmé")


def test_an_asset_event_names_the_imports_to_ask_about(bag: Any) -> None:
    from mapping_question import imports_told

    events = {"mapping_questions": [SimpleNamespace(extra={"imports": ["imp_b", "imp_a"]})] * 2}
    assert imports_told(events, {"import_id": None}) == ["imp_a", "imp_b"]
    assert imports_told(None, {"import_id": "imp_c"}) == ["imp_c"]


def test_the_words_of_the_buttons_are_those_of_the_library(bag: Any) -> None:
    import mapping_question

    from include.contacts import ops_answer

    ours = (ops_answer.CONFIRM, ops_answer.LEAVE)
    assert ours == (mapping_question.CONFIRM, mapping_question.LEAVE)
    task = bag.dags["contacts_confirm_mapping"].get_task("question.ask")
    assert task.retries == 20 and task.response_timeout.total_seconds() == 600
