"""R2: the modems, what each sent, and its signal."""

from collections import defaultdict

from include.pages import Column
from include.pages.chart import bar, sparkline
from include.reports.page import Desk, Figure, Page, Report, Table, share, total

SIGNALS = (5, 4, 3, 2, 1)
_SPARKS = 120
_OPTIONAL = ("undelivered", "failed", "uncertain", "last_error", "spark")


def make(desk: Desk) -> Page:
    """The modems of all groups over the period."""
    t, f = desk.t, desk.f
    rows = [dict(row) for row in desk.rows("r2_modems")]
    _sparklines(desk, rows)
    for row in rows:
        row["signal_word"] = t(f"signal.{row['signal'] or 'unknown'}")
    summed = total(rows, "sent", "delivered", "undelivered", "failed", "uncertain")
    summed["delivered_percent"] = share(summed["delivered"], summed["sent"])
    out = [row for row in rows if row["state"] == "out_of_service"]
    columns = desk.columns(
        ("alias", "text"), ("imei", "phone"), ("operator", "text"), ("sim_state", "code"),
        ("state", "state"), Column("signal_word", t("column.signal")), ("dbm", "number"),
        Column("spark", t("column.spark"), "markup"), ("sent", "number"), ("delivered", "number"),
        ("delivered_percent", "percent"), ("undelivered", "number"), ("failed", "number"),
        ("uncertain", "number"), ("last_error", "text"), ("seen_at", "when"),
    )  # fmt: skip
    working = sum(1 for row in rows if row["state"] == "in_service")
    return Page(
        outcome=t("r2.outcome", n=working, all=len(rows), sent=t("r2.sent", n=summed["sent"])),
        next_step=(t("r2.out", n=len(out)), _reasons(desk, out)) if out else None,
        tiles=(
            (t("r2.working"), f.number(working), t("r2.of", n=len(rows))),
            (t("column.sent"), f.number(summed["sent"])),
            (t("column.delivered"), f.number(summed["delivered"])),
            (t("column.delivered_percent"), f.percent(summed["delivered_percent"])),
            (t("column.failed"), f.number(summed["failed"])),
        ),
        sections=[
            Table(t("r2.table"), columns, rows, t("r2.empty"), summed, optional=_OPTIONAL),
            *_charts(desk, rows),
        ],
        notes=(t("reports.sms_counted"), t("r2.signal_note")),
    )


def _sparklines(desk: Desk, rows: list[dict[str, object]]) -> None:
    slices: dict[tuple[object, object], list[float | None]] = defaultdict(lambda: [None] * 24)
    for sample in desk.rows("r2_signal"):
        slices[sample["group_id"], sample["imei"]][sample["slice"]] = float(sample["rssi"])
    for count, row in enumerate(rows):
        values = slices.get((row["group_id"], row["imei"]))
        if not values or count >= _SPARKS:
            row["spark"] = None
            continue
        seen = [-113 + 2 * v for v in values if v is not None]
        label = desk.t("r2.spark", low=f"{min(seen):.0f}", high=f"{max(seen):.0f}")
        row["spark"] = sparkline(values, label)


def _charts(desk: Desk, rows: list[dict[str, object]]) -> list[Figure]:
    t = desk.t
    counts = [(level, sum(1 for row in rows if row["signal"] == level)) for level in SIGNALS]
    if not any(n for _, n in counts):
        return []
    chart = bar(
        t("r2.chart"),
        [(t(f"signal.{level}"), n) for level, n in counts],
        desk.lang,
        unit=t("unit.modems"),
        colours=[f"signal-{level}" for level, _ in counts],
    )
    return [Figure(chart)]


def _reasons(desk: Desk, out: list[dict[str, object]]) -> str:
    named = [f"{row['alias']} {row['imei']} ({row['last_error'] or '–'})" for row in out[:5]]
    return desk.t("r2.out_text", names=", ".join(named))


REPORT = Report("R2", "modems", make)
