"""Invoices: drawn up from what was consumed, issued once, cancelled whole by a credit note."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, RealDictCursor, execute_values

from include.billing import parties
from include.billing.invoice_document import CURRENCY, Line, credit_document, document
from include.billing.ledger import note_invoice
from include.db import connect, sql
from include.errors import InputError
from include.logs import canonical
from include.settings import settings

LATE_MONTHS = 3
log = logging.getLogger(__name__)


def draft(client: str, month: date, *, at: datetime | None = None) -> dict[str, Any]:
    """The invoice as it would be issued now: nothing is written, no number is taken.

    ``notices`` counts what may still change it. Raises ``InputError``: ``unknown_client``,
    ``seller_incomplete``, ``buyer_incomplete``, ``already_invoiced``, ``nothing_to_invoice``,
    ``no_vat_rate``, ``not_in_euros``, ``negative_total``.
    """
    with connect() as conn:
        found = _drawn_up(conn, client, month, at or datetime.now(UTC))
        conn.rollback()
    return {**found["document"], "notices": found["notices"]}


def issue(client: str, month: date, *, at: datetime | None = None) -> dict[str, Any]:
    """Issue a client's invoice of a month, in one transaction; its document, with its number.

    Raises ``InputError`` as ``draft`` does, and ``month_not_over``.
    """
    with connect() as conn:
        issued = issue_in(conn, client, month, at or datetime.now(UTC))
    _log(issued)
    return issued


def issue_in(conn: Connection, client: str, month: date, at: datetime) -> dict[str, Any]:
    """``issue`` in the caller's transaction: its end decides whether the number is taken."""
    if _local_day(at) < month_after(month):
        raise InputError(
            "month_not_over",
            f"{month:%Y-%m} is not over yet: only a dry run is possible",
            f"{month:%Y-%m} n'est pas terminé : seul un essai à blanc est possible",
        )
    found = _drawn_up(conn, client, month, at)
    return _issued(conn, found["document"], found["client_id"], month, found["lines"])


def credit(number: str, reason: str, *, at: datetime | None = None) -> dict[str, Any]:
    """Cancel an invoice by a credit note over all of it; what it invoiced may be invoiced again.

    Raises ``InputError``: ``unknown_invoice``, ``not_an_invoice``, ``already_credited``.
    """
    if not reason.strip():
        raise InputError("reason_required", "say why", "dites pourquoi")
    issued_on = _local_day(at or datetime.now(UTC))
    with connect() as conn:
        invoiced = find(conn, number)
        with conn.cursor() as cur:
            lock = "select from client where client_id = %s for no key update"
            cur.execute(lock, (invoiced["client_id"],))
        invoiced = find(conn, number)
        if invoiced["kind"] != "invoice":
            raise InputError("not_an_invoice", f"{number} is a credit note itself")
        if invoiced["corrected_by"]:
            raise InputError(
                "already_credited",
                f"{number} was cancelled by {invoiced['corrected_by']}",
                f"{number} est annulée par {invoiced['corrected_by']}",
            )
        text = credit_document(invoiced["document"], reason.strip(), issued_on)
        issued = _issued(
            conn,
            text,
            invoiced["client_id"],
            invoiced["period"],
            [_line(line) for line in text["lines"]],
            corrects=invoiced,
        )
    _log(issued)
    return issued


def _log(issued: dict[str, Any]) -> None:
    """Once the number is taken: what was rolled back leaves no line."""
    told = {name: issued[name] for name in ("number", "kind", "period", "net", "gross", "payable")}
    canonical(log, "invoice", client=issued["buyer"]["code"], lines=len(issued["lines"]), **told)


def find(conn: Connection, number: str) -> dict[str, Any]:
    """An issued invoice or credit note. Raises ``InputError`` ``unknown_invoice``."""
    found = listed(conn, number=number)
    if not found:
        raise InputError(
            "unknown_invoice", f"there is no invoice {number}", f"il n'y a pas de facture {number}"
        )
    return found[0]


def listed(
    conn: Connection,
    *,
    client: str | None = None,
    period: date | None = None,
    number: str | None = None,
) -> list[dict[str, Any]]:
    """Invoices and credit notes, the oldest first."""
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        wanted = {"client": client, "period": period, "number": number}
        cur.execute(sql("billing/list_invoices"), wanted)
        return [dict(row) for row in cur.fetchall()]


def month_after(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _drawn_up(conn: Connection, client: str, month: date, at: datetime) -> dict[str, Any]:
    buyer = parties.buyer(conn, client)
    client_id, language = buyer.pop("client_id"), buyer.pop("language")
    _refuse_second(conn, client, month)
    lines = _to_invoice(conn, client_id, month)
    if not lines:
        raise InputError(
            "nothing_to_invoice",
            f"{client} has consumed nothing in {month:%Y-%m} that is not invoiced",
            f"{client} n'a rien consommé en {month:%Y-%m} qui ne soit facturé",
        )
    parties.require_identity(buyer)
    issuer, issued_on = parties.seller(conn), _local_day(at)
    text = document(issuer, buyer, month, lines, issued_on=issued_on, language=language)
    if Decimal(text["net"]) < 0:
        raise InputError(
            "negative_total",
            f"corrections of earlier months make it {text['net']} EUR: cancel the invoice of that "
            "month by a credit note and issue it again",
            f"les régularisations de mois antérieurs le rendent négatif ({text['net']} €) : annulez "
            "la facture de ce mois par un avoir, puis émettez-la de nouveau",
        )
    return {
        "document": text,
        "client_id": client_id,
        "lines": lines,
        "notices": _unready(conn, client_id, month),
    }


def _refuse_second(conn: Connection, client: str, month: date) -> None:
    standing = [
        row["number"]
        for row in listed(conn, client=client, period=month)
        if row["kind"] == "invoice" and row["corrected_by"] is None
    ]
    if standing:
        raise InputError(
            "already_invoiced",
            f"{client} was invoiced for {month:%Y-%m} by {standing[0]}; to correct it: "
            f"smsswitch billing invoice credit {standing[0]} --reason …, then issue it again",
            f"{client} est facturé pour {month:%Y-%m} par {standing[0]} ; pour corriger : "
            f"smsswitch billing invoice credit {standing[0]} --reason …, puis une nouvelle facture",
        )


def _to_invoice(conn: Connection, client_id: int, month: date) -> list[Line]:
    wanted = _span(month) | {"client_id": client_id}
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("billing/list_consumption"), wanted)
        rows = [dict(row) for row in cur.fetchall()]
    for row in rows:
        if row["vat_percent"] is None:
            what = f"vat_rate has no rate for {row['month']:%Y-%m}"
            raise InputError("no_vat_rate", what, f"pas de taux de TVA pour {row['month']:%Y-%m}")
        if row.pop("currency") != CURRENCY:
            what = f"calls of cost centre {row['item']!r} are priced in another currency"
            raise InputError("not_in_euros", what)
    return [Line(**row) for row in rows]


def _unready(conn: Connection, client_id: int, month: date) -> dict[str, int]:
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("billing/count_unready"), _span(month) | {"client_id": client_id})
        return dict(cur.fetchone() or {})


def _span(month: date) -> dict[str, Any]:
    before = month.year * 12 + month.month - 1 - LATE_MONTHS
    return {
        "month": month,
        "after": month_after(month),
        "earliest": date(before // 12, before % 12 + 1, 1),
        "zone": settings().timezone,
    }


def _issued(
    conn: Connection,
    text: dict[str, Any],
    client_id: int,
    month: date,
    lines: Sequence[Line],
    *,
    corrects: dict[str, Any] | None = None,
) -> dict[str, Any]:
    kind = text["kind"]
    revision = corrects["revision"] if corrects else _next_revision(conn, client_id, month)
    with conn.cursor() as cur:
        # The last thing that waits: from here to the commit everybody else who issues does.
        cur.execute(
            "update invoice_counter set last = last + 1 where kind = %s returning prefix, last",
            (kind,),
        )
        prefix, sequence = cur.fetchone() or ("", 0)
        text["number"] = f"{prefix}{sequence:06d}"
        values = {
            **{name: text[name] for name in ("number", "issued_on", "due_on", "net", "gross")},
            **{name: text[name] for name in ("prepaid", "payable", "kind")},
            "vat": text["vat_total"],
            "sequence": sequence,
            "client_id": client_id,
            "period": month,
            "revision": revision,
            "corrects": corrects["invoice_id"] if corrects else None,
            "document": Json(text),
        }
        cur.execute(sql("billing/insert_invoice"), values)
        (invoice_id,) = cur.fetchone() or (0,)
        rows = [
            (
                invoice_id, n, line.kind, line.month, line.item, line.unit_price, line.quantity,
                line.times, line.seconds, line.exact, line.vat_percent, line.net,
            )
            for n, line in enumerate(lines, 1)
        ]  # fmt: skip
        execute_values(cur, "insert into invoice_line values %s", rows)
    note_invoice(conn, client_id, text["number"])
    return text


def _next_revision(conn: Connection, client_id: int, month: date) -> int:
    with conn.cursor() as cur:
        cur.execute(
            "select count(*) + 1 from invoice where client_id = %s and period = %s and kind = 'invoice'",
            (client_id, month),
        )
        (revision,) = cur.fetchone() or (1,)
    return int(revision)


def _line(said: dict[str, Any]) -> Line:
    """A line of a document again."""
    unit = said["unit_price"]
    return Line(
        kind=said["kind"],
        month=date.fromisoformat(f"{said['month']}-01"),
        item=said["item"],
        unit_price=None if unit is None else Decimal(unit),
        quantity=Decimal(said["quantity"]),
        times=said["times"],
        seconds=said["seconds"],
        exact=Decimal(said["exact"]),
        vat_percent=Decimal(said["vat_percent"]),
    )


def _local_day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(settings().timezone)).date()
