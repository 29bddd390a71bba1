"""R6: the campaigns and where their messages stand."""

from typing import Any

from include.pages import Column
from include.pages.chart import funnel, stacked
from include.reports.page import Desk, Figure, Page, Report, Table, reason_word, share, total

_PARTS = (
    ("delivered", "series-1"),
    ("sent", "series-6"),
    ("undelivered", "series-5"),
    ("failed", "series-2"),
    ("uncertain", "series-4"),
    ("waiting", "series-3"),
)


_OPTIONAL = (
    "reason", "waiting", "sent", "undelivered", "failed", "uncertain", "written_off", "skipped",
    "expired", "cancelled", "finished_at",
)  # fmt: skip


def make(desk: Desk) -> Page:
    """The campaigns activated, or only made, in the period."""
    t, f = desk.t, desk.f
    rows = [
        dict(row) | {"purpose": t(f"purpose.{row['purpose']}")} for row in desk.rows("r6_campaigns")
    ]
    counted = (
        "recipients", "kept", "waiting", "handed_over", "sent", "delivered", "undelivered",
        "failed", "uncertain", "written_off", "skipped", "expired", "cancelled", "segments", "cost",
    )  # fmt: skip
    summed = total(rows, *counted)
    summed["delivered_percent"] = share(summed["delivered"], summed["handed_over"])
    columns = desk.columns(
        ("client", "code"), ("campaign", "code"), ("purpose", "text"), ("state", "state"),
        ("reason", "code"), *[_count(desk, key) for key in counted[:6]],
        ("delivered_percent", "percent"), *[_count(desk, key) for key in counted[6:-1]],
        ("cost", "money"), ("activated_at", "when"), ("finished_at", "when"),
    )  # fmt: skip
    reasons = [
        dict(row) | {"why": reason_word(t, row["reason"])} for row in desk.rows("r6_reasons")
    ]
    return Page(
        outcome=t("r6.outcome", n=len(rows), messages=t("r6.messages", n=summed["handed_over"])),
        next_step=(t("reports.uncertain", n=summed["uncertain"]), t("reports.uncertain_text"))
        if summed["uncertain"]
        else None,
        tiles=(
            (t("column.recipients"), f.number(summed["recipients"])),
            (t("column.handed_over"), f.number(summed["handed_over"])),
            (t("r6.column.delivered"), f.number(summed["delivered"])),
            (t("column.delivered_percent"), f.percent(summed["delivered_percent"])),
            (t("column.cost"), f.money(summed["cost"])),
        ),
        sections=[
            *_charts(desk, rows, summed),
            Table(t("r6.table"), columns, rows, t("r6.empty"), summed, optional=_OPTIONAL),
            Table(
                t("r6.reasons"),
                desk.columns(
                    ("state", "state"), ("why", "text"), ("reason", "code"), ("messages", "number")
                ),
                reasons,
                t("r6.no_reasons"),
            ),
        ],
        notes=(t("r6.note"),),
    )


def _count(desk: Desk, key: str) -> Column:
    """A column of messages, where R1 and R2 count SMS."""
    own = f"r6.column.{key}"
    return Column(key, desk.t(own if desk.t.has(own) else f"column.{key}"), "number")


def _charts(desk: Desk, rows: list[dict[str, Any]], summed: dict[str, Any]) -> list[Figure]:
    t = desk.t
    if not summed["recipients"]:
        return []
    keys = ("recipients", "kept", "handed_over", "delivered")
    steps = [(_count(desk, key).title, summed[key]) for key in keys]
    parts = [(t(f"fate.message.{name}"), colour) for name, colour in _PARTS]
    bars = [
        (f"{row['client']} · {row['campaign']}", [row[name] for name, _ in _PARTS])
        for row in rows
        if row["kept"]
    ]
    unit = t("unit.messages")
    return [
        Figure(funnel(t("r6.funnel"), steps, desk.lang, unit=unit, table=False)),
        Figure(
            stacked(t("r6.chart"), bars[:20], parts, desk.lang, unit=unit, table=False),
        ),
    ]


REPORT = Report("R6", "campaigns", make)
