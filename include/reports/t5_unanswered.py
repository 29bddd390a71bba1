"""T5: calls that nobody answered, and how long people waited."""

from include.pages.chart import stacked
from include.reports.calls import analysis, directions, named
from include.reports.page import Desk, Figure, Page, Report, Row, Table, share

_COUNTED = (
    ("calls", "number"),
    ("answered", "number"),
    ("unanswered", "number"),
    ("unanswered_percent", "percent"),
    ("waited_mean", "decimal"),
    ("waited_nine_in_ten", "number"),
    ("waited_longest", "number"),
    ("gave_up_after", "decimal"),
)


def make(desk: Desk) -> Page:
    """Incoming calls by hour, then every direction by extension."""
    t, f = desk.t, desk.f
    hours = analysis(desk, "unanswered", per="hour")
    extensions = analysis(desk, "unanswered", per="extension")
    incoming = [row for row in hours if row["direction"] == "incoming"]
    calls, missed = (sum(row[key] for row in incoming) for key in ("calls", "unanswered"))
    longest = max((row["waited_longest"] or 0 for row in incoming), default=0)
    worst = sorted(
        (row for row in extensions if row["direction"] == "incoming"),
        key=lambda row: (-row["unanswered"], row["pbx"], row["per"] or ""),
    )
    others = [row for row in extensions if row["direction"] != "incoming"]
    return Page(
        outcome=t("t5.outcome", n=calls, missed=f.number(missed)),
        tiles=(
            (t("t5.incoming"), f.number(calls)),
            (t("column.unanswered"), f.number(missed), f.percent(share(missed, calls))),
            (t("t5.longest"), f.duration(longest) if incoming else "–"),
        ),
        sections=[
            *_chart(desk, incoming),
            _table(desk, "hours", "hour", incoming),
            _table(desk, "extensions", "extension", worst),
            _table(desk, "others", "extension", others),
        ],
        notes=(t("t5.note"), t("calls.note")),
    )


def _table(desk: Desk, name: str, head: str, rows: list[Row]) -> Table:
    heads = [("pbx", "code"), (head, "code" if head == "hour" else "phone")]
    if head == "extension":
        heads.append(("user_name", "text"))
    if name == "others":
        heads.append(("direction", "text"))
    shown = [{**row, head: row["per"]} for row in directions(desk, named(desk, rows, "per"))]
    columns = desk.columns(*heads, *_COUNTED)
    return Table(desk.t(f"t5.{name}"), columns, shown, desk.t("t5.empty"), shown=40)


def _chart(desk: Desk, rows: list[Row]) -> list[Figure]:
    if not rows:
        return []
    hours = sorted({row["per"] for row in rows})
    bars = [
        (
            f"{hour} h",
            [sum(r[key] for r in rows if r["per"] == hour) for key in ("answered", "unanswered")],
        )
        for hour in hours
    ]
    parts = [(desk.t("column.answered"), "series-1"), (desk.t("column.unanswered"), "series-2")]
    unit = desk.t("unit.calls")
    return [Figure(stacked(desk.t("t5.chart"), bars, parts, desk.lang, unit=unit, table=False))]


REPORT = Report("T5", "unanswered", make)
