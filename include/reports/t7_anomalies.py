"""T7: calls and days to look at, and extensions that nobody used."""

from include.reports.calls import analysis, named
from include.reports.page import Desk, Page, Report, Row, Table

_KINDS = ("premium", "long", "night", "spike")


def make(desk: Desk) -> Page:
    """What the analyses `anomalies` and `unused_extensions` found."""
    t, f = desk.t, desk.f
    rows: list[Row] = [
        {**row, "at": f"{row['at']:%Y-%m-%d %H:%M}"} for row in analysis(desk, "anomalies")
    ]
    per = {kind: [row for row in rows if row["kind"] == kind] for kind in _KINDS}
    unused = [
        {
            **row,
            "last_call": row["last_call"] and f"{row['last_call']:%Y-%m-%d %H:%M}",
            "known_from": t(f"t7.{row['known_from']}"),
        }
        for row in analysis(desk, "unused_extensions")
    ]
    return Page(
        outcome=t("t7.outcome", n=len(rows)),
        next_step=(t("t7.premium_next", n=len(per["premium"])), t("t7.premium_text"))
        if per["premium"]
        else None,
        tiles=[
            *((t(f"t7.{kind}"), f.number(len(per[kind]))) for kind in _KINDS),
            (t("t7.unused"), f.number(len(unused))),
        ],
        sections=[
            *(_table(desk, kind, per[kind]) for kind in _KINDS),
            Table(
                t("t7.unused"),
                desk.columns(
                    ("pbx", "code"),
                    ("extension", "phone"),
                    ("user_name", "text"),
                    ("cost_centre", "text"),
                    ("known_from", "text"),
                    ("last_call", "code"),
                ),
                unused,
                t("t7.none_unused"),
                shown=60,
                optional=("cost_centre",),
            ),
        ],
        notes=(t("t7.note"), t("calls.note")),
    )


def _table(desk: Desk, kind: str, rows: list[Row]) -> Table:
    heads = [("pbx", "code"), ("extension", "phone"), ("user_name", "text"), ("at", "code")]
    if kind == "spike":
        own = [("calls", "number"), ("usual_calls", "decimal"), ("seconds", "duration")]
    else:
        own = [("called_number", "phone"), ("seconds", "duration"), ("cost", "amount")]
    shown = named(desk, rows, "extension")
    columns = desk.columns(*heads, *own)
    return Table(desk.t(f"t7.{kind}"), columns, shown, desk.t("t7.empty"), shown=60)


REPORT = Report("T7", "anomalies", make)
