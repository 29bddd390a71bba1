"""Questions in a really running Airflow: a file's columns opened, refused, answered, overtaken; layouts."""

import json
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import Page, TimeoutError, sync_playwright

from include.stack import supervisor
from include.stack.airflow import AirflowError, Api
from tests.e2e.layout_question import one_layout_is_refused_and_one_allowed
from tests.integration.client_files import csv_bytes, mapping, people

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
SECONDS = 400
SILENCE_MINUTES = "0.03"
STOOD_SECONDS = 6
GOOD = {"column_1": "first_name", "column_2": "last_name", "column_3": "phone"}
#: One file's way: it tells what it waits for, and is told what that was once it is there.
Story = Generator[Callable[[], Any], Any, None]
DAG = "contacts_confirm_mapping"


class Centre:
    """The centre that runs for this file, and one client's side of its bucket."""

    def __init__(self, var: Path) -> None:
        self.known = json.loads((var / "run" / "stack.json").read_text())
        self.url = str(self.known["airflow_url"])
        admin = self.known["users"]["admin"]
        self.api = Api(int(self.url.rpartition(":")[2]), "admin", admin["password"])
        self.client = var / "bucket" / "clients" / "acme"
        self._seen: dict[str, tuple[Any, float]] = {}
        with closing(psycopg2.connect(self.known["database_url"])) as conn, conn:
            conn.cursor().execute("insert into client (code, name) values ('acme', 'Acme')")

    def one(self, query: str, *values: object) -> Any:
        with closing(psycopg2.connect(self.known["database_url"])) as conn, conn.cursor() as cur:
            cur.execute(query, values)
            row = cur.fetchone()
            return row[0] if row else None

    def drop(self, name: str, data: bytes) -> None:
        """Put a file where the client does."""
        folder = self.client / "inbox" / "contacts"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f".{name}").write_bytes(data)
        (folder / f".{name}").replace(folder / name)

    def put(self, name: str, count: int) -> None:
        """Drop a file whose columns must be asked about."""
        head, *rows = people(count)
        # A header of its own: the columns of one that was confirmed before are remembered.
        self.drop(f"{name}.csv", csv_bytes([[*head[:2], f"Téléphone {name}"], *rows]))

    def waiting(self, name: str) -> str | None:
        """The import of a file that waits for its columns, once its client has been told of them."""
        query = "select import_id from upload where list_name = %s and state = 'awaiting_mapping'"
        import_id = self.one(query, name)
        receipt = self.client / "outbox/imports" / str(import_id) / "receipt.json"
        if import_id is None or not receipt.exists():
            return None
        columns = json.loads(receipt.read_text()).get("columns") or []
        assert [len(column["sample"]) for column in columns] in ([], [5, 5, 5])
        return str(import_id) if columns else None

    def contacts(self, name: str, column: str = "msisdn") -> Any:
        """How many contacts of a list have something in a column."""
        query = (
            f"select count({column}) from contact join contact_list using (list_id) where name = %s"
        )
        return self.one(query, name)

    def state(self, import_id: str) -> Any:
        return self.one("select state::text from upload where import_id = %s", import_id)

    def question(self, import_id: str, dag: str = DAG) -> dict[str, Any] | None:
        """The form about an import that waits for an answer, once it has stood for a while:
        Airflow loses answers given before its scheduler knows that the task is parked."""
        open_one = self.parked(import_id, dag)
        task = open_one["task_instance"] if open_one else {}
        sight = (task.get("id"), task.get("try_number"))
        seen, since = self._seen.get(import_id, (None, 0.0))
        if open_one is None or sight != seen:
            self._seen[import_id] = sight, time.monotonic()
            return None
        return open_one if time.monotonic() > since + STOOD_SECONDS else None

    def parked(self, import_id: str, dag: str = DAG) -> dict[str, Any] | None:
        """The same at once."""
        for one in self.api.get(f"/dags/{dag}/dagRuns/~/hitlDetails?limit=100")["hitl_details"]:
            parked = one["task_instance"]["state"] == "awaiting_input"
            if parked and import_id in one["body"] and not one["response_received"]:
                return dict(one)
        return None

    def request(self, import_id: str) -> None:
        """Ops ask by the form of the DAG; or find that it has been asked by itself."""
        body = {"logical_date": None, "conf": {"import_id": import_id}}
        self.api.call("POST", "/dags/contacts_confirm_mapping/dagRuns", body)

    def told(self, task: dict[str, Any]) -> str:
        """What became of a question, once its task has said so."""
        path = (
            f"/dags/contacts_confirm_mapping/dagRuns/{task['dag_run_id']}/taskInstances/"
            f"question.confirm_columns/xcomEntries/return_value?map_index={task['map_index']}"
        )
        try:
            return json.dumps(self.api.get(path), ensure_ascii=False)
        except AirflowError:
            return ""

    def answer(self, question: dict[str, Any], fields: dict[str, str]) -> None:
        """Answer as any program may; Airflow checks nothing of it."""
        task = question["task_instance"]
        path = (
            f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/"
            f"{task['task_id']}/{task['map_index']}/hitlDetails"
        )
        try:
            self.api.call("PATCH", path, {"chosen_options": ["Confirmer"], "params_input": fields})
        except AirflowError:  # closed, or asked anew, this very moment
            return


def together(**stories: Story) -> None:
    """Let each go on as soon as it finds what it waits for, whatever the others wait for."""
    waits = {name: (next(story), time.monotonic() + SECONDS) for name, story in stories.items()}
    while waits:
        for name, (found, deadline) in list(waits.items()):
            if value := found():
                try:
                    waits[name] = stories[name].send(value), time.monotonic() + SECONDS
                except StopIteration:
                    del waits[name]
            else:
                assert time.monotonic() < deadline, f"{name}: in vain"
        time.sleep(0.3)


@pytest.fixture(autouse=True)
def _own_folders() -> None:
    """The stack of this file has its own folders for as long as the module runs."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    var = tmp_path_factory.mktemp("asked") / "var"
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("SMSSWITCH_", "AIRFLOW_"))]:
            patch.delenv(name)
        patch.setenv("SMSSWITCH_VAR", str(var))
        patch.setenv("SMSSWITCH_ASK_OPS_AFTER", SILENCE_MINUTES)
        patch.setenv("AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL", "2")
        try:
            supervisor.up(lines.append)
            yield Centre(var)
        finally:
            supervisor.down(lines.append)


@pytest.fixture
def page(centre: Centre) -> Iterator[Page]:
    """A browser in which the administrator is logged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context(locale="en-GB", viewport={"width": 1400, "height": 1200})
        login = context.request.post(
            f"{centre.url}/auth/token", data=centre.known["users"]["admin"]
        )
        token = login.json()["access_token"]
        context.set_default_timeout(120_000)
        context.add_cookies([{"name": "_token", "value": token, "url": centre.url}])
        yield context.new_page()
        browser.close()


def refused(centre: Centre, import_id: str) -> bool:
    """Whether an answer that makes no sense was refused; given as long as it was not."""
    why = centre.one("select detail from alert where subject = %s", import_id)
    if why is None and (asked := centre.question(import_id)):
        centre.answer(asked, {**GOOD, "column_1": "phone"})
    return why is not None and "exactly one phone column" in why


def fill_in(page: Page, url: str, task: dict[str, Any]) -> None:
    """Confirm the proposal as a person does."""
    page.goto(
        f"{url}/dags/{task['dag_id']}/runs/{task['dag_run_id']}/tasks/{task['task_id']}"
        f"/mapped/{task['map_index']}/required_actions"
    )
    page.get_by_role("button", name="Confirmer").click()


def after_silence_ops_are_asked_and_an_answer_that_cannot_be_is_asked_again(
    centre: Centre, page: Page
) -> Story:
    centre.put("guests", 7)
    import_id = yield lambda: centre.waiting("guests")
    first = yield lambda: centre.question(import_id)
    assert "Zoé4" in first["body"] and "Zoé5" not in first["body"]
    assert {name: field["value"] for name, field in first["params"].items()} == GOOD

    yield lambda: refused(centre, import_id)
    assert centre.state(import_id) == "awaiting_mapping"

    def answered_in_the_browser() -> bool:
        asked = centre.question(import_id)
        with suppress(TimeoutError):  # asked anew while the page was opening
            if asked:
                fill_in(page, centre.url, asked["task_instance"])
        return bool(centre.state(import_id) == "loaded")

    yield answered_in_the_browser
    assert centre.contacts("guests") == 7
    by = centre.one("select mapping_by from upload where import_id = %s", import_id)
    assert by == "ops:admin"
    audited = "select actor from audit_entry where subject = %s"
    actor = yield lambda: centre.one(audited, f"import:{import_id}")
    assert actor == "ops:admin"


def ops_ask_and_the_client_is_first_so_the_form_closes_by_itself(centre: Centre) -> Story:
    centre.put("members", 6)
    import_id = yield lambda: centre.waiting("members")
    centre.request(import_id)
    question = yield lambda: centre.question(import_id)
    task = question["task_instance"]
    document = mapping("members", "first_name", "last_name", "phone", import_id=import_id)
    centre.drop("members.mapping.yaml", json.dumps(document).encode())
    yield lambda: centre.state(import_id) == "loaded"
    told = yield lambda: centre.told(task)
    assert "already_confirmed" in told and "déjà confirmé" in told
    assert centre.parked(import_id) is None
    by = centre.one("select mapping_by from upload where import_id = %s", import_id)
    assert by in ("client", "sidecar")
    assert centre.contacts("members") == 6


def a_client_and_ops_at_once_load_the_file_once(centre: Centre) -> Story:
    yield lambda: centre.waiting("guests")
    # The next drop wakes the scan that finds the silence about the one before.
    centre.put("crew", 5)
    import_id = yield lambda: centre.waiting("crew")
    centre.request(import_id)
    asked = yield lambda: centre.question(import_id)
    document = mapping("crew", "first_name", "ignore", "phone", import_id=import_id)
    centre.drop("crew.mapping.yaml", json.dumps(document).encode())
    centre.answer(asked, GOOD)
    yield lambda: centre.state(import_id) == "loaded"
    yield lambda: not centre.parked(import_id)
    by = centre.one("select mapping_by from upload where import_id = %s", import_id)
    # The client's file counts as beside its file where the import comes upon it there.
    outcome = (by, centre.contacts("crew"), centre.contacts("crew", "last_name"))
    assert outcome in (("client", 5, 0), ("sidecar", 5, 0), ("ops:admin", 5, 5))


def test_files_and_layouts_that_wait_for_a_person_at_once(centre: Centre, page: Page) -> None:
    """Side by side, since each waits most of the time."""
    together(
        guests=after_silence_ops_are_asked_and_an_answer_that_cannot_be_is_asked_again(
            centre, page
        ),
        members=ops_ask_and_the_client_is_first_so_the_form_closes_by_itself(centre),
        crew=a_client_and_ops_at_once_load_the_file_once(centre),
        layouts=one_layout_is_refused_and_one_allowed(centre, page),
    )
