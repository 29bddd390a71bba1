"""What the DAG files share: errors become failures, events become upload numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.errors import InputError, TransientError
from tests.conftest import Database


@pytest.fixture
def edge(airflow_home: Path) -> Iterator[Any]:
    import dag_edge

    yield dag_edge


@dataclass
class Upload:
    upload_id: int
    kind: str


def test_bad_input_fails_at_once_and_trouble_of_ours_may_pass(edge: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    @edge.bad_input_fails
    def work(error: Exception) -> None:
        raise error

    with pytest.raises(AirflowFailException, match=r"no such report \(unknown_report\)"):
        work(InputError("unknown_report", "no such report"))
    with pytest.raises(TransientError):
        work(TransientError("the server is away"))


def test_one_upload_that_fails_does_not_hold_up_the_others(edge: Any) -> None:
    done: list[int] = []

    def work(upload_id: int) -> int:
        if upload_id == 2:
            raise OSError("this one")
        done.append(upload_id)
        return upload_id

    with pytest.raises(OSError, match="this one"):
        edge.each(work, [1, 2, 3])
    assert done == [1, 3]
    assert edge.each(work, [4, 5]) == [4, 5]


def test_of_several_failures_the_one_is_raised_that_another_try_may_mend(
    edge: Any, caplog: pytest.LogCaptureFixture
) -> None:
    errors = {1: InputError("unknown_import", "no such import"), 2: TransientError("away")}

    def work(upload_id: int) -> None:
        raise errors[upload_id]

    with pytest.raises(TransientError):
        edge.bad_input_fails(edge.each)(work, [1, 2])
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "upload 1 failed",
        "upload 2 failed",
    ]


def test_coalesced_events_and_the_form_name_the_uploads(edge: Any) -> None:
    events = {
        "contact_files": [
            SimpleNamespace(extra={"uploads": [7, 3]}),
            SimpleNamespace(extra={"uploads": [3, 9]}),
            SimpleNamespace(extra={}),
        ]
    }
    assert edge.uploads_told(events, {"upload_id": None}) == [3, 7, 9]
    assert edge.uploads_told(None, {"upload_id": 4}) == [4]
    assert edge.uploads_told({}, None) == []


def test_only_assets_with_new_uploads_get_an_event(edge: Any) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    outlet = SimpleNamespace(add=lambda asset, extra: told.append((asset.name, extra)))
    contacts, campaigns = SimpleNamespace(name="contacts"), SimpleNamespace(name="campaigns")
    wakes = {"contacts": contacts, "mapping": contacts, "campaign": campaigns}
    uploads = [Upload(1, "contacts"), Upload(2, "mapping"), Upload(3, "command")]
    assert edge.tell(outlet, wakes, uploads) == {"contacts": [1, 2]}
    assert told == [("contacts", {"uploads": [1, 2]})]


def test_a_task_whose_process_was_killed_alerts_in_words(edge: Any, db: Database) -> None:
    ti = SimpleNamespace(dag_id="reports", task_id="build_reports")
    edge.task_failed({"ti": ti})
    edge.task_failed({"ti": ti, "exception": None})
    assert db.all("select subject, detail from alert") == [
        ("reports.build_reports", "process_lost")
    ]
