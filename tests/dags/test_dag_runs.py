"""One run of each DAG, on an Airflow of the tests' own and a migrated business database."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.c14_scene import checksum
from include.billing import ledger
from include.db import connect
from include.taxation.generate import write_spool
from tests.conftest import Database
from tests.integration.billing.month import Month

Run = Callable[..., Any]
CONTACTS = """\
phone;first name
06 39 98 00 01;Zoé
06 39 98 00 02;Léo
12;Nobody
"""
MAPPING = """\
version: 1
kind: contact-list
list: guests
confirmed: true
columns:
  - {column: A, to: phone}
  - {column: B, to: first_name}
"""
CAMPAIGN = """\
version: 1
kind: campaign
campaign: hello
list: guests
state: active
purpose: transactional
message: "Hello {first_name}"
"""


@pytest.fixture(autouse=True)
def _without_deadlines(bag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """dag.test() of Airflow 3.3.2 makes no run of a DAG with a deadline; the scheduler does."""
    for dag in bag.dags.values():
        monkeypatch.setattr(dag, "deadline", None)


@pytest.fixture
def run(bag: Any, db: Database) -> Run:
    def _run(dag_id: str, **form: Any) -> Any:
        """What the run's task returned; by task, where there are several."""
        done = bag.dags[dag_id].test(run_conf=form)
        assert done.state == "success"
        returned = {
            instance.task_id: instance.xcom_pull(task_ids=instance.task_id, run_id=done.run_id)
            for instance in done.get_task_instances()
        }
        return returned if len(returned) > 1 else next(iter(returned.values()))

    return _run


@pytest.fixture
def inbox(db: Database, tmp_path: Path) -> Path:
    """The inbox of client `acme`, who has credit."""
    db.conn.cursor().execute("insert into client (code, name) values ('acme', 'Acme')")
    with connect() as conn:
        ledger.topup(conn, int(str(db.one("select client_id from client"))), Decimal(10))
    folder = tmp_path / "var" / "bucket" / "clients" / "acme" / "inbox"
    (folder / "contacts").mkdir(parents=True)
    (folder / "campaigns").mkdir()
    return folder


def scan_until_registered(run: Run, db: Database, count: int) -> None:
    """A drop is taken when two scans saw it unchanged."""
    for _ in range(3):
        run("bucket_scan")
        if db.one("select count(*) from upload") == count:
            return
    raise AssertionError(db.all("select key, state from upload"))


def contacts_and_a_campaign(run: Run, db: Database, inbox: Path) -> None:
    """A list, loaded, and a campaign for it, registered."""
    (inbox / "contacts" / "guests.csv.mapping.yaml").write_text(MAPPING)
    (inbox / "contacts" / "guests.csv").write_text(CONTACTS)
    scan_until_registered(run, db, 1)
    run("contacts_import", upload_id=db.one("select upload_id from upload"))
    (inbox / "campaigns" / "hello.yaml").write_text(CAMPAIGN)
    scan_until_registered(run, db, 2)


def test_a_drop_becomes_contacts_and_a_campaign_messages(
    run: Run, db: Database, inbox: Path
) -> None:
    (inbox / "contacts" / "guests.csv.mapping.yaml").write_text(MAPPING)
    (inbox / "contacts" / "guests.csv").write_text(CONTACTS)
    scan_until_registered(run, db, 1)
    upload = db.one("select upload_id from upload")
    assert run("contacts_import", upload_id=upload) == {"loaded": 1}
    assert db.all("select msisdn, first_name from contact order by 1") == [
        ("+33639980001", "Zoé"),
        ("+33639980002", "Léo"),
    ]
    (inbox / "campaigns" / "hello.yaml").write_text(CAMPAIGN)
    scan_until_registered(run, db, 2)
    upload = db.one("select upload_id from upload where kind = 'campaign'")
    assert list(run("campaign_intake", upload_id=upload).values()) == [1]
    run("campaign_expand")
    assert db.all("select text from message order by 1") == [("Hello Léo",), ("Hello Zoé",)]
    run("campaign_expand")
    assert db.one("select count(*) from message") == 2


def test_the_same_triggers_again_change_nothing(
    run: Run, db: Database, inbox: Path, tmp_path: Path
) -> None:
    """C14 without a scheduler; `make chaos FIGURES=c14` kills Airflow's processes too."""
    contacts_and_a_campaign(run, db, inbox)
    spool = tmp_path / "var" / "spool" / "siege"
    spool.mkdir(parents=True)
    write_spool(spool / "TAXAAAAA.DAT", layout_name="seed", tickets=50, seed=1)
    upload = "select min(upload_id) from upload where kind = %s"
    triggers: list[tuple[str, dict[str, Any]]] = [
        ("contacts_import", {"upload_id": db.one(upload, ("contacts",))}),
        ("campaign_intake", {"upload_id": db.one(upload, ("campaign",))}),
        ("campaign_expand", {}),
        ("taxation_ingest", {}),
        ("billing_daily", {}),
    ]
    found = []
    for _ in range(2):
        for dag_id, form in triggers:
            run(dag_id, **form)
        found.append(db.one(checksum()))
    assert db.one("select count(*) from message") == 2
    assert db.one("select count(*) from rated_ticket") != 0
    assert len(set(found)) == 1


def test_scanning_twice_registers_a_drop_once(run: Run, db: Database, inbox: Path) -> None:
    (inbox / "contacts" / "guests.csv").write_text(CONTACTS)
    scan_until_registered(run, db, 1)
    assert run("bucket_scan") == {}
    assert db.one("select count(*) from upload") == 1


def test_an_upload_that_does_not_exist_fails_without_further_tries(bag: Any, db: Database) -> None:
    done = bag.dags["campaign_intake"].test(run_conf={"upload_id": 4711})
    (instance,) = done.get_task_instances()
    assert (done.state, instance.state) == ("failed", "failed")


def test_fleet_monitor(run: Run) -> None:
    done = run("fleet_monitor")
    assert isinstance(done["roll_up"], dict)
    assert done["tell_people"] == {"planned": 0, "told": 0, "failed": 0}


def test_a_task_that_fails_opens_an_alert_and_its_success_ends_it(
    run: Run, bag: Any, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in bag.dags["fleet_monitor"].tasks:
        monkeypatch.setattr(task, "retries", 0)
    db.conn.cursor().execute("alter table modem_group rename to away")
    assert bag.dags["fleet_monitor"].test().state == "failed"
    opened = "select kind, subject, detail from alert where over_at is null"
    assert db.all(opened) == [("task_failed", "fleet_monitor.roll_up", "UndefinedTable")]
    db.conn.cursor().execute("alter table away rename to modem_group")
    run("fleet_monitor")
    assert db.all(opened) == []


def test_a_form_filled_in_wrongly_alerts_nobody(bag: Any, db: Database) -> None:
    bag.dags["group_control"].test(run_conf={"action": "stop", "alias": "nobody"})
    assert db.one("select count(*) from alert") == 0


def test_a_run_that_is_late_opens_an_alert_that_the_next_one_ends(run: Run, db: Database) -> None:
    import deadlines

    context = {"dag_run": {"dag_id": "fleet_monitor"}, "deadline": {"deadline_time": "12:05"}}
    asyncio.run(deadlines.late(context=context))
    opened = "select kind, subject, detail from alert where over_at is null"
    assert db.all(opened) == [("dag_late", "fleet_monitor", "12:05")]
    run("fleet_monitor")
    assert db.all(opened) == []


def test_spooled_files_become_priced_tickets(run: Run, db: Database, tmp_path: Path) -> None:
    spool = tmp_path / "var" / "spool" / "siege"
    spool.mkdir(parents=True)
    write_spool(spool / "TAXAAAAA.DAT", layout_name="seed", tickets=50, seed=1)
    assert run("taxation_ingest")["ingest"] == {"loaded": 1}
    assert db.one("select count(*) from taxdata") == 50
    assert run("taxation_ingest")["ingest"] == {}
    assert isinstance(run("billing_daily"), dict)


def test_billing_monthly_drafts_then_issues_and_may_run_twice(
    bag: Any, run: Run, db: Database, tmp_path: Path
) -> None:
    month = Month(db)
    month.consume()
    month.long_ago()
    month.run("delete from client_identity where legal_name = 'The Clinic'")
    dry = run("billing_monthly", month="2024-03")["invoice_month"]
    assert (len(dry["drafts"]), dry["issued"]) == (1, [])
    assert (tmp_path / "var" / "reports" / dry["drafts"][0]["file"]).stat().st_size > 0
    # As scheduled: of the month that the run is of, whenever it is carried out.
    task = bag.dags["billing_monthly"].get_task("invoice_month").python_callable
    form = {"month": None, "client": None, "dry_run": True}
    assert (
        task(params=form, dag_run=SimpleNamespace(partition_key="2024-03"))["month"] == dry["month"]
    )
    for written in (2, 0):
        done = run("billing_monthly", month="2024-03", dry_run=False)
        assert len(done["deliver"]) == written
    assert db.all("select number, period::text from invoice") == [("F000001", "2024-03-01")]
    outbox = tmp_path / "var" / "bucket" / "clients" / "dupont" / "outbox"
    assert (outbox / "invoices" / "F000001.pdf").read_bytes().startswith(b"%PDF")


def test_reports(run: Run, tmp_path: Path) -> None:
    written = run("reports", names=["R1"])["build_reports"]
    assert len(written) == 3
    for key in written:
        assert (tmp_path / "var" / "reports" / key).stat().st_size > 0


MAC = "64-31-50-1B-E9-E9"


def test_group_control_carries_out_orders_and_tells_no_password(
    run: Run, db: Database, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    added = run("group_control", action="add", mac=MAC, alias="machine 1", modems=1)
    assert added["next"] == "smsswitch groups credential 64:31:50:1b:e9:e9"
    assert "postgresql://host_" not in str(added) + caplog.text + "".join(capfd.readouterr())
    run("group_control", action="edit", mac=MAC, alias="machine 2", modems=3, rate=10)
    for action, state in (("stop", "stopped"), ("start", "started"), ("drain", "draining")):
        assert run("group_control", action=action, alias="machine 2")["state"] == state
    assert db.all("select alias, modems, rate_limit from modem_group") == [("machine 2", 3, 10)]
    run("group_control", action="condemn", mac=MAC)
    run("group_control", action="delete", mac=MAC)
    assert db.one("select count(*) from modem_group where deleted_at is null") == 0
    assert db.all("select distinct actor, count(*) from audit_entry group by 1") == [
        ("ops:dag_test", 7)
    ]


def test_row_94_an_order_with_two_mistakes_fails_at_once(bag: Any, db: Database) -> None:
    done = bag.dags["group_control"].test(
        run_conf={"action": "add", "mac": "0", "alias": "x", "modems": 0}
    )
    assert done.state == "failed"
    assert db.one("select count(*) from modem_group") == 0


def test_campaign_control(run: Run, db: Database, inbox: Path) -> None:
    contacts_and_a_campaign(run, db, inbox)
    upload = db.one("select upload_id from upload where kind = 'campaign'")
    run("campaign_intake", upload_id=upload)
    run("campaign_expand")
    for action, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        done = run("campaign_control", client="acme", campaign="hello", action=action)
        assert done["state"] == state
    assert db.all("select actor, action from audit_entry order by entry_id desc limit 1") == [
        ("ops:dag_test", "campaign_cancel")
    ]


def test_client_admin_and_settings_apply_do_what_the_commands_do(run: Run, db: Database) -> None:
    added = run("client_admin", action="add", code="acme", name="Acme", credit="20")
    assert (added["credit"], added["inbox"]) == ("20", "clients/acme/inbox")
    run("client_admin", action="edit", code="acme", language="en")
    assert run("client_admin", action="topup", code="acme", credit="5.50")["credit"] == "25.5000"
    assert db.all("select name, language from client") == [("Acme", "en")]
    yaml = "version: 1\nretention: {messages: 6}\n"
    assert run("settings_apply", document=yaml)["changed"] == ["retention"]
    assert run("settings_apply", document=yaml)["changed"] == []
    assert db.all("select actor, action from audit_entry order by entry_id") == [
        ("ops:dag_test", action)
        for action in ("client_add", "client_edit", "client_topup", "settings_apply")
    ]


def test_orders_with_a_fault_fail_at_once(bag: Any, db: Database) -> None:
    for dag_id, form in (
        ("client_admin", {"action": "topup", "code": "nobody", "credit": "1"}),
        ("settings_apply", {"document": "version: 1\nretention: {messages: 0}\n"}),
    ):
        done = bag.dags[dag_id].test(run_conf=form)
        (instance,) = done.get_task_instances()
        assert (done.state, instance.state) == ("failed", "failed")
    assert db.one("select count(*) from setting") == 0


def test_retention_lets_old_data_go_airflows_too(run: Run, db: Database) -> None:
    db.all(
        "insert into alert (kind, subject, raised_at, over_at) "
        "values ('x', 'y', now() - interval '3 years', now() - interval '3 years') returning 1"
    )
    dry = run("retention", dry_run=True)
    assert dry["apply_policies"]["alerts"] == 1
    assert db.one("select count(*) from alert") == 1
    done = run("retention", dry_run=False)
    assert done["apply_policies"]["alerts"] == 1
    assert isinstance(done["clean_airflow"], str)
    assert db.one("select count(*) from alert") == 0


def _blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Airflow does to the environment of a task (sdk/execution_time/supervisor.py)."""
    for name in ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN"):
        monkeypatch.setenv(name, "airflow-db-not-allowed:///")
    monkeypatch.setenv("_AIRFLOW__AS_LIBRARY", "1")


@pytest.mark.parametrize("way", ["command", "address"])
def test_airflows_own_rows_go_after_their_time(
    airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Those of a copy: Airflow finds its own database without being told."""
    import sqlite3
    from datetime import UTC, datetime

    from metadata_cleaning import URL, clean

    copy = tmp_path / "copy.db"
    with sqlite3.connect(airflow_home / "airflow.db") as own, sqlite3.connect(copy) as conn:
        own.backup(conn)
    url = f"sqlite:///{copy}"
    _blocked(monkeypatch)
    monkeypatch.delenv(URL, raising=False)
    with pytest.raises(RuntimeError, match=f"{URL} is not set"):
        clean(datetime(2002, 1, 1, tzinfo=UTC), dry_run=True)
    if way == "command":
        (tmp_path / "address").write_text(url)
        command = f"cat {tmp_path}/address"
        monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", command)
    else:
        monkeypatch.setenv(URL, url)

    def kept() -> int:
        with sqlite3.connect(copy) as conn:
            found = conn.execute("select count(*) from log where event = 'of long ago'").fetchone()
            return int(found[0])

    with sqlite3.connect(copy) as conn:
        conn.execute(
            "insert into log (dttm, event) values ('2001-01-01 00:00:00.000000', 'of long ago')"
        )
    clean(datetime(2002, 1, 1, tzinfo=UTC), dry_run=True)
    assert kept() == 1
    clean(datetime(2002, 1, 1, tzinfo=UTC), dry_run=False)
    assert kept() == 0
