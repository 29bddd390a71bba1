"""T2: who is called most, and who calls out most."""

from include.pages.chart import bar
from include.reports.calls import analysis, named
from include.reports.page import Desk, Figure, Page, Report, Row, Table, share

_MOST = 100
_COUNTED = (("calls", "number"), ("seconds", "duration"), ("cost", "amount"))


def make(desk: Desk) -> Page:
    """The hundred destinations called most and the hundred extensions that call out most."""
    t, f = desk.t, desk.f
    places = analysis(desk, "top_destinations", side="destinations", limit=_MOST)
    callers = analysis(desk, "top_destinations", side="callers", limit=_MOST)
    outgoing = sum(
        row["calls"] for row in analysis(desk, "call_types") if row["direction"] == "outgoing"
    )
    first = places[0]["calls"] if places else 0
    return Page(
        outcome=t(
            "t2.outcome", n=outgoing, places=f.number(len(places)), callers=f.number(len(callers))
        ),
        tiles=(
            (t("t2.outgoing"), f.number(outgoing)),
            (t("t2.first_share"), f.percent(share(first, outgoing))),
            (t("column.cost"), f.money(sum(row["cost"] for row in places))),
        ),
        sections=[
            *_chart(desk, "places", named(desk, places, "number")),
            Table(
                t("t2.places"),
                desk.columns(("number", "phone"), *_COUNTED),
                named(desk, places, "number"),
                t("t2.empty"),
                shown=50,
            ),
            *_chart(desk, "callers", named(desk, callers, "number")),
            Table(
                t("t2.callers"),
                desk.columns(("extension", "phone"), ("user_name", "text"), *_COUNTED),
                [{**row, "extension": row["number"]} for row in named(desk, callers, "number")],
                t("t2.empty"),
                shown=50,
            ),
        ],
        notes=(t("t2.note"), t("calls.note")),
    )


def _chart(desk: Desk, name: str, rows: list[Row]) -> list[Figure]:
    if not rows:
        return []
    bars = [
        (" ".join(filter(None, (row["number"], row["user_name"]))), row["calls"])
        for row in rows[:15]
    ]
    title = desk.t(f"t2.{name}_chart")
    return [Figure(bar(title, bars, desk.lang, unit=desk.t("unit.calls"), table=False))]


REPORT = Report("T2", "top", make)
