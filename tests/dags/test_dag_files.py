"""What every DAG file keeps to: it wires, it is quick to read, its tasks can be repeated."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest

from include.settings import ROOT

FILES = sorted((ROOT / "dags").glob("*.py"))
WANTED = {
    "billing_daily",
    "bucket_scan",
    "campaign_control",
    "campaign_expand",
    "campaign_intake",
    "client_admin",
    "contacts_confirm_mapping",
    "contacts_import",
    "fleet_monitor",
    "group_control",
    "reports",
    "retention",
    "settings_apply",
    "taxation_analysis",
    "taxation_approve_layout",
    "taxation_ingest",
    "taxation_treatments",
    "taxation_unmask",
}
#: One question must not wait for the answer to another.
QUESTIONS = {"contacts_confirm_mapping", "taxation_approve_layout"}
PARSE = """
import sys, runpy
sys.path.insert(0, sys.argv[1])
for file in sys.argv[2:]:
    runpy.run_path(file)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_all_files_are_read_without_an_error(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) >= WANTED


def test_ids_are_the_names_of_the_files(bag: Any) -> None:
    assert {Path(dag.fileloc).stem: dag_id for dag_id, dag in bag.dags.items()} == {
        file.stem: file.stem for file in FILES
    }


def test_every_task_waits_for_the_migration_of_its_program(bag: Any) -> None:
    import dag_edge

    for dag in bag.dags.values():
        for task in dag.tasks:
            mapped = getattr(task, "partial_kwargs", None)  # made once it is known how many
            hook = mapped["pre_execute"] if mapped else task._pre_execute_hook
            assert hook is dag_edge.wait_for_migration, task


def test_every_task_has_more_tries_and_a_limit(bag: Any) -> None:
    for dag in bag.dags.values():
        for task in dag.tasks:
            assert task.retries >= 1, task
            assert timedelta() < task.execution_timeout <= timedelta(hours=2), task


def test_what_runs_every_minute_has_a_deadline(bag: Any) -> None:
    for dag_id in ("fleet_monitor", "campaign_expand"):
        assert [deadline.name for deadline in bag.dags[dag_id].deadline] == ["within_10_minutes"]


def names(callbacks: Any) -> list[str]:
    """Of a mapped task it is the function itself."""
    found = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    return [each.__name__ for each in found]


def test_every_failure_alerts(bag: Any) -> None:
    for dag in bag.dags.values():
        for task in dag.tasks:
            assert names(task.on_failure_callback) == ["task_failed"], task
            assert names(task.on_success_callback) == ["task_succeeded"], task


def test_runs_never_overlap_nor_catch_up(bag: Any) -> None:
    for dag in bag.dags.values():
        assert not dag.catchup, dag.dag_id
        if dag.dag_id not in QUESTIONS:
            assert dag.max_active_runs == 1, dag.dag_id


def test_billing_is_partitioned_by_the_period_that_has_ended(bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    at = {"billing_monthly": datetime(2027, 1, 1, 4, 30, tzinfo=UTC)}
    at["billing_daily"] = datetime(2027, 1, 1, 1, 15, tzinfo=UTC)
    keys = {}
    for dag_id, run_date in at.items():
        read_back: Any = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags[dag_id]))
        keys[dag_id] = read_back.timetable._get_partition_info(pendulum.instance(run_date))[1]
    assert keys == {"billing_monthly": "2026-12", "billing_daily": "2026-12-31"}


def test_the_page_of_a_dag_says_what_to_do(bag: Any) -> None:
    for dag in bag.dags.values():
        text = dag.doc_md.lower()
        for words in ("what it does", "**inputs**", "**outputs**", "when it is red"):
            assert words in text, (dag.dag_id, words)


def test_every_dag_is_in_the_table() -> None:
    table = (ROOT / "dags" / "README.md").read_text()
    assert [file.stem for file in FILES if f"| `{file.stem}` |" not in table] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dag_files_are_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 110


def test_reading_the_files_imports_nothing_heavy(airflow_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(ROOT / "plugins"), *map(str, FILES)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "airflow" in loaded
    assert loaded.isdisjoint({"pandas", "great_expectations", "numpy", "matplotlib", "openpyxl"})
