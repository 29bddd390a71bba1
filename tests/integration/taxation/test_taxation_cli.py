"""The commands as a person types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from include.cli import smsswitch
from include.errors import InputError
from tests.conftest import Database
from tests.integration.taxation.written import record, spool

FILE_KEYS = {"name", "sha256", "state", "reason", "line", "layouts", "tickets", "rejected"}


def _run(*args: str) -> Result:
    return CliRunner().invoke(smsswitch, list(args))


def test_generate_ingest_rate_analyse_is_one_way_through(db: Database, tmp_path: Path) -> None:
    for number, layout in enumerate(("seed", "ed5.2")):
        path = str(tmp_path / "in" / f"TAXAAAA{'AB'[number]}.DAT")
        made = _run("taxation", "generate", "--layout", layout, "--tickets", "150", "-o", path)
        assert made.exit_code == 0, made.output
    plan = json.loads(_run("taxation", "plan", path, "--json").stdout)
    assert len(plan["layouts"][0]["columns_added"]) == 48
    assert db.one("select count(*) from ticket_layout") == 0

    read = _run("taxation", "ingest", str(tmp_path / "in"), "--pbx", "siege", "--json")
    assert read.exit_code == 0
    document = json.loads(read.stdout)
    assert {"files", "columns_added", "columns_converted"} <= set(document)
    assert all(set(file) >= FILE_KEYS for file in document["files"])
    assert [file["tickets"] for file in document["files"]] == [150, 150]

    assert _run("billing", "rate", "--json").exit_code == 0
    found = _run("taxation", "analyse", "cost_per_cost_centre", "--param", "pbx=siege", "--json")
    result = json.loads(found.stdout)
    rows = [dict(zip(result["columns"], row, strict=True)) for row in result["rows"]]
    assert sum(row["calls"] for row in rows) == 300
    assert sum(row["unrated"] for row in rows) == 0
    by_hand = db.all(
        "select chargedcostcenter, count(*), sum(duration), sum(coalesce(cost, 0)) from taxdata"
        " left join rated_ticket using (ticket_id) group by 1"
    )
    expected = {
        (None if centre == "255" else centre): (calls, seconds, f"{cost:.4f}")
        for centre, calls, seconds, cost in by_hand
    }
    got = {r["cost_centre"]: (r["calls"], r["seconds"], f"{float(r['cost']):.4f}") for r in rows}
    assert got == expected
    assert db.one("select count(*) from treatment_result") == len(rows)


@pytest.mark.parametrize("name", ["call_types", "traffic_by_hour", "top_destinations"])
def test_every_analysis_runs_with_dates_and_keeps_its_rows(
    db: Database, tmp_path: Path, name: str
) -> None:
    (tmp_path / "x").write_bytes(spool(record(), record(start="20260309 23:59:59")))
    assert _run("taxation", "ingest", str(tmp_path / "x"), "--pbx", "siege").exit_code == 0
    found = json.loads(
        _run("taxation", "analyse", name, "--param", "from=2026-03-10", "--json").stdout
    )
    calls = found["columns"].index("calls")
    assert [row[calls] for row in found["rows"]] == [1]
    if name == "top_destinations":
        assert found["rows"][0][0] == "063998----"
    for bad in ("from=yesterday", "limit=x", "nonsense=1"):
        refused = _run("taxation", "analyse", name, "--param", bad)
        assert isinstance(refused.exception, InputError)


def test_a_quarantined_file_makes_the_exit_status_1(db: Database, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no header\n")
    read = _run("taxation", "ingest", str(tmp_path / "x"), "--pbx", "siege", "--json")
    assert read.exit_code == 1
    (file,) = json.loads(read.stdout)["files"]
    assert (file["state"], file["reason"], file["line"]) == ("quarantined", "no_format_line", 1)
    status = json.loads(_run("taxation", "status", "--json").stdout)
    assert status["quarantined"][0]["reason"] == "no_format_line"
    assert status["pbxs"][0]["quarantined"] == 1
    assert _run("taxation", "status").exit_code == 0


def test_replay_reads_the_kept_bytes_again_under_the_same_keys(
    db: Database, tmp_path: Path
) -> None:
    good, stripped = tmp_path / "good", tmp_path / "stripped"
    good.write_bytes(spool(record(), record(called="0639980002")))
    stripped.write_bytes(spool(record(called="0639980003").rstrip(b" ")))
    _run("taxation", "ingest", str(good), str(stripped), "--pbx", "siege")
    before = db.all("select to_jsonb(t) from taxdata t order by ticket_id")
    assert len(before) == 2
    good.unlink()
    _run("taxation", "pbx", "add", "siege", "--blanks-stripped")
    assert _run("taxation", "replay").exit_code == 0
    assert db.one("select count(*) from taxdata") == 3
    assert _run("taxation", "replay", "--all").exit_code == 0
    after = db.all("select to_jsonb(t) from taxdata t order by ticket_id")
    assert len(after) == 3 and after[:2] == before
    assert db.one("select count(*) from v_ticket") == 3


def test_pbx_settings_are_checked(db: Database, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("outside: 0\ncountry: 33\n")
    added = _run("taxation", "pbx", "add", "siege", "--dial-plan", str(plan), "--json")
    assert json.loads(added.stdout)["dial_plan"] == {
        "outside": "0",
        "international": "00",
        "national": "0",
        "country": "33",
    }
    assert db.one("select dialled_e164('00639980012', dial_plan) from pbx") == "33639980012"
    for bad in (
        ("Siège",),
        ("x", "--timezone", "Mars/Base"),
        ("x", "--charset", "latin-99"),
        ("x", "--client", "nobody"),
    ):
        assert isinstance(_run("taxation", "pbx", "add", *bad).exception, InputError), bad
    assert db.all("select code from pbx") == [("siege",)]


def test_approval_lets_a_waiting_layout_in(db: Database, tmp_path: Path) -> None:
    _run("taxation", "pbx", "add", "careful", "--policy", "approve")
    (tmp_path / "x").write_bytes(spool(record()))
    _run("taxation", "ingest", str(tmp_path / "x"), "--pbx", "careful")
    layout = str(db.one("select layout from ticket_layout"))
    assert _run("taxation", "approve", layout[:10], "--by", "op").exit_code == 0
    assert isinstance(_run("taxation", "approve", "zz", "--by", "op").exception, InputError)
    assert _run("taxation", "replay").exit_code == 0
    assert db.one("select count(*) from v_ticket") == 1
