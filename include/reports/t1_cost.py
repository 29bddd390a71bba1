"""T1: what the calls cost, per cost centre, company and user."""

from decimal import Decimal
from typing import Any

from include.pages import Column
from include.pages.chart import bar
from include.reports.page import Desk, Figure, Page, Report, Row, Table, total

_COUNTED = (
    ("calls", "number"), ("outgoing", "number"), ("seconds", "duration"), ("cost", "amount"),
    ("currency", "code"), ("unrated", "number"),
)  # fmt: skip


def make(desk: Desk) -> Page:
    """The calls of the period by who is charged."""
    t, f = desk.t, desk.f
    rows = desk.rows("t1_cost", zone=desk.f.zone)
    per = {
        name: [r for r in rows if r["per"] == name] for name in ("cost_centre", "company", "user")
    }
    centres = per["cost_centre"]
    summed = total(centres, "calls", "outgoing", "seconds", "unrated")
    unrated = [
        dict(row) | {"direction": t(f"direction.{row['direction']}")}
        for row in desk.rows("t1_unrated", zone=desk.f.zone)
    ]
    return Page(
        outcome=t(
            "t1.outcome",
            n=summed["calls"],
            cost=_costs(desk, centres),
            centres=t("t1.centres", n=len({r["cost_centre"] for r in centres} - {None})),
        ),
        next_step=(t("t1.unrated_next", n=summed["unrated"]), t("t1.unrated_text"))
        if summed["unrated"]
        else None,
        tiles=(
            (t("column.cost"), _costs(desk, centres)),
            (t("column.calls"), f.number(summed["calls"])),
            (t("column.outgoing"), f.number(summed["outgoing"])),
            (t("column.seconds"), f.duration(summed["seconds"])),
            (t("column.unrated"), f.number(summed["unrated"])),
        ),
        sections=[
            *_chart(desk, centres),
            _table(desk, "cost_centre", per["cost_centre"], ("cost_centre", "text")),
            _table(desk, "company", per["company"], ("company", "text")),
            _table(desk, "user", per["user"], ("extension", "phone"), ("user_name", "text")),
            Table(
                t("t1.unrated"),
                desk.columns(("reason", "code"), ("direction", "text"), ("calls", "number")),
                unrated,
                t("t1.no_unrated"),
            ),
        ],
        notes=(t("t1.note"),),
    )


def _costs(desk: Desk, rows: list[Row]) -> str:
    """The total of each currency."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["cost"]
    return " + ".join(desk.f.money(s, c) for c, s in sorted(sums.items())) or desk.f.money(0)


def _table(desk: Desk, name: str, rows: list[Row], *heads: tuple[str, str]) -> Table:
    columns: list[Column] = desk.columns(*heads, *_COUNTED)
    none = desk.t("t1.none")
    key = heads[0][0]
    shown = [{**row, key: row[key] or none} for row in rows]
    summed: dict[str, Any] = total(rows, "calls", "outgoing", "seconds", "unrated")
    if len({row["currency"] for row in rows}) == 1:
        summed |= total(rows, "cost") | {"currency": rows[0]["currency"]}
    return Table(desk.t(f"t1.{name}"), columns, shown, desk.t("t1.empty"), summed)


def _chart(desk: Desk, centres: list[Row]) -> list[Figure]:
    priced = [row for row in centres if row["cost"]][:15]
    if not priced:
        return []
    title, none = desk.t("t1.chart"), desk.t("t1.none")
    bars = [(row["cost_centre"] or none, float(row["cost"])) for row in priced]
    units = ", ".join(sorted({row["currency"] for row in priced}))
    chart = bar(title, bars, desk.lang, unit=units, kind="amount", table=False)
    return [Figure(chart)]


REPORT = Report("T1", "cost", make)
