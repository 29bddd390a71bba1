"""A month's invoices for every client, and their way into the outboxes."""

import logging
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.billing.invoice_pdf import pdf
from include.billing.invoicing import draft, issue, listed
from include.billing.parties import unknown_client
from include.db import connect, sql
from include.errors import InputError
from include.settings import settings
from include.storage import Storage

QUIET = {"nothing_to_invoice": "nothing", "already_invoiced": "already"}
log = logging.getLogger(__name__)


def parse_month(text: str | None, *, at: datetime | None = None) -> date:
    """2026-11 as its first day; nothing: the last month that is over. ``InputError`` ``bad_month``."""
    if text is None:
        today = (at or datetime.now(UTC)).astimezone(ZoneInfo(settings().timezone)).date()
        before = today.replace(day=1).toordinal() - 1
        return date.fromordinal(before).replace(day=1)
    try:
        first = date.fromisoformat(f"{text}-01")
        if len(text) != 7 or not 2000 <= first.year < 3000:
            raise ValueError(text)
        return first
    except ValueError:
        raise InputError(
            "bad_month", f"{text!r} is no month such as 2026-11", f"{text!r} n'est pas un mois"
        ) from None


def close_month(
    month: str | None = None,
    *,
    client: str | None = None,
    dry_run: bool = True,
    at: datetime | None = None,
) -> dict[str, Any]:
    """Invoice a month for every client, or one; a dry run writes drafts below the reports' URL.

    ``{"month", "dry_run", "issued", "drafts", "already", "nothing", "refused"}``. One client's
    incomplete papers hold up nobody else: they are in ``refused``, and an alert says so. May be
    repeated: a client is invoiced once for a month.
    """
    first = parse_month(month, at=at)
    told: dict[str, Any] = {"month": f"{first:%Y-%m}", "dry_run": dry_run, "issued": []}
    told |= {"drafts": [], "already": [], "nothing": [], "refused": []}
    for code in _codes(client):
        try:
            made = draft(code, first, at=at) if dry_run else issue(code, first, at=at)
        except InputError as error:
            if error.code in QUIET:
                told[QUIET[error.code]].append(code)
            else:
                told["refused"].append(
                    {"client": code, "code": error.code, "why": error.message_en}
                )
            continue
        if dry_run:
            told["drafts"].append(_summary(made) | {"file": _write_draft(made)})
        else:
            told["issued"].append(_summary(made))
    if not dry_run:
        _tell(told)
    return told


def deliver(month: str | None = None, *, at: datetime | None = None) -> list[str]:
    """Write the PDFs of a month's invoices and credit notes where they are missing; their keys.

    Into the client's ``outbox/invoices/`` and below ``reports/invoices/`` of the reports' URL.
    """
    first = parse_month(month, at=at)
    with connect() as conn:
        found = listed(conn, period=first)
    return [key for row in found for key in deliver_one(row)]


def deliver_one(row: dict[str, Any]) -> list[str]:
    """Write one issued invoice where it is missing; the keys written."""
    here = settings()
    places = [
        (Storage(here.bucket_url), f"clients/{row['client']}/outbox/invoices/{row['number']}.pdf"),
        (Storage(here.reports_url), archive_key(row["number"])),
    ]
    missing = [(storage, key) for storage, key in places if not storage.exists(key)]
    if not missing:
        return []
    data = pdf(row["document"])
    for storage, key in missing:
        storage.write_bytes(key, data)
    return [key for _, key in missing]


def archive_key(number: str) -> str:
    """Where the administrators find an invoice, below the reports' URL."""
    return f"reports/invoices/{number}.pdf"


def _codes(client: str | None) -> list[str]:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("billing/list_codes"), {"code": client})
        codes = [code for (code,) in cur.fetchall()]
    if client is not None and not codes:
        raise unknown_client(client)
    return codes


def _summary(made: dict[str, Any]) -> dict[str, Any]:
    kept = ("number", "net", "vat_total", "gross", "prepaid", "payable")
    said = {"client": made["buyer"]["code"], **{name: made[name] for name in kept}}
    said["lines"] = len(made["lines"])
    return said | ({"notices": made["notices"]} if "notices" in made else {})


def _write_draft(made: dict[str, Any]) -> str:
    key = f"reports/invoices/drafts/{made['period']}-{made['buyer']['code']}.pdf"
    Storage(settings().reports_url).write_bytes(key, pdf(made))
    return key


def _tell(told: dict[str, Any]) -> None:
    with connect() as conn, conn.cursor() as cur:
        for refused in told["refused"]:
            if refused["code"] == "month_not_over":  # nothing is missing but time
                continue
            detail = f"{told['month']}: {refused['why']}"
            values = {"client": refused["client"], "detail": detail}
            cur.execute(sql("billing/alert_not_invoiced"), values)
        done = [row["client"] for row in told["issued"]] + told["already"] + told["nothing"]
        cur.execute(
            "update alert set over_at = now() where kind = 'not_invoiced' and over_at is null "
            "and subject = any(%s)",
            (done,),
        )
    log.info("%s: %s invoices issued", told["month"], len(told["issued"]))
