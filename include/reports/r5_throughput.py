"""R5: how much went out, by day and by hour, against the goal of 50,000 a day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import Any

from include.pages import Column
from include.pages.chart import bar, line
from include.reports.page import Desk, Figure, Page, Report, Row, Table, share, total

GOAL = 50_000  # SMS a day: what the switch was made for


def make(desk: Desk) -> Page:
    """Days and hours of the period."""
    t, f = desk.t, desk.f
    hours = desk.rows("r5_hours", zone=desk.f.zone)
    days = _days(hours)
    summed = total(days, "sent", "delivered", "failed")
    summed["delivered_percent"] = share(summed["delivered"], summed["sent"])
    best = max(days, key=lambda day: day["sent"], default=None)
    peak = max(hours, key=lambda hour: hour["sent"], default=None)
    reached = sum(day["sent"] >= GOAL for day in days)
    columns = desk.columns(
        ("day", "day"), ("sent", "number"), ("goal_percent", "percent"), ("delivered", "number"),
        ("delivered_percent", "percent"), ("failed", "number"), ("peak_hour", "text"),
        ("peak_sent", "number"),
    )  # fmt: skip
    return Page(
        outcome=t("r5.outcome", n=summed["sent"], days=t("r5.days", n=len(days)), reached=reached),
        tiles=(
            (t("column.sent"), f.number(summed["sent"])),
            (t("r5.mean"), f.number(summed["sent"] / len(days)) if days else "–"),
            (t("r5.best_day"), f.number(best["sent"]), f.day(best["day"]))
            if best
            else (t("r5.best_day"), "–"),
            (
                t("r5.peak"),
                f.number(peak["sent"]),
                t("r5.peak_at", day=f.day(peak["day"]), hour=peak["hour"]),
            )
            if peak
            else (t("r5.peak"), "–"),
            (t("r5.reached"), f.number(reached)),
        ),
        sections=[
            *(_charts(desk, hours, days) if days else []),
            Table(t("r5.by_day"), columns, days, t("r5.empty"), summed),
            _by_hour(desk, hours, len(days)),
        ],
        notes=(t("reports.sms_counted"), t("r5.note", goal=GOAL)),
    )


def _days(hours: Sequence[Row]) -> list[dict[str, Any]]:
    by_day: dict[date, list[Row]] = defaultdict(list)
    for hour in hours:
        by_day[hour["day"]].append(hour)
    days = []
    for day, mine in by_day.items():
        sums = total(mine, "sent", "delivered", "failed")
        peak = max(mine, key=lambda hour: hour["sent"])
        days.append({
            "day": day, **sums,
            "goal_percent": share(sums["sent"], GOAL),
            "delivered_percent": share(sums["delivered"], sums["sent"]),
            "peak_hour": f"{peak['hour']:02d}:00", "peak_sent": peak["sent"],
        })  # fmt: skip
    return days


def _by_hour(desk: Desk, hours: Sequence[Row], days: int) -> Table:
    rows = []
    for clock in range(24):
        mine = [hour for hour in hours if hour["hour"] == clock]
        if mine:
            sent = sum(hour["sent"] for hour in mine)
            most = max(hour["sent"] for hour in mine)
            rows.append({
                "hour": f"{clock:02d}:00", "sent": sent, "mean_sent": sent / days, "peak_sent": most,
            })  # fmt: skip
    columns = desk.columns(
        Column("hour", desk.t("r5.hour")),
        ("sent", "number"),
        ("mean_sent", "decimal"),
        ("peak_sent", "number"),
    )
    return Table(desk.t("r5.by_hour"), columns, rows, desk.t("r5.empty"))


def _charts(desk: Desk, hours: Sequence[Row], days: list[dict[str, Any]]) -> list[Figure]:
    t, unit = desk.t, desk.t("unit.sms")
    if len(days) == 1:
        by_clock = {hour["hour"]: hour["sent"] for hour in hours}
        reached = list(accumulate(by_clock.get(clock, 0) for clock in range(24)))
        lines = {t("r5.so_far"): reached, t("r5.goal"): [GOAL] * 24}
        ticks = [f"{clock} h" for clock in range(24)]
        bars = [(f"{clock:02d}:00", by_clock.get(clock, 0)) for clock in range(24)]
        return [
            Figure(line(t("r5.chart_day"), lines, ticks, desk.lang, unit=unit)),
            Figure(bar(t("r5.by_hour"), bars, desk.lang, unit=unit, table=False)),
        ]
    lines = {t("column.sent"): [day["sent"] for day in days], t("r5.goal"): [GOAL] * len(days)}
    ticks = [desk.f.day(day["day"]).rsplit("\u00a0", 1)[0] for day in days]
    return [Figure(line(t("r5.chart"), lines, ticks, desk.lang, unit=unit, table=False))]


REPORT = Report("R5", "throughput", make)
