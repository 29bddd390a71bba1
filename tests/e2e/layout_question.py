"""A new ticket layout in a really running Airflow: its DDL on the form, one refused, one allowed."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg2
from playwright.sync_api import Page, TimeoutError

from include.taxation.generate import write_spool

if TYPE_CHECKING:
    from tests.e2e.test_mapping_question import Centre, Story

DAG = "taxation_approve_layout"
TICKETS = 20


def _drop(centre: Centre, pbx: str, layout_name: str) -> None:
    """A PBX whose new layouts wait for a person, and a file of it in the spool."""
    with closing(psycopg2.connect(centre.known["database_url"])) as conn, conn:
        conn.cursor().execute("insert into pbx (code, policy) values (%s, 'approve')", (pbx,))
    folder = Path(urlsplit(centre.known["spool_url"]).path) / pbx
    folder.mkdir(parents=True)
    write_spool(folder / "tax.tmp", layout_name=layout_name, tickets=TICKETS, seed=1)
    (folder / "tax.tmp").replace(folder / "TAXAAAAA.DAT")


def _waiting(centre: Centre, pbx: str) -> Any:
    return centre.one("select layout from ticket_layout where first_pbx = %s", pbx)


def _click(centre: Centre, page: Page, layout: str, button: str) -> None:
    """Look at the form as a person does, and press one of its two buttons."""
    asked = centre.question(layout[:12], DAG)
    if asked is None:
        return
    task = asked["task_instance"]
    page.goto(
        f"{centre.url}/dags/{DAG}/runs/{task['dag_run_id']}/tasks/{task['task_id']}"
        f"/mapped/{task['map_index']}/required_actions"
    )
    page.get_by_text("alter table").first.wait_for()
    shown = page.inner_text("main, body")
    assert "TAXAAAAA.DAT" in shown and 'add column "duration" bigint' in shown, shown
    if pictures := os.environ.get("E2E_PICTURES"):
        page.screenshot(path=f"{pictures}/{button}.png", full_page=True)
    page.get_by_role("button", name=button).click()


def _audited(centre: Centre, layout: str) -> Any:
    query = "select actor || ' ' || action from audit_entry where subject = %s"
    return centre.one(query, layout[:12])


def one_layout_is_refused_and_one_allowed(centre: Centre, page: Page) -> Story:
    _drop(centre, "annexe", "ed5.2")
    unwanted = yield lambda: _waiting(centre, "annexe")

    def answered(layout: str, button: str) -> Any:
        if not (done := _audited(centre, layout)):
            with suppress(TimeoutError):  # answered while the page was opening
                _click(centre, page, layout, button)
        return done

    assert (yield lambda: answered(unwanted, "Refuser")) == "ops:admin layout_refused"
    _drop(centre, "siege", "seed")
    wanted = yield lambda: _waiting(centre, "siege")
    assert (yield lambda: answered(wanted, "Autoriser")) == "ops:admin layout_allowed"
    loaded = "select count(*) from v_ticket where pbx = 'siege'"
    yield lambda: centre.one(loaded) == TICKETS
    states = "select string_agg(pbx || ' ' || state, ', ' order by pbx) from spooled_file"
    assert centre.one(states) == "annexe waiting, siege loaded"
