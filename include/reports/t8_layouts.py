"""T8: the ticket layouts that came, and what changed from one to the next."""

from include.pages import Column
from include.reports.calls import analysis, named
from include.reports.page import Desk, Page, Report, Table


def make(desk: Desk) -> Page:
    """Layouts of the files read in the period."""
    t, f = desk.t, desk.f
    rows = analysis(desk, "layouts_seen")
    layouts = {row["layout"] for row in rows}
    gone = [row for row in rows if row["fields_gone"]]
    return Page(
        outcome=t("t8.outcome", n=len(layouts), exchanges=len({row["pbx"] for row in rows})),
        next_step=(t("t8.gone_next", n=len(gone)), t("t8.gone_text")) if gone else None,
        tiles=(
            (t("t8.layouts"), f.number(len(layouts))),
            (t("t8.versions"), ", ".join(sorted({row["ticket_version"] for row in rows})) or "–"),
            (t("column.tickets"), f.number(sum(row["tickets"] for row in rows))),
            (t("t8.rejected"), f.number(sum(row["rejected"] for row in rows))),
        ),
        sections=[
            Table(
                t("t8.table"),
                desk.columns(
                    ("pbx", "code"),
                    ("ticket_version", "code"),
                    ("layout", "code"),
                    ("columns", "number"),
                    ("record_length", "number"),
                    ("files", "number"),
                    ("tickets", "number"),
                    Column("rejected", t("t8.rejected"), "number"),
                    ("first_read", "when"),
                    ("last_read", "when"),
                ),
                rows,
                t("t8.empty"),
            ),
            Table(
                t("t8.changes"),
                desk.columns(
                    ("pbx", "code"),
                    ("ticket_version", "code"),
                    ("layout", "code"),
                    ("fields_new", "text"),
                    ("fields_gone", "text"),
                ),
                [
                    row
                    for row in named(desk, rows, "ticket_version")
                    if row["fields_new"] or row["fields_gone"]
                ],
                t("t8.no_changes"),
            ),
        ],
        notes=(t("t8.note"),),
    )


REPORT = Report("T8", "layouts", make)
