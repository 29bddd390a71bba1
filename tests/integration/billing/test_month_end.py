"""A month's invoices for every client: drafts, numbers, files, alerts; by the command."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from facturx import get_facturx_xml_from_pdf

from include.billing.facturx_xml import xml
from include.billing.invoicing import find
from include.billing.month_end import close_month, deliver, parse_month
from include.cli import smsswitch
from include.db import connect
from include.errors import InputError
from include.pages import words
from include.pages.alerts import alert_sentence
from include.settings import settings
from include.storage import Storage
from tests.integration.billing.month import AFTER, COMPANY, Month


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, ["billing", *arguments])


def test_a_dry_run_then_numbers_and_files_and_never_twice(month: Month) -> None:
    dry = close_month("2026-11", at=AFTER)
    assert [row["client"] for row in dry["drafts"]] == ["clinic", "dupont"]
    reports, bucket = Storage(settings().reports_url), Storage(settings().bucket_url)
    for row in dry["drafts"]:
        assert reports.read_bytes(row["file"]).startswith(b"%PDF")
    assert (dry["issued"], month.value("select count(*) from invoice")) == ([], 0)

    told = close_month("2026-11", dry_run=False, at=AFTER)
    assert [(row["client"], row["number"]) for row in told["issued"]] == [
        ("clinic", "F000001"), ("dupont", "F000002"),
    ]  # fmt: skip
    assert [row["gross"] for row in told["issued"]] == [row["gross"] for row in dry["drafts"]]
    keys = deliver("2026-11")
    assert sorted(keys) == [
        "clients/clinic/outbox/invoices/F000001.pdf", "clients/dupont/outbox/invoices/F000002.pdf",
        "reports/invoices/F000001.pdf", "reports/invoices/F000002.pdf",
    ]  # fmt: skip
    _, inside = get_facturx_xml_from_pdf(
        bucket.read_bytes("clients/clinic/outbox/invoices/F000001.pdf")
    )
    with connect() as conn:
        assert inside == xml(find(conn, "F000001")["document"])

    again = close_month("2026-11", dry_run=False, at=AFTER)
    assert (again["issued"], again["already"]) == ([], ["clinic", "dupont"])
    assert deliver("2026-11") == []
    bucket.fs.rm(bucket.path("clients/dupont/outbox/invoices/F000002.pdf"))
    assert deliver("2026-11") == ["clients/dupont/outbox/invoices/F000002.pdf"]


def test_incomplete_papers_hold_up_nobody_else_and_raise_an_alert(month: Month) -> None:
    month.client("idle", "Idle")
    month.run("delete from client_identity where legal_name = 'The Clinic'")
    told = close_month("2026-11", dry_run=False, at=AFTER)
    assert [row["client"] for row in told["issued"]] == ["dupont"]
    assert [(row["client"], row["code"]) for row in told["refused"]] == [
        ("clinic", "buyer_incomplete")
    ]
    assert told["nothing"] == ["idle"]
    open_alerts = "select subject from alert where kind = 'not_invoiced' and over_at is null"
    assert month.run(open_alerts) == [("clinic",)]
    told_as = {"kind": "not_invoiced", "subject": "clinic", "detail": "…"}
    assert alert_sentence(words("fr"), told_as).startswith("Client clinic non facturé")
    month.identify("clinic", "The Clinic", "443061841")
    told = close_month("2026-11", dry_run=False, at=AFTER)
    assert (told["issued"][0]["client"], told["already"]) == ("clinic", ["dupont"])
    assert month.run(open_alerts) == []


def test_a_month_that_is_not_over_alerts_nobody(month: Month) -> None:
    told = close_month("2026-11", dry_run=False, at=datetime(2026, 11, 15, tzinfo=UTC))
    assert {row["code"] for row in told["refused"]} == {"month_not_over"}
    assert month.run("select kind from alert where over_at is null") == []


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2026-11-01", "november", "26-11", "9999-12", "0001-01"]
)
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(InputError, match="bad_month"):
        parse_month(text)


def test_the_commands(month: Month, tmp_path: Path) -> None:
    month.run("delete from client_identity")
    identity = (
        "--legal-name",
        "The Clinic",
        "--address",
        "1 rue",
        "--postcode",
        "69001",
        "--city",
        "Lyon",
    )
    wrong = _run("buyer", "clinic", *identity, "--siren", "443061842")
    assert isinstance(wrong.exception, InputError) and wrong.exception.place.field == "siren"
    wrong = _run(
        "buyer", "clinic", *identity, "--siren", "443061841", "--vat-number", "FR99443061841"
    )
    assert isinstance(wrong.exception, InputError) and wrong.exception.place.field == "vat_number"
    assert _run("buyer", "clinic", *identity, "--siren", "443061841").exit_code == 0
    march = ("invoice", "month", "--month", "2024-03", "--client", "clinic", "--json")
    assert json.loads(_run(*march).stdout)["nothing"] == ["clinic"]
    month.long_ago()
    told = json.loads(_run(*march).stdout)
    assert (len(told["drafts"]), told["issued"]) == (1, [])
    done = json.loads(_run(*march, "--issue").stdout)
    assert done["issued"][0]["number"] == "F000001"
    assert "clients/clinic/outbox/invoices/F000001.pdf" in done["delivered"]
    for more in ((), ("--issue",)):
        refused = _run(*march, *more)
        if more:
            assert isinstance(refused.exception, InputError)
            assert refused.exception.code == "already_invoiced"
    files = tmp_path / "a.pdf", tmp_path / "a.xml"
    assert (
        _run("invoice", "show", "F000001", "--pdf", str(files[0]), "--xml", str(files[1])).exit_code
        == 0
    )
    assert files[0].read_bytes().startswith(b"%PDF") and b"F000001" in files[1].read_bytes()
    made = json.loads(_run("invoice", "credit", "F000001", "--reason", "Erreur", "--json").stdout)
    assert made["delivered"][0] == "clients/clinic/outbox/invoices/A000001.pdf"
    listed = json.loads(_run("invoice", "list", "--json").stdout)["invoices"]
    assert [(row["number"], row["corrected_by"]) for row in listed] == [
        ("F000001", "A000001"), ("A000001", None),
    ]  # fmt: skip
    assert "cancelled by A000001" in _run("invoice", "list", "--client", "clinic").stdout
    assert (
        json.loads(_run("invoice", "show", "F000001").stdout)["seller"]["siren"] == COMPANY["siren"]
    )
    assert "unknown_invoice" in str(_run("invoice", "show", "F000009").exception)
