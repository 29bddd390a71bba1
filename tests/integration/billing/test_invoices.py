"""Invoices: counted again row by row, issued once, never changed, cancelled by credit notes."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg2
import pytest

from include.billing import invoicing
from include.billing.invoicing import credit, draft, issue
from include.db import connect
from include.errors import InputError
from tests.integration.billing.month import AFTER, DECEMBER, NOVEMBER, Month, half_up


def _sums(document: dict[str, Any]) -> dict[tuple[str, str, str], tuple[Decimal, Decimal]]:
    found: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in document["lines"]:
        sums = found[line["kind"], line["month"], line["item"]]
        sums[0] += Decimal(line["quantity"])
        sums[1] += Decimal(line["exact"])
    return {key: (quantity, amount) for key, (quantity, amount) in found.items()}


def test_a_draft_says_what_was_consumed_and_writes_nothing(month: Month) -> None:
    for code in ("dupont", "clinic"):
        found = draft(code, NOVEMBER, at=AFTER)
        assert _sums(found) == month.expected(code, "2026-11")
        _check_arithmetic(found)
    assert {line["kind"] for line in draft("dupont", NOVEMBER, at=AFTER)["lines"]} == {
        "sms",
        "calls",
    }
    assert month.value("select count(*) from invoice") == 0
    assert month.run("select distinct last from invoice_counter") == [(0,)]


def test_an_invoice_and_its_credit_note_have_a_line_each_in_the_log(
    month: Month, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger=invoicing.__name__):
        issued = issue("clinic", NOVEMBER, at=AFTER)
        credit(issued["number"], "twice", at=AFTER)
        with pytest.raises(RuntimeError), connect() as conn:
            invoicing.issue_in(conn, "clinic", NOVEMBER, AFTER)
            raise RuntimeError("rolled back")
    invoice, note = (record.getMessage() for record in caplog.records)
    assert invoice.startswith(f"invoice client=clinic lines={len(issued['lines'])} number=F000001 ")
    assert f"gross={issued['gross']} " in invoice
    assert "number=A000001 kind=credit_note" in note


def _check_arithmetic(document: dict[str, Any]) -> None:
    """EN 16931: lines rounded, totals of rounded lines, VAT on their sum by rate."""
    net = Decimal(0)
    bases: dict[str, Decimal] = defaultdict(Decimal)
    for line in document["lines"]:
        assert Decimal(line["net"]) == half_up(Decimal(line["exact"]))
        if line["unit_price"]:
            assert Decimal(line["unit_price"]) * Decimal(line["quantity"]) == Decimal(line["exact"])
        net += Decimal(line["net"])
        bases[line["vat_percent"]] += Decimal(line["net"])
    assert net == Decimal(document["net"])
    vat = {
        row["percent"]: (Decimal(row["base"]), Decimal(row["amount"])) for row in document["vat"]
    }
    assert vat == {p: (base, half_up(base * Decimal(p) / 100)) for p, base in bases.items()}
    assert Decimal(document["gross"]) == net + sum(amount for _, amount in vat.values())
    prepaid = sum(Decimal(x["net"]) for x in document["lines"] if x["kind"] == "sms")
    assert Decimal(document["prepaid"]) == prepaid
    assert Decimal(document["payable"]) == Decimal(document["gross"]) - prepaid


def test_a_month_is_invoiced_once_and_a_credit_note_frees_it(month: Month) -> None:
    first = issue("dupont", NOVEMBER, at=AFTER)
    assert (first["number"], issue("clinic", NOVEMBER, at=AFTER)["number"]) == (
        "F000001",
        "F000002",
    )
    with pytest.raises(InputError) as refused:
        issue("dupont", NOVEMBER, at=AFTER)
    assert refused.value.code == "already_invoiced"
    assert "invoice credit F000001" in refused.value.message_en
    cancelled = credit("F000001", "Tarif erroné", at=AFTER)
    assert cancelled["number"] == "A000001"
    assert (cancelled["net"], cancelled["lines"]) == (first["net"], first["lines"])
    assert cancelled["corrects"] == {"number": "F000001", "issued_on": "2026-12-01"}
    for number, code in (("F000001", "already_credited"), ("A000001", "not_an_invoice")):
        with pytest.raises(InputError) as refused:
            credit(number, "again", at=AFTER)
        assert refused.value.code == code
    again = issue("dupont", NOVEMBER, at=AFTER)
    assert (again["number"], again["lines"]) == ("F000003", first["lines"])
    assert month.run("select number, revision from invoice where kind = 'invoice' order by 1") == [
        ("F000001", 1), ("F000002", 1), ("F000003", 2),
    ]  # fmt: skip
    noted = month.run(
        "select note, amount, held from ledger_entry where kind = 'invoice' order by entry_id"
    )
    assert noted == [(n, 0, 0) for n in ("F000001", "F000002", "A000001", "F000003")]


def test_an_issued_invoice_refuses_every_change_even_by_its_owner(month: Month) -> None:
    issue("clinic", NOVEMBER, at=AFTER)
    statements = (
        "update invoice set net = 0",
        "delete from invoice",
        "truncate invoice cascade",
        "update invoice_line set net = 0",
        "delete from invoice_line",
        "update invoice_counter set last = 0",
        "update invoice_counter set last = last + 2",
        "delete from invoice_counter",
        "update invoice_counter set last = last + 1",
        "insert into invoice_line select invoice_id, 900 + position, kind, month, item, unit_price, "
        "quantity, times, seconds, exact, vat_percent, net from invoice_line",
    )
    for role in ("smsswitch_owner", "smsswitch_app"):
        for statement in statements:
            with pytest.raises(psycopg2.Error), connect() as conn, conn.cursor() as cur:
                cur.execute(f"reset role; set role {role}")
                cur.execute(statement)
    number, net = month.run("select number, net from invoice")[0]
    assert (number, str(net)) == ("F000001", draft_net(month))


def draft_net(month: Month) -> str:
    """What the clinic's lines come to."""
    return str(month.value("select sum(net) from invoice_line"))


def test_lines_that_do_not_add_up_cannot_be_committed(month: Month) -> None:
    issue("clinic", NOVEMBER, at=AFTER)
    with pytest.raises(psycopg2.Error, match="do not add up"), connect() as conn:
        conn.cursor().execute(
            "update invoice_counter set last = last + 1 where kind = 'invoice';"
            "insert into invoice (number, kind, sequence, client_id, period, issued_on, due_on, net, "
            "vat, gross, prepaid, payable, document) select 'F000002', 'invoice', 2, client_id, "
            "'2026-10-01', issued_on, due_on, 10, 2, 12, 0, 12, '{}' from invoice"
        )


def test_what_becomes_known_late_is_on_the_next_invoice(month: Month) -> None:
    before = issue("dupont", NOVEMBER, at=AFTER)
    month.run(
        "update rated_ticket set cost = cost + 1 where cost = (select max(cost) from rated_ticket "
        "join taxdata using (ticket_id) where startdatetime between '2026-11-02' and '2026-11-29')"
    )
    month.run(
        "update message set state = 'sent', sent_at = '2026-11-09 10:00+01' where state = 'uncertain'"
        " and campaign_id = (select campaign_id from campaign where name = 'promo-noel')"
    )
    month.settle()
    late = issue("dupont", DECEMBER, at=AFTER.replace(year=2027, month=1))
    now, then = month.expected("dupont", "2026-11"), _sums(before)
    differences = {
        key: (quantity - then.get(key, (Decimal(0), Decimal(0)))[0],
              amount - then.get(key, (Decimal(0), Decimal(0)))[1])
        for key, (quantity, amount) in now.items()
    }  # fmt: skip
    expected = {key: sums for key, sums in differences.items() if sums[1]}
    assert len(expected) == 2
    assert {k: s for k, s in _sums(late).items() if k[1] == "2026-11"} == expected
    assert {k: s for k, s in _sums(late).items() if k[1] == "2026-12"} == month.expected(
        "dupont", "2026-12"
    )
    _check_arithmetic(late)


def test_what_retention_has_dropped_is_not_given_back(month: Month) -> None:
    month.run("update spooled_file set processed_at = '2026-12-07'")
    issue("dupont", NOVEMBER, at=AFTER)
    month.run("delete from rated_ticket")
    month.run("delete from taxdata")
    late = draft("dupont", DECEMBER, at=AFTER.replace(year=2027, month=1))
    assert {(line["kind"], line["month"]) for line in late["lines"]} == {("sms", "2026-12")}


def test_vat_is_that_of_the_day(month: Month) -> None:
    month.run("insert into vat_rate (valid_from, percent) values ('2026-11-15', 21.5)")
    found = draft("dupont", NOVEMBER, at=AFTER)
    assert [row["percent"] for row in found["vat"]] == ["20.00", "21.50"]
    _check_arithmetic(found)
    assert _sums(found) == month.expected("dupont", "2026-11")
    month.run("delete from vat_rate where valid_from < '2026-11-15'")
    with pytest.raises(InputError) as refused:
        draft("dupont", NOVEMBER, at=AFTER)
    assert refused.value.code == "no_vat_rate"


def test_what_keeps_a_client_from_being_invoiced(month: Month) -> None:
    cases: list[tuple[str, date, str]] = [
        ("nobody", NOVEMBER, "unknown_client"),
        ("clinic", date(2026, 3, 1), "nothing_to_invoice"),
        ("clinic", DECEMBER, "month_not_over"),
    ]
    for client, first, code in cases:
        with pytest.raises(InputError) as refused:
            issue(client, first, at=AFTER)
        assert refused.value.code == code
    month.run("delete from client_identity")
    with pytest.raises(InputError) as refused:
        issue("clinic", NOVEMBER, at=AFTER)
    assert refused.value.code == "buyer_incomplete"
    month.identify("clinic", "The Clinic", "443061841")
    month.run("update setting set document = document - 'siren' - 'city'")
    with pytest.raises(InputError) as refused:
        issue("clinic", NOVEMBER, at=AFTER)
    assert refused.value.code == "seller_incomplete"
    assert "company.city, company.siren" in refused.value.message_en
    with connect() as conn:
        assert invoicing.listed(conn) == []
