"""The monitoring page in a real browser, inside a really running Airflow."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from include.demo.hosts import Host, start_host
from include.fleet import rollup
from include.fleet.groups import add_group, new_credential, set_state
from include.stack import supervisor
from include.stack.processes import free_ports
from tests.conftest import Database
from tests.integration.campaigns.scene import Scene
from tests.integration.operations.receiving import Office, receivers

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
expect.set_options(timeout=60_000)
GROUPS = (
    ("64:31:50:1b:e9:e9", "machine 1", 1),
    ("e8:11:32:c9:ab:36", "notebook", 2),
    ("00:15:c5:b4:1c:8a", "porta_tony", 2),
    ("00:15:c5:b4:1c:8b", HOSTILE, 1),
)


class Stack:
    """The centre that runs for this file."""

    def __init__(self, var: Path) -> None:
        self.known = json.loads((var / "run" / "stack.json").read_text())
        self.url = str(self.known["airflow_url"])

    def one(self, query: str, *values: object) -> Any:
        with closing(psycopg2.connect(self.known["database_url"])) as conn, conn.cursor() as cur:
            cur.execute(query, values)
            row = cur.fetchone()
            return row[0] if row else None

    def airflow(self, query: str) -> int:
        """Airflow's own database; how many rows it was."""
        url = str(self.known["database_url"]).rpartition("/")[0] + "/airflow"
        with closing(psycopg2.connect(url)) as conn, conn, conn.cursor() as cur:
            cur.execute(query)
            return cur.rowcount

    def state(self, alias: str) -> Any:
        return self.one("select state::text from modem_group where alias = %s", alias)


@pytest.fixture(autouse=True)
def _own_folders() -> None:
    """The stack of this file has its own folders for as long as the module runs."""


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    (port,) = free_ports(1)
    office = Office(port)
    office.open()
    yield office
    office.shut()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[Stack]:
    var = tmp_path_factory.mktemp("web") / "var"
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("SMSSWITCH_", "AIRFLOW_"))]:
            patch.delenv(name)
        patch.setenv("SMSSWITCH_VAR", str(var))
        patch.setenv("SMSSWITCH_SMTP_URL", f"smtp://127.0.0.1:{office.port}")
        try:
            supervisor.up(lines.append)
            running = Stack(var)
            patch.setenv("SMSSWITCH_DATABASE_URL", running.known["database_url"])
            for mac, alias, modems in GROUPS:
                add_group(mac, alias, modems)
            set_state("notebook", "stopped")
            yield running
        finally:
            supervisor.down(lines.append)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


class Visit:
    """One person's browser window, logged in, with all that went wrong in it."""

    def __init__(self, browser: Browser, stack: Stack, user: str, locale: str) -> None:
        self.context = browser.new_context(locale=locale)
        self.page: Page = self.context.new_page()
        self.stack, self.wrong = stack, list[str]()
        self.login = stack.known["users"][user]
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def by_form(self) -> "Visit":
        """Log in as a person does."""
        self.page.goto(f"{self.stack.url}/auth/login/")
        self.page.get_by_label("Username").fill(self.login["username"])
        self.page.get_by_label("Password").fill(self.login["password"])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)
        self.wrong.clear()  # what Airflow's own pages complain about
        return self

    def by_token(self) -> "Visit":
        """Log in without a look at Airflow's form, which takes seconds."""
        answer = self.context.request.post(f"{self.stack.url}/auth/token", data=self.login)
        token = answer.json()["access_token"]
        self.context.add_cookies([{"name": "_token", "value": token, "url": self.stack.url}])
        return self

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(message.text)

    def open(self, path: str = "/monitoring/") -> Page:
        self.page.goto(self.stack.url + path)
        return self.page


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Iterator[Any]:
    visits: list[Visit] = []

    def start(user: str, locale: str = "fr-FR", *, by_form: bool = False) -> Visit:
        one = Visit(browser, stack, user, locale)
        visits.append(one)
        return one.by_form() if by_form else one.by_token()

    yield start
    for one in visits:
        one.context.close()


def test_the_menu_of_airflow_leads_to_the_table(visit: Any, stack: Stack) -> None:
    someone = visit("admin", by_form=True)
    someone.open("/plugin/monitoring")
    frame = someone.page.frame_locator("iframe")
    row = frame.get_by_role("row").filter(has_text="64:31:50:1b:e9:e9")
    expect(row).to_contain_text("machine 1")
    expect(row).to_contain_text("démarré")
    expect(frame.get_by_role("columnheader").nth(0)).to_have_text("Numéro MAC")
    expect(frame.get_by_role("row")).to_have_count(1 + len(GROUPS))
    row.get_by_role("button", name="Arrêter").click()
    expect(frame.get_by_role("status")).to_have_text("machine 1\u00a0: arrêté")
    assert stack.state("machine 1") == "stopped"
    assert stack.one("select actor from audit_entry order by entry_id desc limit 1") == "ops:admin"
    row.get_by_role("link", name="Détails").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("machine 1")


def test_an_operator_starts_and_stops_by_keyboard(visit: Any, stack: Stack) -> None:
    someone = visit("op", "en-GB")
    page = someone.open()
    row = page.get_by_role("row").filter(has_text="notebook")
    row.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("notebook: started")
    assert stack.state("notebook") == "started"
    expect(row.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("notebook: stopped")
    assert stack.state("notebook") == "stopped"
    assert stack.one("select actor from audit_entry order by entry_id desc limit 1") == "ops:op"
    assert someone.wrong == []


def test_what_changes_elsewhere_appears_by_itself(visit: Any, stack: Stack) -> None:
    someone = visit("viewer", "en-GB")
    someone.page.clock.install()
    page = someone.open()
    row = page.get_by_role("row").filter(has_text="porta_tony")
    expect(row).to_contain_text("started")
    set_state("porta_tony", "draining")
    page.clock.fast_forward(21_000)
    expect(row).to_contain_text("draining")


def test_a_viewer_looks_and_is_refused(visit: Any, stack: Stack) -> None:
    someone = visit("viewer")
    page = someone.open()
    expect(page.get_by_role("row")).to_have_count(1 + len(GROUPS))
    expect(page.locator("button")).to_have_count(0)
    before = stack.one("select count(*) from audit_entry")
    status = page.evaluate(
        """async () => (await fetch('/monitoring/api/groups/3/stop', {method: 'POST', headers:
        {'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content}})).status"""
    )
    assert status == 403
    assert stack.one("select count(*) from audit_entry") == before


def test_another_site_cannot_order_with_the_persons_cookie(visit: Any, stack: Stack) -> None:
    someone = visit("admin")
    page = someone.open()
    before = stack.one("select count(*) from audit_entry")
    status = page.evaluate(
        "async () => (await fetch('/monitoring/api/groups/1/start', {method: 'POST'})).status"
    )
    assert status == 403
    assert stack.one("select count(*) from audit_entry") == before


def test_a_hostile_alias_stays_text(visit: Any) -> None:
    someone = visit("admin")
    page = someone.open()
    expect(page.get_by_role("rowheader", name=HOSTILE)).to_be_visible()
    assert page.title() == "Monitoring"
    page.get_by_role("row").filter(has_text=HOSTILE).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    assert page.title() == f"{HOSTILE} · Monitoring"
    assert page.locator("img").count() == 0
    assert someone.wrong == []


def test_nobody_gets_in_without_logging_in(browser: Browser, stack: Stack) -> None:
    context = browser.new_context()
    for path in ("/monitoring/", "/monitoring/api/groups", "/monitoring/groups/1"):
        assert context.request.get(stack.url + path).status == 401
    assert context.request.post(stack.url + "/monitoring/api/groups/1/stop").status == 401
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling_and_the_theme_is_airflows(
    visit: Any, theme: str
) -> None:
    someone = visit("admin")
    someone.page.set_viewport_size({"width": 390, "height": 800})
    page = someone.open()
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[theme]
    assert someone.wrong == []


def test_a_run_that_is_late_is_told_by_mail_and_on_the_page(
    visit: Any, stack: Stack, office: Office
) -> None:
    """The roll-up hangs; Airflow's own deadline, brought forward, is seen missed by its scheduler."""
    receivers("{to: ops@a.example, language: en}")
    with closing(psycopg2.connect(stack.known["database_url"])) as conn, conn.cursor() as cur:
        cur.execute("select pg_advisory_xact_lock(%s)", (rollup.ALONE,))
        hangs = (  # one that had passed the lock ends, and the next waits
            "update deadline as d set deadline_time = now() from dag_run as r, task_instance as t "
            "where d.dagrun_id = r.id and not d.missed and r.dag_id = 'fleet_monitor' "
            "and t.dag_id = r.dag_id and t.run_id = r.run_id and t.task_id = 'roll_up' "
            "and t.state = 'running'"
        )

        def told_late() -> bool:
            stack.airflow(hangs)
            return told(office, "DAG late: fleet_monitor, due since 20")

        wait_for("the mail", told_late)
        page = visit("viewer", "en-GB").open()
        expect(page.get_by_text("DAG late: fleet_monitor")).to_be_visible()
    wait_for("the mail that it is over", lambda: told(office, "Over: DAG late: fleet_monitor"))


def told(office: Office, words: str) -> bool:
    """Whether a mail says so, alone or with other news."""
    return any(words in mail.get_content() for mail in office.post.mails)


PATIENCE = 180.0
HOLDS = """
select count(*) from send_batch join modem_group using (group_id)
where alias = 'machine 1' and send_batch.state = 'leased'
"""


@pytest.fixture
def sender(stack: Stack, tmp_path: Path) -> Iterator[Host]:
    """A real sender with one emulated modem, on its way through some thousand messages."""
    with closing(psycopg2.connect(stack.known["database_url"])) as conn:
        conn.autocommit = True
        scene = Scene(Database(stack.known["database_url"], conn))
        scene.client("acme", "1000")
        conn.cursor().execute("begin")
        scene.contacts(4000)
        conn.cursor().execute("commit")
        set_state("machine 1", "started")
        scene.apply()
        scene.expand()
        host = start_host(tmp_path / "host", new_credential("machine 1"), 1, latency_ms=150, seed=1)
        try:
            yield host
        finally:
            host.kill()


def wait_for(what: str, holds: Callable[[], bool], sender: Host | None = None) -> None:
    """However slow the machine is: the state counts, not the time."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if sender is not None:
            sender.check()
        assert time.monotonic() < until, what
        time.sleep(0.2)


def taken(sender: Host) -> int:
    """How many parts the emulated network has taken."""
    log = sender.network_log
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_stop_and_start_reach_a_running_sender_within_one_heartbeat(
    visit: Any, stack: Stack, sender: Host
) -> None:
    wait_for("the sender sends", lambda: taken(sender) > 3, sender)
    page = visit("op", "en-GB").open()
    row = page.get_by_role("row").filter(has_text="machine 1")
    row.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_have_text("machine 1: stopped")
    beats: set[object] = set()

    def gave_back() -> bool:
        beats.add(stack.one("select last_heartbeat from modem_group where alias = 'machine 1'"))
        return bool(stack.one(HOLDS) == 0)

    wait_for("what was not begun comes back", gave_back, sender)
    assert len(beats) <= 2, "the heartbeat before the click, and at most one after it"
    sent = taken(sender)
    assert sent < 4000, "it stopped in the middle"
    row.get_by_role("button", name="Start").click()
    expect(page.get_by_role("status")).to_have_text("machine 1: started")
    wait_for("it sends again", lambda: taken(sender) > sent, sender)
    assert stack.one("select count(*) from message where state = 'uncertain'") == 0


def test_the_picture_of_the_docs(visit: Any, tmp_path: Path) -> None:
    """Kept in the folder that DOCS_PICTURES names (`make docs-pictures`)."""
    someone = visit("admin", "en-GB")
    someone.page.set_viewport_size({"width": 1280, "height": 900})
    page = someone.open("/dags")
    expect(page.get_by_text("group_control").first).to_be_visible()
    picture = Path(os.environ.get("DOCS_PICTURES") or tmp_path) / "airflow-dags.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000
