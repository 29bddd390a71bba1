"""Every figure of R7, R8 and R9, counted again here from the raw rows."""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.billing.invoicing import credit, issue
from include.billing.month_end import deliver
from include.pages import Formats
from include.reports.build import build
from include.reports.client_pages import write_pages
from include.settings import settings
from include.storage import Storage
from tests.conftest import Database
from tests.integration.billing.month import AFTER, NOVEMBER, PARIS, Month
from tests.integration.reports.conftest import Book
from tests.unit.pages.html import check_page

Read = Callable[[str], Book]
Rows = list[dict[str, Any]]
PERIODS = {
    "2026-11": (datetime(2026, 11, 1, tzinfo=PARIS), datetime(2026, 12, 1, tzinfo=PARIS)),
    "2026-11-06": (datetime(2026, 11, 6, tzinfo=PARIS), datetime(2026, 11, 7, tzinfo=PARIS)),
    "2026": (datetime(2026, 1, 1, tzinfo=PARIS), datetime(2027, 1, 1, tzinfo=PARIS)),
}
TAKEN = ("sent", "delivered", "undelivered")


@pytest.fixture
def month(db: Database) -> Month:
    """A month of two clients, with entries of the ledger all over the year."""
    made = Month(db)
    made.consume()
    clients = [row[0] for row in made.run("select client_id from client order by 1")]
    campaign = made.value("select min(campaign_id) from campaign")
    rows, zero = [], Decimal(0)
    for n in range(120):
        at = datetime(2026, 10, 20, tzinfo=UTC) + timedelta(hours=11 * n + made.random.random())
        amount = Decimal(made.random.randint(1, 9999)) / 1000
        kind = ("topup", "reserve", "capture", "release")[n % 4]
        free = {"topup": amount, "reserve": -amount / 9, "capture": zero, "release": amount}[kind]
        held = {"topup": zero, "reserve": amount / 9, "capture": -amount / 3, "release": -amount}[
            kind
        ]
        free, held = round(free, 4), round(held, 4)
        rows.append((clients[n % 2], kind, free, held, campaign if n % 4 else None, "=1+1", at))
    made.many("ledger_entry", "client_id, kind, amount, held, campaign_id, note, at", rows)
    return made


def _book(read: Read, name: str, period: str, at: datetime = AFTER) -> Book:
    keys = build([name], period, at=at)
    return read(next(key for key in keys if key.endswith(".xlsx")))


def _in(at: datetime | None, period: str) -> bool:
    first, after = PERIODS[period]
    return at is not None and first <= at < after


def _amount(value: Any) -> Decimal:
    return round(Decimal(str(value or 0)), 4)


def test_r7_history(month: Month, book: Read) -> None:
    ledger = month.rows(
        "select l.*, l.kind::text as what, c.code, k.name as campaign from ledger_entry l "
        "join client c using (client_id) left join campaign k using (campaign_id)"
    )
    for period, (first, after) in PERIODS.items():
        sheets = _book(book, "R7", period)
        _check_credit(
            {row["Client"]: row for row in sheets["Crédit par client"]}, ledger, first, after
        )
        inside = [row for row in ledger if _in(row["at"], period)]
        assert inside
        shown = sheets["Mouvements"]
        assert len(shown) == len(inside)
        assert [_amount(row["Effet sur le crédit"]) for row in shown] == [
            row["amount"] for row in sorted(inside, key=lambda r: -r["entry_id"])
        ]
        assert {row["Note"] for row in shown if row["Note"]} >= {"'=1+1"}


def _check_credit(shown: dict[str, Any], ledger: Rows, first: datetime, after: datetime) -> None:
    assert set(shown) == {"dupont", "clinic"}
    for client, row in shown.items():
        mine = [entry for entry in ledger if entry["code"] == client]
        inside = [entry for entry in mine if first <= entry["at"] < after]
        of: dict[str, Decimal] = defaultdict(Decimal)
        for entry in inside:
            of[entry["what"]] += entry["amount"] if entry["what"] != "capture" else -entry["held"]
        opening = sum((e["amount"] for e in mine if e["at"] < first), Decimal(0))
        closing = sum((e["amount"] for e in mine if e["at"] < after), Decimal(0))
        assert _amount(row["Crédit au début"]) == opening
        assert _amount(row["Versé"]) == of["topup"]
        assert _amount(row["Réservé"]) == of["reserve"]
        assert _amount(row["Rendu"]) == of["release"]
        assert _amount(row["Dépensé"]) == of["capture"]
        assert _amount(row["Crédit à la fin"]) == closing
        assert _amount(row["Reste réservé"]) == sum(
            (e["held"] for e in mine if e["at"] < after), Decimal(0)
        )
        assert row["Mouvements"] == len(inside)
        assert closing == opening + of["topup"] + of["reserve"] + of["release"]


def test_r8_clients(month: Month, book: Read) -> None:
    month.client("poor", "Poor", "3")
    for period in PERIODS:
        shown = {row["Client"]: row for row in _book(book, "R8", period)["Clients"]}
        assert set(shown) == {"dupont", "clinic", "poor"}
        for client in month.rows("select * from client"):
            _check_client(month, shown[client["code"]], client, period)


def _check_client(month: Month, row: dict[str, Any], client: dict[str, Any], period: str) -> None:
    campaigns = [
        c for c in month.rows("select * from campaign") if c["client_id"] == client["client_id"]
    ]
    ids = {c["campaign_id"] for c in campaigns}
    sent = [
        m
        for m in month.rows("select *, state::text as fate from message")
        if m["campaign_id"] in ids and m["fate"] in TAKEN and _in(m["sent_at"], period)
    ]
    lists = {
        x["list_id"]
        for x in month.rows("select * from contact_list")
        if x["client_id"] == client["client_id"]
    }
    calls = [] if client["code"] != "dupont" else _calls(month, period)
    sms_cost = sum((m["price"] for m in sent), Decimal(0))
    call_cost = sum((cost for cost in calls if cost is not None), Decimal(0))
    ledger = [
        e for e in month.rows("select * from ledger_entry") if e["client_id"] == client["client_id"]
    ]
    balance = sum((e["amount"] for e in ledger), Decimal(0))
    activated = [c["activated_at"] for c in campaigns if _in(c["activated_at"], period)]
    assert row["Messages envoyés"] == len(sent)
    assert row["SMS facturés"] == sum(m["segments"] for m in sent)
    assert _amount(row["SMS HT"]) == sms_cost
    assert row["Appels"] == len(calls)
    assert _amount(row["Appels HT"]) == call_cost
    assert _amount(row["Total HT"]) == sms_cost + call_cost
    assert row["Listes"] == len(lists)
    assert row["Contacts"] == sum(
        c["list_id"] in lists for c in month.rows("select * from contact")
    )
    assert row["Campagnes"] == len(activated)
    assert _amount(row["Crédit"]) == balance
    assert _amount(row["Réservé" if "Réservé" in row else "Reste réservé"]) == sum(
        (e["held"] for e in ledger), Decimal(0)
    )
    assert row["Crédit bas"] == ("oui" if balance < client["low_credit"] else None)


def _calls(month: Month, period: str) -> list[Decimal | None]:
    hidden = {row["ticket_id"] for row in month.rows("select * from duplicate_ticket")}
    costs = {
        r["ticket_id"]: r["cost"]
        for r in month.rows("select * from rated_ticket where not superseded")
    }
    return [
        costs.get(row["ticket_id"])
        for row in month.rows("select * from taxdata")
        if row["ticket_id"] not in hidden
        and _in(row["startdatetime"].replace(tzinfo=PARIS), period)
    ]


def test_r9_invoices(month: Month, book: Read, page: Callable[[str], str]) -> None:
    issue("dupont", NOVEMBER, at=AFTER)
    issue("clinic", NOVEMBER, at=AFTER)
    credit("F000002", "Erreur", at=AFTER)
    issue("dupont", date(2026, 10, 1), at=AFTER)
    issued = {row["number"]: row for row in month.rows("select *, kind::text as what from invoice")}
    sheets = _book(book, "R9", "2026-12")
    shown = {row["Numéro"]: row for row in sheets["Factures et avoirs"]}
    assert list(shown) == ["F000001", "F000002", "A000001", "F000003"] and set(shown) == set(issued)
    rates: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for number, row in issued.items():
        sign = -1 if row["what"] == "credit_note" else 1
        for title, name in (
            ("HT", "net"), ("TVA", "vat"), ("TTC", "gross"), ("Prépayé", "prepaid"), ("À payer", "payable"),
        ):  # fmt: skip
            assert round(Decimal(str(shown[number][title])), 2) == sign * row[name], (number, title)
        assert shown[number]["Mois"] == f"{row['period']:%Y-%m}"
        for line in row["document"]["vat"]:
            rates[line["percent"]][0] += sign * Decimal(line["base"])
            rates[line["percent"]][1] += sign * Decimal(line["amount"])
    assert shown["F000002"]["Lien"] == "annulée par A000001"
    assert shown["A000001"]["Lien"] == "annule F000002"
    found = {
        f"{Decimal(str(row['Taux de TVA'])):.2f}": [
            round(Decimal(str(row[key])), 2) for key in ("HT", "TVA")
        ]
        for row in sheets["Par taux de TVA"]
    }
    assert found == rates
    november = _book(book, "R9", "2026-11")
    assert november["Factures et avoirs"] == []
    assert [row["Client"] for row in november["À facturer pour ce mois"]] == ["clinic"]
    html = page("reports/2026/11/R9-invoices-2026-11.html")
    assert "1 client attend sa facture" in check_page(html, "fr")
    assert 'href="../../invoices/F000001.pdf"' in page("reports/2026/12/R9-invoices-2026-12.html")


def test_they_stand_alone_in_both_languages_and_say_when_there_is_nothing(
    month: Month, page: Callable[[str], str]
) -> None:
    issue("dupont", NOVEMBER, at=AFTER)
    for lang in ("fr", "en"):
        for period in ("2026-11", "2026-12", "2026", "2025"):
            for key in build(["R7", "R8", "R9"], period, at=AFTER, lang=lang):
                if key.endswith(".html"):
                    check_page(page(key), lang)


def test_the_clients_home_lists_its_invoices_and_links_them(month: Month) -> None:
    issue("dupont", NOVEMBER, at=AFTER)
    issue("clinic", NOVEMBER, at=AFTER)
    credit("F000002", "Erreur", at=AFTER)
    month.run("update client set language = 'fr'")
    storage = Storage(settings().bucket_url)

    def rows(code: str) -> list[list[str]]:
        write_pages(code, at=AFTER)
        html = storage.read_bytes(f"clients/{code}/outbox/index.html").decode()
        check_page(html, "fr")
        table = html[html.index(">Factures<") :].partition("</table>")[0]
        return [re.findall(r"[FA]\d{6}(?:\.pdf)?|(?<=>)[^<>]*€", row) for row in table.split("<tr")]

    def money(number: str, sign: int = 1) -> list[str]:
        (row,) = month.rows(f"select gross, payable from invoice where number = '{number}'")
        return [
            Formats("fr", "Europe/Paris").money(sign * row[name]) for name in ("gross", "payable")
        ]

    assert [row for row in rows("clinic") if row] == [
        ["A000001", *money("A000001", -1)],
        ["F000002", *money("F000002")],
    ]
    deliver("2026-11")
    assert [row[0] for row in rows("clinic") if row] == ["A000001.pdf", "F000002.pdf"]
    assert [row[0] for row in rows("dupont") if row] == ["F000001.pdf"]
