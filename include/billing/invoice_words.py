"""The words of an invoice in its language, for the PDF and the XML alike."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from include.pages import Words

Row = Mapping[str, Any]


def line_name(t: Words, line: Row) -> str:
    """What a line is about."""
    if line["kind"] == "calls" and not line["item"]:
        return t("invoice.calls_none")
    return t(f"invoice.{line['kind']}", item=line["item"])


def line_details(t: Words, line: Row, period: str) -> str:
    """How many messages or calls; and which month, where it is an earlier one."""
    if line["kind"] == "sms":
        counted = t("invoice.messages", n=line["times"])
    else:
        duration = t.formats.duration(abs(line["seconds"]))
        counted = t("invoice.calls_counted", n=line["times"], duration=duration)
    if line["month"] == period:
        return counted
    return f"{t('invoice.late', month=month(t, line['month']))} · {counted}"


def month(t: Words, text: str) -> str:
    """2026-11 as a reader writes it."""
    return t.formats.month(date.fromisoformat(f"{text}-01"))


def terms(t: Words, invoice: Row) -> list[tuple[str, str]]:
    """The mentions that the law wants, each with its code of UNTDID 4451 (Factur-X BT-21)."""
    rate = invoice["seller"].get("late_penalty") or t("invoice.penalty_rate")
    said = [
        ("PMT", t("invoice.recovery")),
        ("PMD", t("invoice.penalty", rate=rate)),
        ("AAB", t("invoice.discount")),
        ("REG", t("invoice.services")),
    ]
    if invoice["seller"].get("vat_on_debits"):
        said.append(("TXD", t("invoice.debits")))
    return said


def legal_form(t: Words, seller: Row) -> str:
    """SARL au capital de 10 000 €; nothing where it is not known."""
    form = seller.get("legal_form", "")
    if form and seller.get("capital"):
        return t("invoice.capital", form=form, capital=seller["capital"])
    return str(form)


def price_and_quantity(line: Row) -> tuple[Decimal, Decimal]:
    """Unit price and quantity whose product is the exact amount; a price is never negative."""
    if line["unit_price"] is not None:
        return Decimal(line["unit_price"]), Decimal(line["quantity"])
    net = Decimal(line["net"])
    return abs(net), Decimal(-1 if net < 0 else 1)
