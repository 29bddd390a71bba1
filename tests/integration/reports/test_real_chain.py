"""From a client's file, a campaign and a PBX's spool, through the commands, to the reports."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from include.cli import smsswitch
from include.settings import settings
from include.storage import Storage
from tests.conftest import Database
from tests.integration.reports.conftest import Book
from tests.unit.pages.html import check_page

CAMPAIGN = """\
version: 1
kind: campaign
campaign: rappel
list: patients
state: active
purpose: transactional
message: "Bonjour {first_name}, votre rendez-vous est demain."
"""
MAPPING = """\
version: 1
kind: contact-list
list: patients
confirmed: true
columns:
  - {column: 1, to: first_name}
  - {column: 2, to: phone}
"""
BAD = ["+1 202 555 0143", "01 23 45 67 89"]


def _run(*arguments: str, expect: int = 0) -> Any:
    done = CliRunner().invoke(smsswitch, [*arguments, "--json"])
    assert done.exit_code == expect, (arguments, done.output, done.exception)
    return json.loads(done.stdout)


def test_the_reports_of_real_work(
    db: Database, tmp_path: Path, page: Callable[[str], str], book: Callable[[str], Book]
) -> None:
    patients = [
        ("=SUM(A1)", "06 39 98 00 00"),
        *((f"Zoé {n}", f"06399801{n:02d}") for n in range(60)),
    ]
    patients += [("Bad", number) for number in BAD]
    file = tmp_path / "patients.csv"
    file.write_text("".join(f"{name};{phone}\n" for name, phone in patients))
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "rappel.yaml").write_text(CAMPAIGN)
    _run("clients", "add", "clinic", "--name", "Clinique <b>", "--credit", "100.00")
    receipt = _run(
        "contacts", "import", str(file), "--client", "clinic", "--list", "patients",
        "--mapping", str(tmp_path / "mapping.yaml"),
    )  # fmt: skip
    assert receipt["counts"]["loaded"] == 61
    _run("campaigns", "apply", str(tmp_path / "rappel.yaml"), "--client", "clinic")
    _run("campaigns", "expand")
    spool = tmp_path / "siege"
    spool.mkdir()
    made = CliRunner().invoke(
        smsswitch,
        ["taxation", "generate", "--tickets", "120", "-o", str(spool / "TAXAAAAA.DAT")],
    )
    assert made.exit_code == 0, made.output
    ingested = _run("taxation", "ingest", str(spool), "--pbx", "siege")
    first = db.one("select min(start_at) from v_ticket")

    r10, r6 = _built("R10", "R6")
    sheets = book(r10["xlsx"])
    (row,) = sheets["Fichiers de contacts"]
    assert (row["Lignes"], row["Chargées"], row["Refusées"]) == (63, 61, 2)
    assert sum(r["Refusées"] for r in sheets["Raisons des refus"]) == len(BAD)
    assert all(r["Raison"] for r in sheets["Raisons des refus"])
    checks = {(r["Contrôle"], r["Colonne"]): r for r in sheets["Contrôles Great Expectations"]}
    usable = checks["expect_column_values_to_not_be_null", "phone"]
    assert (usable["Valeurs contrôlées"], usable["Hors attente"]) == (63, 2)
    (campaign,) = [r for r in book(r6["xlsx"])["Campagnes"] if r["Campagne"] == "rappel"]
    assert (campaign["Destinataires"], campaign["En attente"]) == (61, 61)

    (t1,) = _built("T1", period=f"{first:%Y}")
    calls = sum(r["Appels"] for r in book(t1["xlsx"])["Par centre de coût"])
    assert calls == db.one("select count(*) from v_ticket") <= ingested["files"][0]["tickets"]

    written = _run("reports", "pages")["pages"]
    storage = Storage(settings().bucket_url)
    for key in (k for k in written if k.endswith(".html")):
        check_page(storage.read_bytes(key).decode(), "fr")
    home = storage.read_bytes("clients/clinic/outbox/index.html").decode()
    assert f'href="imports/{receipt["import_id"]}/receipt.html"' in home
    assert "Clinique &lt;b&gt;" in home
    balance = json.loads(storage.read_bytes("clients/clinic/outbox/account/balance.json"))
    assert float(balance["balance"]) + float(balance["held"]) == 100
    status = json.loads(storage.read_bytes("clients/clinic/outbox/campaigns/rappel/status.json"))
    assert status == _run("campaigns", "status", "rappel", "--client", "clinic")


def _built(*names: str, period: str = "this-month") -> list[dict[str, str]]:
    keys = _run("reports", "build", *names, "--period", period)["reports"]
    storage = Storage(settings().reports_url)
    found = []
    for key in (k for k in keys if k.endswith(".html") and "index" not in k):
        check_page(storage.read_bytes(key).decode(), "fr")
        found.append({"html": key, "xlsx": key.replace(".html", ".xlsx")})
    return found
