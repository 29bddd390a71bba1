"""T4: how full the trunk groups are, and how many lines each needs."""

from collections import defaultdict

from include.pages.chart import bar, heatmap
from include.reports.calls import analysis
from include.reports.page import Desk, Figure, Page, Report, Row, Table

_HOURS = range(24)
_MOST_GROUPS = 8  # that leave room for numbers


def make(desk: Desk) -> Page:
    """Erlang per half hour, the busy hour of each group, lines for 1 % of lost calls."""
    t, f = desk.t, desk.f
    rows: list[Row] = [
        {**row, "group": f"{row['pbx']} {row['trunk_group']}"}
        for row in analysis(desk, "trunk_occupation")
    ]
    busy: list[Row] = sorted(
        (row for row in rows if row["busy_hour"]), key=lambda row: -row["hour_erlang"]
    )
    heads = (("pbx", "code"), ("trunk_group", "code"), ("half_hour", "code"))
    return Page(
        outcome=t("t4.outcome", n=len(busy), lines=sum(row["lines_needed"] for row in busy)),
        tiles=(
            (t("t4.groups"), f.number(len(busy))),
            (t("t4.top_erlang"), f.amount(busy[0]["hour_erlang"] if busy else None)),
            (t("t4.top_lines"), f.number(busy[0]["lines_needed"] if busy else None)),
            (t("t4.busy_hour"), busy[0]["half_hour"] if busy else "–"),
        ),
        sections=[
            *_charts(desk, rows, busy),
            Table(
                t("t4.busy"),
                desk.columns(
                    *heads,
                    ("hour_erlang", "amount"),
                    ("lines_needed", "number"),
                    ("most_at_once", "number"),
                ),
                busy,
                t("t4.empty"),
            ),
            Table(
                t("t4.table"),
                desk.columns(
                    *heads,
                    ("calls", "number"),
                    ("erlang", "amount"),
                    ("most_at_once", "number"),
                    ("hour_erlang", "amount"),
                    ("lines_needed", "number"),
                ),
                rows,
                t("t4.empty"),
                shown=48,
            ),
        ],
        notes=(t("t4.note"), t("calls.note")),
    )


def _charts(desk: Desk, rows: list[Row], busy: list[Row]) -> list[Figure]:
    if not busy:
        return []
    groups = [row["group"] for row in busy[:_MOST_GROUPS]]
    highest: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(_HOURS))
    for row in rows:
        here, hour = highest[row["group"]], int(row["half_hour"][-5:-3])
        here[hour] = max(here[hour], float(row["erlang"]))
    cells = [highest[group] for group in groups]
    needed = [(row["group"], row["lines_needed"]) for row in busy[:15]]
    t, lang = desk.t, desk.lang
    return [
        Figure(
            heatmap(
                t("t4.day"),
                groups,
                [str(h) for h in _HOURS],
                cells,
                lang,
                unit="Erlang",
                kind="decimal",
            )
        ),
        Figure(bar(t("t4.lines"), needed, lang, unit=t("unit.lines"), table=False)),
    ]


REPORT = Report("T4", "trunks", make)
