"""R3: the signal of each modem, minute by minute and by the hour of the day."""

from include.pages.chart import heatmap, stacked
from include.reports.page import Desk, Figure, Page, Report, Row, Table, share, total

LEVELS = ("1", "2", "3", "4", "5")
_MOST = 40  # modems in a chart; the table has them all


def make(desk: Desk) -> Page:
    """Minutes per signal label, and the mean by hour."""
    t, f = desk.t, desk.f
    rows = [dict(row) for row in desk.rows("r3_signal")]
    for row in rows:
        row["bad_percent"] = share(row["level_1"] + row["level_2"], row["minutes"])
    keys = ("minutes", *(f"level_{n}" for n in LEVELS), "level_unknown")
    summed = total(rows, *keys)
    summed["bad_percent"] = share(summed["level_1"] + summed["level_2"], summed["minutes"])
    weak = [row for row in rows if (row["bad_percent"] or 0) >= 50]
    columns = desk.columns(
        ("alias", "text"), ("imei", "phone"), *((key, "number") for key in keys),
        ("bad_percent", "percent"), ("mean_dbm", "decimal"), ("lowest_dbm", "number"),
    )  # fmt: skip
    return Page(
        outcome=t("r3.outcome", n=len(rows), share=f.percent(summed["bad_percent"])),
        next_step=_next(desk, weak),
        tiles=(
            (t("r3.watched"), f.number(len(rows))),
            (t("column.minutes"), f.number(summed["minutes"])),
            *((t(f"column.level_{n}"), f.number(summed[f"level_{n}"])) for n in LEVELS),
        ),
        sections=[Table(t("r3.table"), columns, rows, t("r3.empty"), summed), *_charts(desk, rows)],
        notes=(t("r3.note"), t("r2.signal_note")),
    )


def _next(desk: Desk, weak: list[dict[str, object]]) -> tuple[str, str] | None:
    if not weak:
        return None
    names = ", ".join(f"{row['alias']} {row['imei']}" for row in weak[:5])
    return desk.t("r3.weak", n=len(weak)), desk.t("r3.weak_text", names=names)


def _charts(desk: Desk, rows: list[dict[str, object]]) -> list[Figure]:
    if not rows:
        return []
    t, seen = desk.t, rows[:_MOST]
    parts = [(t(f"column.level_{n}"), f"signal-{n}") for n in LEVELS]
    bars = [(_name(row), [int(str(row[f"level_{n}"])) for n in LEVELS]) for row in seen]
    minutes = stacked(t("r3.chart"), bars, parts, desk.lang, unit=t("unit.minutes"), table=False)
    means = {
        (mean["group_id"], mean["imei"], mean["hour"]): float(mean["rssi"])
        for mean in desk.rows("r3_hours", zone=desk.f.zone)
    }
    values = [
        [means.get((row["group_id"], row["imei"], hour)) for hour in range(24)] for row in seen
    ]
    hours = heatmap(
        t("r3.heat"), [_name(row) for row in seen], [str(h) for h in range(24)], values,
        desk.lang, unit="rssi, 0–31", kind="decimal",
    )  # fmt: skip
    return [Figure(minutes), Figure(hours)]


def _name(row: Row) -> str:
    return f"{row['alias']} …{row['imei'][-4:]}"


REPORT = Report("R3", "signal", make)
