"""Finding reports by the period they are about."""

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from include.cli import smsswitch
from include.errors import InputError
from include.reports.build import build
from include.reports.find import find, search_page
from tests.conftest import Database
from tests.integration.reports.world import HOSTILE, NOW


@pytest.fixture
def made(db: Database) -> Database:
    """Three years of R1 and R2 by month, and some days."""
    build(["R1", "R2"], "2026-11", at=NOW)
    build(["R1"], "2026-11-06", at=NOW)
    day = date(2024, 1, 1)
    while day < date(2026, 11, 1):
        for report in ("R1", "R2"):
            db.all(
                "insert into report_run values (%s, %s, 'fr', %s, %s, %s, %s, now()) returning 1",
                (
                    report,
                    f"{day:%Y-%m}",
                    day,
                    f"{HOSTILE} {day}",
                    "reports/a.html",
                    "reports/a.xlsx",
                ),
            )
        day = (day + timedelta(days=32)).replace(day=1)
    return db


def periods(*wanted: str | None) -> list[str]:
    return [f"{run['report']} {run['period']}" for run in find(*wanted)]


def test_by_period_and_kind(made: Database) -> None:
    assert len(find()) == 2 * 34 + 3
    assert periods("2026-11") == ["R1 2026-11-06", "R1 2026-11", "R2 2026-11"]
    assert periods("2025-12", "2026-01", "r2") == ["R2 2026-01", "R2 2025-12"]
    assert len(find("2024", "2024")) == 24
    assert find(None, "2023") == []
    assert find("2026-11", lang="en") == []


def test_the_command_and_what_is_no_period(made: Database) -> None:
    done = CliRunner().invoke(
        smsswitch, ["reports", "find", "--from", "2026-11", "--report", "R2", "--json"]
    )
    assert [run["period"] for run in json.loads(done.stdout)["reports"]] == ["2026-11"]
    with pytest.raises(InputError, match="bad_period"):
        find("tomorrow")
    with pytest.raises(InputError, match="unknown_report"):
        find(name="R99")


def test_the_page_shows_the_form_and_escapes_everything(made: Database) -> None:
    assert "No report for these periods" in search_page("2025-03", "2025-04", "R1", lang="en")
    page = search_page("2025-03", "2025-04", "R1")
    assert "<h1>2 rapports</h1>" in page
    assert '<option value="R1" selected>' in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    wrong = search_page('"><script>', "", "", fault="« x » n'est pas une période")
    assert '"><script>' not in wrong
