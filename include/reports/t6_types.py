"""T6: what kinds of calls there were."""

from collections import Counter

from include.pages.chart import bar
from include.reports.calls import analysis
from include.reports.page import Desk, Figure, Page, Report, Table, share, total


def make(desk: Desk) -> Page:
    """Calls per type of the PBX, and per direction."""
    t, f = desk.t, desk.f
    rows = analysis(desk, "call_types")
    with desk.conn.cursor() as cur:
        cur.execute("select name, label_fr from call_type")
        french = dict(cur.fetchall())
    calls = sum(row["calls"] for row in rows)
    per: Counter[str] = Counter()
    for row in rows:
        per[row["direction"]] += row["calls"]
    shown = [
        {
            **row,
            "call_type": french[row["call_type"]] if desk.lang == "fr" else row["call_type"],
            "direction": t(f"direction.{row['direction']}"),
            "share": share(row["calls"], calls),
        }
        for row in rows
    ]
    bars = [(row["call_type"], row["calls"]) for row in shown]
    title = t("t6.chart")
    chart = [Figure(bar(title, bars, desk.lang, unit=t("unit.calls"), table=False))] if bars else []
    kinds = ("outgoing", "incoming", "local", "unspecified")
    return Page(
        outcome=t(
            "t6.outcome", n=calls, out=f.number(per["outgoing"]), inn=f.number(per["incoming"])
        ),
        tiles=[
            (t(f"direction.{kind}"), f.number(per[kind]), f.percent(share(per[kind], calls)))
            for kind in kinds
        ],
        sections=[
            *chart,
            Table(
                t("t6.table"),
                desk.columns(
                    ("call_type", "text"),
                    ("direction", "text"),
                    ("calls", "number"),
                    ("share", "percent"),
                    ("answered", "number"),
                    ("seconds", "duration"),
                ),
                shown,
                t("t1.empty"),
                total(rows, "calls", "answered", "seconds"),
            ),
        ],
        notes=(t("t6.note"), t("calls.note")),
    )


REPORT = Report("T6", "types", make)
