"""R10: the contact files, how many rows were refused and why, and what the checks found."""

from include.pages import Column
from include.pages.chart import bar
from include.reports.page import Desk, Figure, Page, Report, Table, share, total


def make(desk: Desk) -> Page:
    """The contact files dropped in the period."""
    t, f = desk.t, desk.f
    rows = desk.rows("r10_imports")
    counted = (
        "file_rows", "loaded", "updated", "unchanged", "duplicates", "blocklisted", "rejected",
    )  # fmt: skip
    summed = total(rows, *counted)
    summed["rejected_percent"] = share(summed["rejected"], summed["file_rows"])
    codes = [dict(row) | {"why": _label(desk, row["code"])} for row in desk.rows("r10_codes")]
    checks = [dict(row) for row in desk.rows("r10_checks")]
    for check in checks:
        check["state"] = "broken" if check["broken"] else "passed"
        check["unexpected_percent"] = share(check["unexpected"], check["checked"])
    aside = [row for row in rows if row["state"] in ("quarantined", "rejected", "failed")]
    waiting = [row for row in rows if row["state"] == "awaiting_mapping"]
    return Page(
        outcome=t(
            "r10.outcome",
            n=len(rows),
            loaded=t("r10.loaded", n=summed["loaded"] + summed["updated"]),
            refused=t("r10.refused", n=summed["rejected"]),
        ),
        next_step=_next(desk, len(aside), len(waiting)),
        tiles=(
            (t("r10.files"), f.number(len(rows)), t("r10.aside", n=len(aside))),
            (t("column.file_rows"), f.number(summed["file_rows"])),
            (t("column.loaded"), f.number(summed["loaded"])),
            (t("column.rejected"), f.number(summed["rejected"])),
            (t("column.rejected_percent"), f.percent(summed["rejected_percent"])),
        ),
        sections=[
            Table(
                t("r10.table"),
                desk.columns(
                    ("client", "code"), ("file", "text"), ("list", "code"), ("state", "state"),
                    ("reason", "code"), *[(key, "number") for key in counted],
                    ("rejected_percent", "percent"), ("bytes", "bytes"),
                    Column("created_at", t("column.dropped_at"), "when"), ("import_id", "code"),
                ),
                rows,
                t("r10.empty"),
                summed,
                optional=("reason", "updated", "unchanged", "duplicates", "blocklisted"),
            ),
            *_chart(desk, codes),
            Table(
                t("r10.codes"),
                desk.columns(
                    ("why", "text"), ("code", "code"), ("rejected", "number"), ("files", "number")
                ),
                codes,
                t("r10.no_codes"),
            ),
            Table(
                t("r10.checks"),
                desk.columns(
                    ("expectation", "code"), ("on_column", "code"), ("state", "state"),
                    ("files", "number"), ("broken", "number"), ("checked", "number"),
                    ("unexpected", "number"), ("unexpected_percent", "percent"),
                ),
                checks,
                t("r10.no_checks"),
            ),
        ],
        notes=(t("r10.note"),),
    )  # fmt: skip


def _next(desk: Desk, aside: int, waiting: int) -> tuple[str, str] | None:
    if aside:
        return desk.t("r10.next_aside", n=aside), desk.t("r10.next_aside_text")
    if waiting:
        return desk.t("r10.next_waiting", n=waiting), desk.t("r10.next_waiting_text")
    return None


def _label(desk: Desk, code: str) -> str:
    return desk.t.first(f"reports.reject.{code}", f"reason.{code}")


def _chart(desk: Desk, codes: list[dict[str, object]]) -> list[Figure]:
    if not codes:
        return []
    bars = [(str(row["why"] or row["code"]), int(str(row["rejected"]))) for row in codes[:12]]
    title = desk.t("r10.chart")
    return [Figure(bar(title, bars, desk.lang, unit=desk.t("unit.rows"), table=False))]


REPORT = Report("R10", "imports", make)
