"""R9: the invoices and credit notes issued, their VAT, and who still waits for one."""

from decimal import Decimal
from typing import Any

from include.billing.month_end import archive_key
from include.pages.chart import bar
from include.reports.page import Desk, Figure, Page, Report, Row, Table, columns

_AMOUNTS = ("net", "vat", "gross", "prepaid", "payable")
_KINDS = (
    ("number", "link"), ("kind", "text"), ("client", "code"), ("period", "text"),
    ("issued_on", "day"), ("due_on", "day"), *((name, "money") for name in _AMOUNTS),
    ("about", "text"),
)  # fmt: skip


def make(desk: Desk) -> Page:
    """What was issued in the period."""
    t, f = desk.t, desk.f
    span = {"first": desk.period.first, "after": desk.period.after}
    rows = desk.rows("r9_invoices", **span)
    summed: dict[str, Any] = {
        name: sum((_sign(row) * row[name] for row in rows), Decimal(0)) for name in _AMOUNTS
    }
    waiting = _waiting(desk)
    amounts = {name: f.money(summed[name]) for name in ("gross", "payable")}
    return Page(
        outcome=t("r9.outcome", n=len(rows), **amounts),
        next_step=_next(desk, waiting),
        tiles=tuple((t(f"money.column.{name}"), f.money(summed[name])) for name in _AMOUNTS),
        sections=[
            *_chart(desk, rows),
            Table(
                t("r9.table"),
                columns(t, "money.column", *_KINDS),
                [_shown(desk, row) for row in rows],
                t("r9.empty"),
                summed,
                optional=("about",),
            ),
            Table(
                t("r9.by_vat"),
                columns(t, "money.column", ("percent", "percent"), ("net", "money"), ("vat", "money")),
                desk.rows("r9_vat", **span),
                t("r9.empty"),
            ),
            *_to_invoice(desk, waiting),
        ],
        notes=(t("r9.note"),),
    )  # fmt: skip


def _sign(row: Row) -> int:
    return -1 if row["kind"] == "credit_note" else 1


def _shown(desk: Desk, row: Row) -> dict[str, Any]:
    about = ""
    if row["corrected_by"]:
        about = desk.t("r9.cancelled_by", number=row["corrected_by"])
    elif row["corrects"]:
        about = desk.t("r9.cancels", number=row["corrects"])
    key = archive_key(row["number"]).removeprefix("reports/")
    return {
        **row,
        **{name: _sign(row) * row[name] for name in _AMOUNTS},
        "number": (row["number"], f"../../{key}"),
        "kind": desk.t(f"r9.kind.{row['kind']}"),
        "period": f"{row['period']:%Y-%m}",
        "about": about,
    }


def _is_past_month(desk: Desk) -> bool:
    return len(desk.period.slug) == 7 and desk.period.end <= desk.at


def _waiting(desk: Desk) -> list[Row]:
    """Clients that consumed in the month of the report, once it is over, and have no invoice of it."""
    if not _is_past_month(desk):
        return []
    done = {row["client"] for row in desk.rows("r9_standing", month=desk.period.first)}
    rows = desk.rows("r8_clients", zone=desk.f.zone)
    return [row for row in rows if row["cost"] > 0 and row["client"] not in done]


def _next(desk: Desk, waiting: list[Row]) -> tuple[str, str] | None:
    if not waiting:
        return None
    names = ", ".join(row["client"] for row in waiting[:10])
    said = desk.t("r9.waiting_text", names=names, month=desk.period.slug)
    return desk.t("r9.waiting", n=len(waiting)), said


def _to_invoice(desk: Desk, waiting: list[Row]) -> list[Table]:
    if not _is_past_month(desk):
        return []
    kinds = (("client", "code"), ("name", "text"), ("sms_cost", "money"), ("call_cost", "money"))
    shown = columns(desk.t, "money.column", *kinds, ("cost", "money"))
    return [Table(desk.t("r9.to_invoice"), shown, waiting, desk.t("r9.nothing_to_invoice"))]


def _chart(desk: Desk, rows: list[Row]) -> list[Figure]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["client"]] = sums.get(row["client"], Decimal(0)) + _sign(row) * row["gross"]
    best = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    bars = [(client, float(gross)) for client, gross in best if gross > 0][:15]
    if not bars:
        return []
    chart = bar(desk.t("r9.chart"), bars, desk.lang, unit="EUR", kind="money", table=False)
    return [Figure(chart)]


REPORT = Report("R9", "invoices", make)
