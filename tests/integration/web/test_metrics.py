"""The centre's figures for Prometheus: readable by its own parser, equal to the tables, closed."""

import json
import re

from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families as parse

from include.cli import smsswitch
from include.db import connect
from include.db.alerts import set_alert
from include.settings import ROOT
from include.web.metrics import HELP
from tests.integration.campaigns.scene import Scene
from tests.integration.web.conftest import Site

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def group(name: str, alias: str = "group 0") -> tuple[str, tuple[tuple[str, str], ...]]:
    return (f"smsswitch_{name}", (("group", alias),))


def test_figures_are_those_of_the_tables(busy: Scene, site: Site) -> None:
    answer = site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = read(answer.text)
    assert found[group("queue_sms")] == 6
    assert found[group("sms_sent_total")] == 4
    assert found[group("sms_delivered_total")] == 3
    assert found[group("sms_per_minute")] == 4 / 5
    assert found[group("modems_in_service")] == 2
    assert found[group("group_started", "notebook")] == 1
    assert found[("smsswitch_campaigns", (("state", "sending"),))] == 1
    assert found[("smsswitch_work_runs_total", (("work", "rollup"),))] == 1
    assert 0 < found[("smsswitch_work_seconds", (("work", "rollup"),))] < 60
    busy.rollup()
    assert (
        read(site.get("/metrics").text)[("smsswitch_work_runs_total", (("work", "rollup"),))] == 2
    )


def test_imports_and_alerts(busy: Scene, site: Site) -> None:
    for seconds in (1, 3, 20):
        busy.db.all(
            "insert into upload (import_id, client_id, kind, key, sha256, bytes, state, created_at) "
            "select 'imp_' || repeat(%s, 12), client_id, 'contacts', 'x', repeat(%s, 64), 1, 'loaded', "
            "now() - make_interval(secs => %s) from client returning 1",
            (str(seconds)[0], str(seconds)[0], seconds),
        )
    with connect() as conn:
        set_alert(conn, "sim_failure", "x", True)
    found = read(site.get("/metrics").text)
    assert round(found[("smsswitch_import_seconds", (("quantile", "0.5"),))], 3) == 2
    assert found[("smsswitch_alerts_open", (("kind", "sim_failure"),))] == 1


def test_a_hostile_alias_is_one_label(busy: Scene, site: Site) -> None:
    hostile = 'x"} 1\nsmsswitch_queue_sms{group="\\'
    busy.db.all("update modem_group set alias = %s where alias = 'group 0' returning 1", (hostile,))
    assert read(site.get("/metrics").text)[group("queue_sms", hostile)] == 6


def test_nobody_reads_them_without_logging_in(busy: Scene) -> None:
    assert Site(visitor=None).get("/metrics").status_code == 401
    assert Site(visitor=None).get("/api/alerts").status_code == 401


def test_the_command_prints_the_same(busy: Scene, site: Site) -> None:
    done = CliRunner().invoke(smsswitch, ["monitor", "metrics"])
    same = {name: value for name, value in read(done.stdout).items() if "age" not in name[0]}
    assert same == {n: v for n, v in read(site.get("/metrics").text).items() if "age" not in n[0]}


def test_open_alerts_stand_on_the_page_as_text(busy: Scene, site: Site) -> None:
    with connect() as conn:
        set_alert(conn, "group_lost", "<script>alert(1)</script>", True, "12:00")
    page = site.get("/", lang="en").text
    assert "Group &lt;script&gt;alert(1)&lt;/script&gt; is lost, not heard of since 12:00" in page
    assert "<script>alert" not in page
    assert site.get("/api/alerts").json()["alerts"][0]["kind"] == "group_lost"


def test_the_dashboard_asks_for_figures_that_there_are() -> None:
    text = (ROOT / "docs" / "grafana" / "smsswitch.json").read_text()
    asked = {
        name
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
        for name in re.findall(r"smsswitch_\w+", target["expr"])
    }
    assert asked <= set(HELP)
    assert len(asked) > 10
