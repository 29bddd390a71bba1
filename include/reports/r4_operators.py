"""R4: what each operator's network took, delivered, and refused."""

from include.pages.chart import stacked
from include.reports.page import Desk, Figure, Page, Report, Table, share, total
from include.reports.r1_groups import FATES, fates


def make(desk: Desk) -> Page:
    """The operators over the period."""
    t, f = desk.t, desk.f
    rows = [
        {**row, "operator": row["operator"] or t("r4.unknown")} for row in desk.rows("r4_operators")
    ]
    busy = [row for row in rows if any(fates(row))]
    counts = (
        "modems",
        "working",
        "used",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "uncertain",
    )
    summed = total(rows, *counts)
    summed["delivered_percent"] = share(summed["delivered"], summed["sent"])
    best = max(
        (row for row in busy if row["sent"]), key=lambda r: r["delivered_percent"], default=None
    )
    columns = desk.columns(
        ("operator", "text"), ("modems", "number"), ("working", "number"), ("used", "number"),
        ("sent", "number"), ("delivered", "number"), ("delivered_percent", "percent"),
        ("undelivered", "number"), ("failed", "number"), ("uncertain", "number"),
        ("median_seconds", "duration"), ("slow_seconds", "duration"),
    )  # fmt: skip
    chart = stacked(
        t("r4.chart"), [(row["operator"], fates(row)) for row in busy[:20]],
        [(t(f"fate.{name}"), colour) for name, colour in FATES],
        desk.lang, unit=t("unit.sms"), table=False,
    )  # fmt: skip
    return Page(
        outcome=t(
            "r4.outcome",
            n=summed["sent"],
            operators=t("r4.operators", n=len(busy)),
            share=f.percent(summed["delivered_percent"]),
        ),
        tiles=(
            (t("column.sent"), f.number(summed["sent"])),
            (t("column.delivered"), f.number(summed["delivered"])),
            (t("column.delivered_percent"), f.percent(summed["delivered_percent"])),
            (t("column.failed"), f.number(summed["failed"])),
            (t("r4.best"), best["operator"] if best else "–"),
        ),
        sections=[
            Table(t("r4.table"), columns, rows, t("r4.empty"), summed),
            *([Figure(chart)] if busy else []),
            _errors(desk),
        ],
        notes=(t("reports.sms_counted"), t("r4.note")),
    )


def _errors(desk: Desk) -> Table:
    t = desk.t
    rows = [
        {**row, "operator": row["operator"] or t("r4.unknown")} for row in desk.rows("r4_errors")
    ]
    columns = desk.columns(
        ("operator", "text"), ("state", "state"), ("error_code", "number"), ("error", "text"),
        ("sms", "number"),
    )  # fmt: skip
    rows = [{**row, "sms": row["segments"]} for row in rows]
    return Table(t("r4.errors"), columns, rows, t("r4.no_errors"))


REPORT = Report("R4", "operators", make)
