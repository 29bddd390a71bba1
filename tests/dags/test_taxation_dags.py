"""The DAGs of call accounting: the question with its DDL, forms, what is due."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.taxation import approval, profiles
from include.taxation.analyse import treatments
from include.taxation.generate import write_spool
from include.taxation.pbx import add
from tests.conftest import Database
from tests.integration.taxation.written import record, spool

Run = Callable[..., Any]
_FORM = dict.fromkeys(("from", "to", "pbx", "cost_centre", "trunk_group"))
BLANK: dict[str, dict[str, Any]] = {
    "taxation_ingest": {"pbx": None, "file": None, "replay": "none"},
    "taxation_approve_layout": {"layout": None},
    "taxation_analysis": {**_FORM, "more": {}},
    "taxation_unmask": {**_FORM, "more": {}},
}


@pytest.fixture
def run(bag: Any, db: Database) -> Run:
    def _run(dag_id: str, state: str = "success", **form: Any) -> Any:
        # A test run leaves its form behind in the DAG: say what is not given, too.
        done = bag.dags[dag_id].test(run_conf={**BLANK.get(dag_id, {}), **form})
        assert done.state == state
        return {
            (i.task_id, i.map_index): i.xcom_pull(
                task_ids=i.task_id, run_id=done.run_id, map_indexes=i.map_index
            )
            for i in done.get_task_instances()
        }

    return _run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The spool's folder of the PBX `siege`."""
    made = tmp_path / "var" / "spool" / "siege"
    made.mkdir(parents=True)
    return made


def operator(bag: Any, layout: str) -> Any:
    from airflow.sdk import DAG
    from layout_question import LayoutQuestion

    with DAG("layout_test", schedule=None):
        return LayoutQuestion(task_id="ask", layout=layout)


def answer(option: str) -> dict[str, Any]:
    return {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": "1", "name": "nadia"},
    }


def test_a_waiting_layout_is_asked_about_with_its_ddl_and_loads_when_allowed(
    run: Run, bag: Any, db: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.standard.operators import hitl

    add("siege", policy="approve")
    (folder / "TAXAAAAA.DAT").write_bytes(spool(record()))
    assert run("taxation_ingest")["ingest", -1] == {"waiting": 1}
    told = db.one("select layout from ticket_layout")
    assert approval.layouts_to_ask() == [told]
    assert approval.layouts_to_ask() == []  # asked once, by whichever run was first
    layout = str(told)
    asked: dict[str, Any] = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **values: asked.update(values))
    with pytest.raises(BaseException) as parked:
        operator(bag, layout).execute({"task_instance": SimpleNamespace(id="x")})
    assert type(parked.value).__name__ == "TaskAwaitingInput"
    assert "alter table" in asked["body"] and 'add column "duration" bigint' in asked["body"]
    assert "siege" in asked["subject"] and asked["defaults"] == ["Refuser"]

    refused = operator(bag, layout).execute_complete({}, answer("Refuser"))
    assert approval.settle(refused["layout"], refused)["outcome"] == "refused"
    assert db.one("select count(*) from taxdata") == 0
    given = operator(bag, layout).execute_complete({}, answer("Autoriser"))
    assert approval.settle(given["layout"], given) == {
        "layout": layout, "outcome": "allowed", "files": 1
    }  # fmt: skip
    assert approval.settle(given["layout"], given)["outcome"] == "already_allowed"
    assert db.one("select count(*) from v_ticket") == 1
    assert db.all("select actor, action from audit_entry order by entry_id") == [
        ("ops:nadia", "layout_refused"),
        ("ops:nadia", "layout_allowed"),
    ]
    done = run("taxation_approve_layout", layout=layout)  # nothing to ask any more
    assert done["carry_out_answer", 0]["outcome"] == "already_allowed"
    assert run("taxation_approve_layout")["waiting", -1] == []


def test_the_words_of_the_buttons_are_those_of_the_library(bag: Any) -> None:
    import layout_question

    ours = (approval.ALLOW, approval.REFUSE)
    assert ours == (layout_question.ALLOW, layout_question.REFUSE)


def test_the_form_names_the_analyses_that_there_are(bag: Any, db: Database) -> None:
    import analysis_form

    assert sorted(each["name"] for each in treatments()) == analysis_form.ANALYSES


def test_the_form_of_the_ingest_names_a_pbx_a_file_or_a_replay(
    run: Run, db: Database, folder: Path
) -> None:
    other = folder.parent / "annexe"
    other.mkdir()
    write_spool(folder / "TAXAAAAA.DAT", layout_name="4.8", tickets=5, seed=1)
    write_spool(other / "TAXAAAAA.DAT", layout_name="4.9", tickets=7, seed=2)
    users = "pbx,extension,valid_from,person\nsiege,1001,2026-01-01,Ada\n"
    (folder.parent / "_organisation").mkdir()
    assert run("taxation_ingest", pbx="annexe")["ingest", -1] == {"loaded": 1}
    assert db.all("select pbx, tickets from spooled_file") == [("annexe", 7)]
    assert run("taxation_ingest", pbx="siege", file="TAXAAAAA.DAT")["ingest", -1] == {"loaded": 1}
    (folder.parent / "_organisation" / "users.csv").write_text(users)
    done = run("taxation_ingest", pbx="siege", replay="all")
    assert done["ingest", -1] == {"loaded": 1} and done["organisation", -1][0]["entries"] == 1
    assert run("taxation_ingest", pbx="siege", file="TAXAAAAA.DAT")["ingest", -1] == {
        "duplicate": 1
    }
    assert db.one("select count(*) from taxdata") == 12
    run("taxation_ingest", "failed", pbx="nobody", replay="all")


def test_what_is_due_runs_once(run: Run, db: Database, folder: Path) -> None:
    write_spool(folder / "TAXAAAAA.DAT", layout_name="ed5.2", tickets=20, seed=1)
    run("taxation_ingest")
    ran = run("taxation_treatments")["run_what_is_due", -1]
    assert {"file_loaded", "daily", "monthly"} == {each["trigger"] for each in ran}
    assert run("taxation_treatments")["run_what_is_due", -1] == []


def test_an_analysis_from_the_form_is_a_page(
    run: Run, db: Database, folder: Path, tmp_path: Path
) -> None:
    write_spool(folder / "TAXAAAAA.DAT", layout_name="ed5.2", tickets=50, seed=1)
    run("taxation_ingest")
    form = {"analysis": "top_destinations", "from": "2026-03-02", "more": {"limit": 3}}
    done = run("taxation_analysis", **form)["analyse", -1]
    page = (tmp_path / "var" / "reports" / done["keys"][0]).read_text()
    assert done["rows"] == 3 and "063998----" in page
    run("taxation_analysis", "failed", **{**form, "more": {"limit": 0}})
    run("taxation_unmask", "failed", reason="complaint 12", **form)
    profiles.assign("ops:dag_test", "unmask", by="ops:test")
    done = run("taxation_unmask", reason="complaint 12", **form)["analyse", -1]
    page = (tmp_path / "var" / "reports" / done["keys"][0]).read_text()
    assert done["keys"][0].startswith("unmasked/") and "063998----" not in page
    assert db.all("select actor, detail ->> 'reason' from audit_entry where action = 'unmask'") == [
        ("ops:dag_test", "complaint 12")
    ]
