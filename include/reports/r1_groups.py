"""R1: the groups, what each sent and what it still has to send."""

from include.pages.chart import stacked
from include.reports.page import Desk, Figure, Page, Report, Row, Table, share, total

#: What can become of a segment, with its colour in every chart.
FATES = (
    ("delivered", "series-1"),
    ("unreported", "series-6"),
    ("undelivered", "series-5"),
    ("failed", "series-2"),
    ("uncertain", "series-4"),
)


def fates(row: Row) -> list[int]:
    """A row's segments by FATES; those sent without a report yet are what is left of `sent`."""
    unreported = row["sent"] - row["delivered"] - row["undelivered"]
    return [unreported if name == "unreported" else row[name] for name, _ in FATES]


def make(desk: Desk) -> Page:
    """The groups of the centre over the period."""
    t, f = desk.t, desk.f
    rows = desk.rows("r1_groups")
    busy = [row for row in rows if any(fates(row))]
    summed = total(rows, "messages", "sent", "delivered", "undelivered", "failed", "uncertain")
    summed |= total(rows, "queued", "modems")
    summed["delivered_percent"] = share(summed["delivered"], summed["sent"])
    columns = desk.columns(
        ("mac", "code"), ("alias", "text"), ("modems", "number"), ("state", "state"),
        ("rate_limit", "number"), ("rate", "decimal"), ("messages", "number"),
        ("sent", "number"), ("delivered", "number"), ("delivered_percent", "percent"),
        ("undelivered", "number"), ("failed", "number"), ("uncertain", "number"),
        ("queued", "number"), ("last_heartbeat", "when"),
    )  # fmt: skip
    parts = [(t(f"fate.{name}"), colour) for name, colour in FATES]
    chart = stacked(
        t("r1.chart"),
        [(row["alias"], fates(row)) for row in busy[:20]],
        parts,
        desk.lang,
        unit=t("unit.sms"),
        table=False,
    )
    figures = (
        (t("column.sent"), f.number(summed["sent"]), t("r1.messages", n=summed["messages"])),
        (t("column.delivered"), f.number(summed["delivered"]), _percent(desk, summed)),
        (t("column.failed"), f.number(summed["failed"])),
        (t("column.uncertain"), f.number(summed["uncertain"])),
        (t("column.queued"), f.number(summed["queued"]), t("r1.now")),
    )
    lost = [row["alias"] for row in rows if row["state"] == "lost"]
    return Page(
        outcome=t(
            "r1.outcome",
            n=summed["sent"],
            groups=t("r1.groups", n=len(busy)),
            delivered=t("r1.delivered", share=f.percent(summed["delivered_percent"])),
        ),
        next_step=_next(desk, lost, summed["uncertain"]),
        tiles=figures,
        sections=[
            Table(t("r1.table"), columns, rows, t("r1.empty"), summed, optional=("rate_limit",)),
            *([Figure(chart)] if busy else []),
        ],
        notes=(t("reports.sms_counted"), t("r1.rate_note")),
    )


def _percent(desk: Desk, summed: Row) -> str:
    value = summed["delivered_percent"]
    return (
        desk.t("reports.none_sent")
        if value is None
        else desk.t("reports.delivered_share", share=desk.f.percent(value))
    )


def _next(desk: Desk, lost: list[str], uncertain: int) -> tuple[str, str] | None:
    t = desk.t
    if lost:
        return t("r1.lost", n=len(lost)), t("r1.lost_text", names=", ".join(lost))
    if uncertain:
        return t("reports.uncertain", n=uncertain), t("reports.uncertain_text")
    return None


REPORT = Report("R1", "groups", make)
