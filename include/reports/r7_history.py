"""R7: each client's prepaid credit, and every movement of it (the seed's Historiques)."""

from datetime import date, timedelta
from typing import Any

from include.pages.chart import line
from include.reports.page import Desk, Figure, Page, Report, Table, columns, total

_SUMMED = ("opening", "topped_up", "reserved", "released", "closing", "captured", "held", "entries")
_MOST_DAYS = 62


def make(desk: Desk) -> Page:
    """The ledger over the period."""
    t, f = desk.t, desk.f
    rows = desk.rows("r7_history")
    entries = [
        {**row, "movement": t(f"ledger.{row['kind']}"), "held_change": row["held"]}
        for row in desk.rows("r7_entries")
    ]
    summed = total(rows, *_SUMMED)
    kinds = (
        ("client", "code"), ("name", "text"), ("opening", "money"), ("topped_up", "money"),
        ("reserved", "money"), ("released", "money"), ("closing", "money"), ("captured", "money"),
        ("held", "money"), ("entries", "number"),
    )  # fmt: skip
    moved = (
        ("at", "when"), ("client", "code"), ("movement", "text"), ("campaign", "code"),
        ("amount", "money"), ("held_change", "money"), ("note", "text"),
    )  # fmt: skip
    return Page(
        outcome=t("r7.outcome", n=summed["entries"], spent=f.money(summed["captured"])),
        tiles=tuple(
            (t(f"money.column.{key}"), f.money(summed[key]))
            for key in ("topped_up", "captured", "closing", "held")
        ),
        sections=[
            *_chart(desk),
            Table(t("r7.table"), columns(t, "money.column", *kinds), rows, t("r7.empty"), summed),
            Table(t("r7.entries"), columns(t, "money.column", *moved), entries, t("r7.no_entries")),
        ],
        notes=(t("r7.note"),),
    )


def _chart(desk: Desk) -> list[Figure]:
    by_month = (desk.period.after - desk.period.first).days > _MOST_DAYS
    unit = "month" if by_month else "day"
    found: dict[date, Any] = {
        row["day"]: row["captured"] for row in desk.rows("r7_spent", unit=unit, zone=desk.f.zone)
    }
    days = _days(desk, by_month)
    if not found or len(days) < 2:
        return []
    title = desk.t("r7.chart")
    ticks = [desk.f.month(day) if by_month else f"{day.day}" for day in days]
    spent = {title: [float(found.get(day, 0)) for day in days]}
    return [Figure(line(title, spent, ticks, desk.lang, unit="EUR", kind="money", table=False))]


def _days(desk: Desk, by_month: bool) -> list[date]:
    first, after = desk.period.first, min(desk.period.after, desk.f.local(desk.at).date())
    days = [first + timedelta(days=n) for n in range((after - first).days + 1)]
    days = [day for day in days if day < desk.period.after]
    return sorted({day.replace(day=1) for day in days}) if by_month else days


REPORT = Report("R7", "history", make)
