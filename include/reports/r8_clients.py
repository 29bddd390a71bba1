"""R8: the clients, what they consumed, what they may still spend."""

from include.pages.chart import bar
from include.reports.page import Desk, Figure, Page, Report, Row, Table, columns, total

_SUMMED = (
    "lists", "contacts", "campaigns", "messages", "segments", "sms_cost", "calls", "call_cost",
    "cost", "balance", "held",
)  # fmt: skip


def make(desk: Desk) -> Page:
    """The clients over the period."""
    t, f = desk.t, desk.f
    rows = desk.rows("r8_clients", zone=f.zone)
    summed = total(rows, *_SUMMED)
    low = [row["client"] for row in rows if row["low"]]
    kinds = (
        ("client", "code"), ("name", "text"), ("tariff", "code"), ("language", "code"),
        ("lists", "number"), ("contacts", "number"), ("campaigns", "number"),
        ("messages", "number"), ("segments", "number"), ("sms_cost", "money"), ("calls", "number"),
        ("call_cost", "money"), ("cost", "money"), ("balance", "money"), ("held", "money"),
        ("low", "text"), ("last_activation", "when"),
    )  # fmt: skip
    shown = [{**row, "low": t("money.yes") if row["low"] else ""} for row in rows]
    return Page(
        outcome=t("r8.outcome", n=len(rows), cost=f.money(summed["cost"])),
        next_step=(t("r8.low", n=len(low)), t("r8.low_text", names=_names(low))) if low else None,
        tiles=(
            (t("money.column.cost"), f.money(summed["cost"])),
            (t("money.column.segments"), f.number(summed["segments"])),
            (t("money.column.calls"), f.number(summed["calls"])),
            (t("money.column.balance"), f.money(summed["balance"])),
            (t("money.column.held"), f.money(summed["held"])),
        ),
        sections=[
            *_chart(desk, rows),
            Table(
                t("r8.table"), columns(t, "money.column", *kinds), shown, t("r8.empty"), summed,
                optional=("calls", "call_cost", "low", "last_activation"),
            ),
        ],
        notes=(t("r8.note"), t("reports.sms_counted")),
    )  # fmt: skip


def _names(codes: list[str]) -> str:
    return ", ".join(codes[:10]) + (" …" if len(codes) > 10 else "")


def _chart(desk: Desk, rows: list[Row]) -> list[Figure]:
    bars = [(row["client"], float(row["cost"])) for row in rows if row["cost"] > 0][:15]
    if not bars:
        return []
    chart = bar(desk.t("r8.chart"), bars, desk.lang, unit="EUR", kind="money", table=False)
    return [Figure(chart)]


REPORT = Report("R8", "clients", make)
