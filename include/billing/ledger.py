"""Prepaid credit: an append-only ledger per client, EUR net of VAT. A balance is never negative."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import sql
from include.db.savepoint import savepoint
from include.errors import InputError

_OVERDRAWN = "SM402"
_NOTHING = Decimal(0)


class CreditInsufficientError(InputError):
    """The client has less than is to be held; nothing was held."""

    def __init__(self, available: Decimal, needed: Decimal) -> None:
        self.available = available
        self.needed = needed
        super().__init__(
            "credit_insufficient",
            f"the credit ({available} EUR) is not enough: {needed} EUR is needed",
            f"le crédit ({available} €) ne suffit pas : il faut {needed} €",
        )


@dataclass(frozen=True)
class Balance:
    """What a client may still spend, and what is held for its activated campaigns."""

    available: Decimal
    held: Decimal


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; ``campaign`` is a name, where the entry belongs to one."""

    entry_id: int
    at: datetime
    kind: str
    amount: Decimal
    held: Decimal
    campaign: str | None
    note: str | None


def balance(conn: Connection, client_id: int) -> Balance:
    """The balance now."""
    with conn.cursor() as cur:
        cur.execute("select balance, held from client_balance where client_id = %s", (client_id,))
        row = cur.fetchone()
    return Balance(*row) if row else Balance(Decimal(0), Decimal(0))


def topup(conn: Connection, client_id: int, amount: Decimal, note: str | None = None) -> None:
    """Add money; the amount must be above 0."""
    if amount <= 0:
        raise InputError("bad_amount", f"an amount to add must be above 0, not {amount}")
    _add(conn, client_id, "topup", amount=amount, note=note)


def reserve(conn: Connection, client_id: int, campaign_id: int, amount: Decimal) -> None:
    """Hold an amount for a campaign. ``CreditInsufficientError`` if the client has less."""
    if amount > 0:
        _add(conn, client_id, "reserve", amount=-amount, held=amount, campaign_id=campaign_id)


def release(
    conn: Connection, client_id: int, campaign_id: int, amount: Decimal, note: str | None = None
) -> None:
    """Give back part of what is held for a campaign."""
    if amount > 0:
        _add(
            conn,
            client_id,
            "release",
            amount=amount,
            held=-amount,
            campaign_id=campaign_id,
            note=note,
        )


def note_invoice(conn: Connection, client_id: int, number: str) -> None:
    """An entry without an amount that names an invoice or credit note: SMS were captured before."""
    _add(conn, client_id, "invoice", note=number)


def held_for(conn: Connection, campaign_id: int) -> Decimal:
    """What is held for a campaign now."""
    with conn.cursor() as cur:
        cur.execute(
            "select coalesce(sum(held), 0) from ledger_entry where campaign_id = %s", (campaign_id,)
        )
        row = cur.fetchone()
    return Decimal(row[0]) if row else Decimal(0)


def history(conn: Connection, client_id: int) -> Sequence[Entry]:
    """Every entry of a client, the oldest first."""
    with conn.cursor() as cur:
        cur.execute(sql("billing/list_ledger"), {"client_id": client_id})
        return [Entry(*row) for row in cur.fetchall()]


def disagreements(conn: Connection) -> list[dict[str, Any]]:
    """Where the ledger is not what the messages say: ``{"client", "campaign", "what", "messages",
    "ledger"}``, nothing if all is well. What is held must be the price of the unsettled messages,
    what was captured that of the parts sent, and no balance below nothing.
    """
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        # Both sides of one instant.
        cur.execute("set transaction isolation level repeatable read, read only")
        cur.execute(sql("billing/check_ledger"))
        return [dict(row) for row in cur.fetchall()]


def _add(
    conn: Connection,
    client_id: int,
    kind: str,
    *,
    amount: Decimal = _NOTHING,
    held: Decimal = _NOTHING,
    campaign_id: int | None = None,
    note: str | None = None,
) -> None:
    entry: dict[str, Any] = {
        "client_id": client_id,
        "kind": kind,
        "amount": amount,
        "held": held,
        "campaign_id": campaign_id,
        "note": note,
    }
    try:
        with savepoint(conn), conn.cursor() as cur:
            cur.execute(sql("billing/add_ledger_entry"), entry)
    except psycopg2.Error as error:
        if error.pgcode != _OVERDRAWN:
            raise
        raise CreditInsufficientError(balance(conn, client_id).available, -amount) from None
