"""The demo in small: real Airflow, real PostgreSQL, real files, real bytes on emulated modems.

One run serves every test of this file, and more than one figure is counted again from the files that
the run left, by code of its own.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from include.demo.centre import PBX
from include.demo.day import Outcome, Size, run
from include.demo.texts import CLINIC, DUPONT
from include.stack import supervisor

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]
SMALL = Size(insured=120, reminders=60, patients=80, tickets=50, latency_ms=2)


class Day:
    """What one small day left behind, the stack still up."""

    def __init__(self, var: Path, outcome: Outcome, lines: list[str]) -> None:
        self.var, self.outcome, self.lines = var, outcome, lines
        self.stack = json.loads((var / "run" / "stack.json").read_text())

    @property
    def document(self) -> dict[str, Any]:
        return self.outcome.document

    def outbox(self, client: str) -> Path:
        return self.var / "bucket" / "clients" / client / "outbox"

    def receipts(self, client: str) -> dict[str, dict[str, Any]]:
        """The receipts of contact files, by the name of the file."""
        found = self.outbox(client).glob("imports/*/receipt.json")
        documents = [json.loads(path.read_text()) for path in found]
        return {document["file"]["name"]: document for document in documents}

    def all(self, query: str) -> list[tuple[Any, ...]]:
        conn = psycopg2.connect(self.stack["database_url"])
        try:
            with conn.cursor() as cur:
                cur.execute(query)
                return cur.fetchall()
        finally:
            conn.close()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    var = tmp_path_factory.mktemp("demo") / "var"
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("SMSSWITCH_", "AIRFLOW_"))]:
            patch.delenv(name)
        patch.setenv("SMSSWITCH_VAR", str(var))
        patch.setenv("SMSSWITCH_EXTRA_VALID_PREFIXES", "+3363998")
        try:
            supervisor.up(lines.append)  # as `make up` does: the demo is a guest and leaves it up
            yield Day(var, run(lines.append, SMALL, seed=7), lines)
        finally:
            supervisor.down(lines.append)
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if str(var) in " ".join(p.info["cmdline"] or [])
    ]


@pytest.fixture(autouse=True)
def _own_folders() -> None:
    """The stack of this file has its own folders for as long as the module runs."""


def test_tables_and_network_agree(day: Day) -> None:
    assert day.outcome.disagreements == []
    network = day.document["network"]
    assert network["duplicates"] == 0
    assert network["malformed"] == 0


def test_every_message_is_in_exactly_one_state(day: Day) -> None:
    messages = dict(day.document["messages"])
    skipped = messages.pop("skipped")
    planned = messages.pop("planned")
    assert planned == sum(messages.values()) + sum(skipped.values())
    assert planned == day.document["contacts"]["loaded"]
    assert messages["delivered"] > 0.8 * planned
    assert messages["sent"] == 0


def test_the_network_heard_what_the_summary_says(day: Day) -> None:
    entries = [
        json.loads(line)
        for log in day.var.glob("demo/*/network.jsonl")
        for line in log.read_text().splitlines()
        if '"event": "accepted"' in line
    ]
    assert len(entries) == day.document["network"]["segments"]
    assert {entry["parts"] for entry in entries} >= {1, 2}
    assert {entry["encoding"] for entry in entries} == {"gsm7", "ucs2"}
    whole = Counter((e["to"], e["ref"]) for e in entries if e["parts"] == 2)
    assert set(whole.values()) == {2}


def test_contact_files_have_their_receipts(day: Day) -> None:
    insured = day.receipts(DUPONT)["assures.xlsx"]
    assert insured["state"] == "loaded"
    assert insured["counts"]["loaded"] == SMALL.insured
    assert insured["counts"]["rejected_by"]["duplicate_in_file"] == SMALL.insured // 40
    assert insured["counts"]["rejected_by"]["excel_truncated"] == 1
    assert day.receipts(DUPONT)["rappels.xls"]["counts"]["loaded"] == SMALL.reminders
    assert day.receipts(CLINIC)["patients.csv"]["file"]["encoding"] == "cp1252"
    hopeless = day.receipts(CLINIC)["staff.xlsx"]
    assert (hopeless["state"], hopeless["reason"]["code"]) == (
        "quarantined",
        "not_a_complete_workbook",
    )


def test_names_with_accents_reach_the_database_whole(day: Day) -> None:
    names = {name for (name,) in day.all("select distinct first_name from contact")}
    assert {"Zoé", "François", "Jean-Noël"} <= names
    assert "<script>alert(1)</script>" in {n for (n,) in day.all("select last_name from contact")}


def test_the_marketing_campaign_is_refused_with_its_reason(day: Day) -> None:
    rows = day.all("select state::text, reason from campaign where name = 'spring-offer'")
    ((state, reason),) = rows
    assert state in ("draft", "quoted")
    receipt = json.loads((day.outbox(CLINIC) / "receipts" / "spring-offer.yaml.json").read_text())
    assert reason
    assert reason in json.dumps(receipt)
    assert day.all(
        "select count(*) from message m join campaign using (campaign_id) where name = 'spring-offer'"
    ) == [(0,)]


def test_the_ledger_equals_the_messages(day: Day) -> None:
    spent = day.all(
        "select coalesce(sum(price), 0) from message where state in ('sent', 'delivered', 'undelivered')"
    )[0][0]
    assert day.all("select 1000 - sum(balance), sum(held) from client_balance") == [(spent, 0)]


def test_spools_of_two_layouts_are_in_one_table(day: Day) -> None:
    assert day.document["tickets"] == {"loaded": 4 * SMALL.tickets, "quarantined_files": 0}
    assert day.all("select count(*) from taxdata") == [(4 * SMALL.tickets,)]
    assert (day.var / "spool" / PBX / "tax.tmp").exists()
    assert day.all("select count(*) from ticket_layout") == [(2,)]


def test_reports_are_there_and_stand_alone(day: Day) -> None:
    reports = [day.var / "reports" / key for key in day.document["reports"]]
    assert len(reports) >= 6
    homes = [day.outbox(client) / "index.html" for client in (DUPONT, CLINIC)]
    for page in [*reports, *homes]:
        text = page.read_text()
        assert len(text.encode()) < 300_000
        assert "<script" not in text.lower()
        assert not re.search(r"""(src|href)=["']https?:""", text)
        assert "alert(1)" not in text or "&lt;script&gt;" in text


def test_rejects_are_given_back_row_by_row(day: Day) -> None:
    insured = day.receipts(DUPONT)["assures.xlsx"]
    folder = day.outbox(DUPONT) / "imports" / insured["import_id"]
    text = (folder / "rejects.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), csv.Sniffer().sniff(text)))
    assert len(rows) - 1 == insured["counts"]["rejected"]


def test_stack_json_is_private_and_logs_hold_no_password(day: Day) -> None:
    assert (day.var / "run" / "stack.json").stat().st_mode & 0o777 == 0o600
    secrets = [user["password"] for user in day.stack["users"].values()]
    secrets.append(day.stack["database_url"].split(":")[2].split("@")[0])
    for log in [*day.var.glob("log/**/*.log"), *day.var.glob("demo/*/*.log")]:
        text = log.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text], log


def test_everything_listens_on_the_loopback_only(day: Day) -> None:
    mine = {p.pid for p in psutil.process_iter(["environ"]) if _of_this_stack(p, day.var)}
    listening = [
        c for c in psutil.net_connections("inet") if c.pid in mine and c.status == "LISTEN"
    ]
    assert {c.laddr.ip for c in listening if c.laddr} == {"127.0.0.1"}


def _of_this_stack(process: psutil.Process, var: Path) -> bool:
    environment = process.info["environ"] or {}
    return environment.get("SMSSWITCH_VAR") == str(var)


def test_the_demo_refuses_a_database_with_other_clients(day: Day) -> None:
    conn = psycopg2.connect(day.stack["database_url"])
    with conn, conn.cursor() as cur:
        cur.execute("insert into client (code, name) values ('someone-else', 'Real customer')")
    conn.close()
    done = subprocess.run(
        [sys.executable, "-m", "include.cli", "demo"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "someone-else" in done.stderr
    assert "Traceback" not in done.stderr
    assert day.all("select count(*) from client") == [(3,)]
