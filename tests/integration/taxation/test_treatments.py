"""A12 and A13: what starts an analysis, what is kept, who may run it and see whole numbers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from click.testing import CliRunner

from include.cli import smsswitch
from include.errors import InputError
from include.taxation import profiles
from include.taxation.analyse import analyse
from include.taxation.ingest import ingest_paths
from include.taxation.treatments import result, run_due, runs, set_triggers
from tests.conftest import Database
from tests.integration.taxation.written import record, spool

Write = Callable[[str, bytes], Path]
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)


def only(db: Database, name: str, *triggers: str, threshold: Any = None) -> None:
    db.conn.cursor().execute("update treatment set triggers = '{manual}'")
    set_triggers(name, triggers, threshold, by="ops:test")


def ran(at: datetime = NOON) -> list[tuple[str, str, int]]:
    return [(r["treatment"], r["occasion"], r["rows"]) for r in run_due(at)]


def test_a_loaded_file_starts_a_treatment_once_over_the_days_of_its_calls(
    db: Database, write: Write
) -> None:
    only(db, "call_types", "file_loaded")
    assert ran() == []
    ingest_paths([write("a", spool(record()))], "p")
    assert ran() == [("call_types", "load 1", 1)]
    assert ran() == []
    ingest_paths([write("a2", spool(record()))], "p")  # the same bytes: nothing was loaded
    assert ran() == []
    ingest_paths(
        [write("b", spool(record(start="20260309 10:00:00", end="20260309 10:01:00")))], "p"
    )
    assert ran() == [("call_types", "load 2", 1)]
    (last, _) = runs("call_types")
    assert (last["parameters"]["from"], last["parameters"]["to"]) == ("2026-03-09", "2026-03-09")
    assert result(last["run_id"])[0]["calls"] == 1


def test_a_day_and_a_month_come_once(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record(), record(start="20260228 23:59:59")))], "p")
    only(db, "traffic_by_hour", "daily", "monthly")
    assert ran() == [("traffic_by_hour", "2026-03-10", 1), ("traffic_by_hour", "2026-02", 1)]
    assert ran() == []
    late = datetime(2026, 3, 11, 22, 59, tzinfo=UTC)  # 23:59 in Paris, then midnight
    assert ran(late) == []
    assert ran(late.replace(hour=23)) == [("traffic_by_hour", "2026-03-11", 0)]


def test_a_threshold_counts_since_its_last_run(db: Database, write: Write) -> None:
    names = ("call_types", "anomalies", "unanswered", "traffic_by_hour")
    limits = (("tickets", 3), ("files", 2), ("rejected", 1), ("cost", 0.5))
    only(db, "call_types", "manual")
    for name, limit in zip(names, limits, strict=True):
        set_triggers(name, ["threshold"], limit, by="ops:test")
    ingest_paths([write("a", spool(record(), record(called="0639980002")))], "p")
    assert ran() == []
    bad = record(called="0639980003", start="20260231 10:00:00")
    ingest_paths([write("b", spool(record(called="0639980004"), bad))], "p")
    db.conn.cursor().execute(
        "insert into tariff (code, valid_from, version, currency, document, sha256)"
        " values ('default', '2020-01-01', 1, 'EUR', '{}', 'x');"
        "insert into rated_ticket (ticket_id, tariff_id, cost, currency, explanation)"
        " select ticket_id, 1, 0.2, 'EUR', '{}' from taxdata"
    )
    assert {name for name, _, _ in ran()} == set(names)
    assert ran() == []
    ingest_paths([write("c", spool(record(called="0639980005")))], "p")
    assert ran() == []


def test_one_that_fails_does_not_hold_up_the_others(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record()))], "p")
    only(db, "call_types", "daily")
    set_triggers("anomalies", ["daily"], None, by="ops:test")
    db.conn.cursor().execute(
        "update treatment set sql_file = 'taxation/nothing' where name = 'anomalies'"
    )
    with pytest.raises(FileNotFoundError):
        run_due(NOON)
    assert [r["treatment"] for r in runs()] == ["call_types"]


def test_what_starts_a_treatment_is_checked(db: Database) -> None:
    for name, triggers, limit in (
        ("nothing", ["daily"], None),
        ("call_types", ["hourly"], None),
        ("call_types", ["threshold"], None),
        ("call_types", ["daily"], ("tickets", 1.0)),
        ("call_types", ["threshold"], ("phases", 1.0)),
    ):
        with pytest.raises(InputError):
            set_triggers(name, triggers, limit, by="ops:test")
    assert db.one("select count(*) from audit_entry") == 0


def test_who_may_run_what(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record()))], "p")
    assert analyse("call_types", actor="ops:nadia")["rows"]
    profiles.set_profile("counter", ["call_types"], may_unmask=False, by="ops:test")
    profiles.assign("ops:nadia", "counter", by="ops:test")
    assert analyse("call_types", actor="ops:nadia")["rows"]
    with pytest.raises(InputError, match="not_allowed"):
        analyse("anomalies", actor="ops:nadia")
    profiles.assign("ops:nadia", "none", by="ops:test")
    with pytest.raises(InputError, match="not_allowed"):
        analyse("call_types", actor="ops:nadia")
    profiles.assign("ops:nadia", None, by="ops:test")
    assert analyse("call_types", actor="ops:nadia")["run_id"]
    with pytest.raises(InputError, match="unknown_profile"):
        profiles.assign("ops:nadia", "wizard", by="ops:test")
    with pytest.raises(InputError, match="unknown_treatment"):
        profiles.set_profile("counter", ["nothing"], may_unmask=False, by="ops:test")
    assert db.one("select count(*) from audit_entry where action like 'profile%'") == 4


def test_whole_numbers_are_for_a_profile_with_a_reason_and_audited_first(
    db: Database, write: Write
) -> None:
    ingest_paths([write("a", spool(record()))], "p")
    with pytest.raises(InputError, match="not_allowed"):
        analyse("top_destinations", actor="ops:nadia", unmask="a complaint")
    with pytest.raises(InputError, match="not_allowed"):
        analyse("top_destinations", unmask="a complaint")
    profiles.assign("ops:nadia", "unmask", by="ops:test")
    with pytest.raises(InputError, match="reason_needed"):
        analyse("top_destinations", actor="ops:nadia", unmask=" ")
    assert db.one("select count(*) from audit_entry where action = 'unmask'") == 0
    masked = analyse("top_destinations", actor="ops:nadia")
    assert masked["rows"][0][0] == "063998----"
    whole = analyse("top_destinations", actor="ops:nadia", unmask="complaint 12")
    assert whole["rows"][0][0] == "0639980001"
    assert db.all("select actor, detail ->> 'reason' from audit_entry where action = 'unmask'") == [
        ("ops:nadia", "complaint 12")
    ]
    assert result(whole["run_id"]) == []  # kept rows are masked ones only
    assert db.one("select count(*) from treatment_run where unmasked") == 1
    assert analyse("top_destinations", actor="ops:nadia")["rows"][0][0] == "063998----"


def test_a_database_login_sees_whole_numbers_only_once_the_audit_is_committed(
    db: Database, write: Write
) -> None:
    ingest_paths([write("a", spool(record()))], "p")
    db.conn.cursor().execute(
        "do $$ begin create role auditor_test login; exception when duplicate_object then null; end $$;"
        "grant smsswitch_unmask to auditor_test"
    )
    host, port = db.conn.info.host, db.conn.info.port
    db.conn.cursor().execute("alter role auditor_test password 'for-this-test'")
    conn = psycopg2.connect(
        host=host,
        port=port,
        dbname=db.conn.info.dbname,
        user="auditor_test",
        password="for-this-test",
    )
    look = "select called_number from unmasked.v_ticket"
    with conn.cursor() as cur:
        with pytest.raises(psycopg2.Error, match="open_unmasking"):
            cur.execute(look)
        conn.rollback()
        cur.execute("select open_unmasking('police request 7')")
        with pytest.raises(psycopg2.Error, match="commit first"):
            cur.execute(look)
        conn.rollback()
        assert db.one("select count(*) from audit_entry") == 0
        for table in ("v_ticket_full", "taxdata"):
            with pytest.raises(psycopg2.Error, match="permission denied"):
                cur.execute(f"select * from {table}")
            conn.rollback()
        with pytest.raises(psycopg2.Error, match="permission denied"):
            cur.execute(
                "insert into unmask_grant (login, reason, until) values ('x', 'why', now())"
            )
        conn.rollback()
        cur.execute("select open_unmasking('police request 7', 'ops:somebody-else')")
        conn.commit()
        cur.execute(look)
        assert cur.fetchall() == [("0639980001",)]
        conn.rollback()
        assert db.all("select actor from audit_entry") == [("db:auditor_test",)]
        db.conn.cursor().execute("update unmask_grant set until = now()")
        with pytest.raises(psycopg2.Error, match="open_unmasking"):
            cur.execute(look)
    conn.close()


def _run(*args: str) -> Any:
    done = CliRunner().invoke(smsswitch, ["taxation", *args, "--json"])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_the_commands(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record()))], "p")
    set_to = _run("treatment", "call_types", "--trigger", "threshold", "--threshold", "tickets=1")
    assert set_to[0]["threshold"] == {"measure": "tickets", "at_least": 1.0}
    names = [row["treatment"] for row in _run("due")]
    assert "call_types" in names and "anomalies" in names
    assert _run("due") == []
    run_id = next(r["run_id"] for r in _run("runs") if r["treatment"] == "call_types")
    assert _run("runs", "--result", str(run_id))[0]["calls"] == 1
    made = _run("profile", "counter", "--analysis", "call_types", "--may-unmask")
    assert {"counter", "everyone", "none", "unmask"} == {p["profile"] for p in made}
    given = _run("profile", "counter", "--member", "ops:nadia")
    assert next(p["members"] for p in given if p["profile"] == "counter") == ["ops:nadia"]
    assert all(p["members"] == [] for p in _run("profile", "--not-member", "ops:nadia"))
