"""``smsswitch reports``."""

import json

from click.testing import CliRunner

from include.cli import smsswitch
from include.settings import settings
from include.storage import Storage
from tests.integration.reports.world import World


def test_build_prints_what_it_wrote(world: World) -> None:
    run = CliRunner().invoke(
        smsswitch, ["reports", "build", "R1", "t1", "--period", "2026-11", "--json"]
    )
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    storage = Storage(document["reports_url"])
    assert document["reports"] == [
        "reports/2026/11/R1-groups-2026-11.html",
        "reports/2026/11/R1-groups-2026-11.xlsx",
        "reports/2026/11/T1-cost-2026-11.html",
        "reports/2026/11/T1-cost-2026-11.xlsx",
        "reports/index.html",
    ]
    assert all(storage.exists(key) for key in document["reports"])
    assert document["reports_url"] == settings().reports_url


def test_list_and_pages(world: World) -> None:
    run = CliRunner().invoke(smsswitch, ["reports", "list", "--json"])
    assert "T1" in [kind["name"] for kind in json.loads(run.stdout)]
    run = CliRunner().invoke(smsswitch, ["reports", "pages", "--client", "clinic", "--json"])
    assert "clients/clinic/outbox/index.html" in json.loads(run.stdout)["pages"]
