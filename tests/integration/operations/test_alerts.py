"""Alerts: what raises them, who is told, once, in whose language, and what waits while nobody answers."""

import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from include.cli import smsswitch
from include.db import connect
from include.db.alerts import set_alert
from include.operations.alerts import close_alert, list_alerts, tell
from include.pages.words import catalogue
from include.stack.processes import free_ports
from tests.conftest import Database
from tests.integration.operations.receiving import Hook, Office, receivers


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    (port,) = free_ports(1)
    office = Office(port)
    monkeypatch.setenv("SMSSWITCH_SMTP_URL", f"smtp://127.0.0.1:{port}")
    office.open()
    yield office
    office.shut()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def alert(
    on: bool, subject: str = "machine 1", kind: str = "sim_failure", detail: str = "SIM puk"
) -> None:
    with connect() as conn:
        set_alert(conn, kind, subject, on, detail)


def due_now(db: Database) -> None:
    """As if the minutes until the next attempt had passed."""
    with db.conn.cursor() as cur:
        cur.execute("update alert_delivery set next_at = now() where sent_at is null")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, ["alerts", *arguments])


def test_each_news_once_in_the_language_of_the_receiver(
    db: Database, office: Office, hook: Hook
) -> None:
    receivers(
        "{to: ops@a.example, language: fr}",
        "{to: admin@b.example, language: en}",
        f'{{to: "{hook.url}", language: en}}',
        "{to: money@c.example, kinds: [low_credit]}",
    )
    alert(True)
    assert tell() == {"planned": 3, "told": 3, "failed": 0}
    alert(True)  # still so
    assert tell() == {"planned": 0, "told": 0, "failed": 0}
    alert(False)
    assert tell() == {"planned": 3, "told": 3, "failed": 0}
    assert tell() == {"planned": 0, "told": 0, "failed": 0}
    said = {(m["To"], m["Subject"]) for m in office.post.mails}
    assert said == {
        ("ops@a.example", "[smsswitch] SIM en défaut, modem machine 1 : SIM puk"),
        ("ops@a.example", "[smsswitch] Terminé : SIM en défaut, modem machine 1 : SIM puk"),
        ("admin@b.example", "[smsswitch] SIM failure, modem machine 1: SIM puk"),
        ("admin@b.example", "[smsswitch] Over: SIM failure, modem machine 1: SIM puk"),
    }
    assert "Look at the card" in office.post.mails[0].get_content()
    assert [d["alerts"][0]["news"] for d in hook.taken] == ["raised", "over"]
    assert hook.taken[0]["alerts"][0]["kind"] == "sim_failure"
    assert "SIM failure" in hook.taken[0]["text"]


def test_alerts_of_long_ago_are_not_planned_again(db: Database, office: Office) -> None:
    receivers("{to: ops@a.example, language: fr}")
    alert(True)
    tell()
    alert(False)
    tell()
    db.conn.cursor().execute("update alert set over_at = now() - interval '2 hours'")
    drawn = "select last_value from alert_delivery_delivery_id_seq"
    before = db.one(drawn)
    assert tell() == {"planned": 0, "told": 0, "failed": 0}
    assert db.one(drawn) == before


def test_a_client_is_told_of_its_own_only(db: Database, office: Office) -> None:
    for code, address in (("acme", "boss@acme.example"), ("ac", "x@ac.example"), ("none", None)):
        db.all(
            "insert into client (code, name, language, alert_address) values (%s, %s, 'en', %s) returning 1",
            (code, code, address),
        )
    alert(True, "acme", "low_credit", "3.50 EUR")
    alert(True, "acme/people.xlsx", "file_rejected", "empty_file")
    alert(True, "machine 1", "group_lost", "2026-11-22 13:05 UTC")
    assert tell()["told"] == 2
    (mail,) = office.post.mails
    assert (mail["To"], mail["Subject"]) == ("boss@acme.example", "[smsswitch] 2 alerts")
    text = mail.get_content()
    assert "Low credit, client acme: 3.50 EUR" in text
    assert "File refused: acme/people.xlsx (empty_file)" in text
    assert "machine 1" not in text


def test_nothing_is_lost_while_the_mail_server_is_away(db: Database, office: Office) -> None:
    receivers("{to: ops@a.example, language: en}")
    office.shut()
    alert(True)
    assert tell() == {"planned": 1, "told": 0, "failed": 1}
    assert tell() == {"planned": 0, "told": 0, "failed": 0}, "not again at once"
    alert(False)
    alert(True, "machine 2")
    for _ in range(3):
        due_now(db)
        assert tell()["told"] == 0
    shown = command("list").stdout
    assert "untold: mail server:" in shown
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select min(next_at) > now() + interval '1 minute' from alert_delivery")
        assert cur.fetchone() == (True,)
    office.open()
    office.post.refuses = True
    due_now(db)
    assert tell()["failed"] == 3
    assert "451 not now" in command("list", "--all").stdout
    office.post.refuses = False
    due_now(db)
    assert tell() == {"planned": 0, "told": 3, "failed": 0}
    (mail,) = office.post.mails
    assert mail["Subject"] == "[smsswitch] 2 alerts, 1 over"
    assert [line for line in mail.get_content().splitlines() if "machine" in line] == [
        "SIM failure, modem machine 1: SIM puk",
        "Over: SIM failure, modem machine 1: SIM puk",
        "SIM failure, modem machine 2: SIM puk",
    ]


def test_one_receiver_that_fails_does_not_hold_up_the_others(
    db: Database, office: Office, hook: Hook
) -> None:
    receivers("{to: ops@a.example}", f'{{to: "{hook.url}"}}')
    hook.status = 302
    alert(True)
    assert tell() == {"planned": 2, "told": 1, "failed": 1}
    (row,) = list_alerts()
    assert (row["told"], row["untold"]) == (1, 1)
    assert row["last_error"] == "http://127.0.0.1 answered 302", "redirects are not followed"
    assert "s3cret" not in row["last_error"]


def test_without_a_mail_server_it_waits_and_says_so(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSSWITCH_SMTP_URL", "")
    receivers("{to: ops@a.example}")
    done = command("test")
    assert done.exit_code == 1
    assert "SMSSWITCH_SMTP_URL is not set" in command("list", "--all").stdout


def test_hostile_names_stay_in_the_text(db: Database, office: Office) -> None:
    receivers("{to: ops@a.example, language: en}")
    hostile = "x\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script>\u202e"
    alert(True, hostile, "group_lost", "\r\n.\r\nMAIL FROM:<x>")
    assert tell()["told"] == 1
    (mail,) = office.post.mails
    assert mail["Bcc"] is None
    assert mail["To"] == "ops@a.example"
    assert "Bcc: all@evil.example" in mail.get_content()


def test_a_flood_is_one_mail(db: Database, office: Office) -> None:
    receivers("{to: ops@a.example, language: en}")
    for number in range(80):
        alert(True, f"acme/file{number}.xlsx", "file_rejected", "empty_file")
    assert tell()["told"] == 80
    (mail,) = office.post.mails
    assert mail["Subject"] == "[smsswitch] 80 alerts"
    assert "and 30 more" in mail.get_content()


def test_two_at_once_tell_once(db: Database, office: Office) -> None:
    receivers("{to: ops@a.example}")
    alert(True)
    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    due_now(db)
    tell()
    assert len(office.post.mails) == 1


def test_an_alert_is_closed_by_hand_and_comes_again(db: Database) -> None:
    alert(True)
    number = db.one("select alert_id from alert")
    assert isinstance(number, int)
    close_alert(number, by="ops:jane")
    assert command("close", str(number)).exit_code == 1
    alert(True)
    assert db.one("select count(*) from alert") == 2
    assert db.one("select actor from audit_entry") == "ops:jane"


def test_every_kind_that_the_code_raises_has_words() -> None:
    kinds = {
        "group_lost", "group_silent", "clock_skew", "batch_silent", "no_working_modem",
        "no_working_group", "low_credit", "sim_failure", "low_signal", "quota_near",
        "campaign_stuck", "uncertain_waiting", "file_rejected", "new_ticket_layout",
        "new_ticket_field", "spool_quarantined", "spool_waiting", "spool_name_reused", "odd_file",
        "news_undelivered", "task_failed", "dag_late", "test",
    }  # fmt: skip
    for kind in kinds:
        assert f"alert.{kind}" in catalogue()
        assert f"alert.todo.{kind}" in catalogue()
