"""T3: when calls are made, by weekday and hour."""

from include.pages.chart import heatmap
from include.reports.calls import analysis, directions
from include.reports.page import Desk, Figure, Page, Report, Row, Table

_DAYS = range(1, 8)
_HOURS = range(24)


def make(desk: Desk) -> Page:
    """Calls by weekday and hour of their start."""
    t, f = desk.t, desk.f
    rows = analysis(desk, "traffic_by_hour")
    calls = sum(row["calls"] for row in rows)
    days = {day: t(f"weekday.{day}") for day in _DAYS}
    per_hour = {hour: sum(row["calls"] for row in rows if row["hour"] == hour) for hour in _HOURS}
    busiest = max(per_hour, key=lambda hour: per_hour[hour])
    at_night = sum(n for hour, n in per_hour.items() if hour < 7 or hour >= 20)
    weekend = sum(row["calls"] for row in rows if row["weekday"] >= 6)
    table = [
        {**row, "weekday": days[row["weekday"]], "hour": f"{row['hour']:02d} h"}
        for row in directions(desk, rows)
    ]
    return Page(
        outcome=t("t3.outcome", n=calls, hour=f"{busiest:02d}"),
        tiles=(
            (t("column.calls"), f.number(calls)),
            (t("t3.busiest"), f"{busiest:02d} h" if calls else "–", f.number(per_hour[busiest])),
            (t("t3.night"), f.number(at_night)),
            (t("t3.weekend"), f.number(weekend)),
        ),
        sections=[
            *[
                figure
                for kind in ("all", "incoming", "outgoing")
                for figure in _map(desk, kind, rows, list(days.values()))
            ],
            Table(
                t("t3.table"),
                desk.columns(
                    ("weekday", "text"),
                    ("hour", "text"),
                    ("direction", "text"),
                    ("calls", "number"),
                    ("seconds", "duration"),
                ),
                table,
                t("t1.empty"),
                shown=60,
            ),
        ],
        notes=(t("t3.note"), t("calls.note")),
    )


def _map(desk: Desk, kind: str, rows: list[Row], days: list[str]) -> list[Figure]:
    mine = [row for row in rows if kind in ("all", row["direction"])]
    if not mine:
        return []
    cells = [[0] * len(_HOURS) for _ in _DAYS]
    for row in mine:
        cells[row["weekday"] - 1][row["hour"]] += row["calls"]
    ticks = [str(hour) for hour in _HOURS]
    title = desk.t(f"t3.map_{kind}")
    drawn = heatmap(
        title, days, ticks, cells, desk.lang, unit=desk.t("unit.calls"), table=kind == "all"
    )
    return [Figure(drawn)]


REPORT = Report("T3", "traffic", make)
