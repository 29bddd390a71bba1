"""``smsswitch clients``: who drops files and pays."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

import click
from psycopg2.extras import RealDictCursor

from include.cli import emit
from include.db import connect, sql
from include.errors import InputError
from include.settings import settings
from include.storage import Storage

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
FOLDERS = ("contacts", "campaigns", "blocklist", "commands")
_MOST = Decimal(10) ** 9


@click.group()
def clients() -> None:
    """Clients and their prepaid credit."""


@clients.command()
@click.argument("code")
@click.option("--name", required=True, help="As it stands on pages and invoices.")
@click.option("--credit", help="First top-up in EUR, net of VAT.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--tariff", default="default", show_default=True)
@click.option("--approve-above", help="A campaign that costs more waits for a person.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def add(
    code: str,
    *,
    name: str,
    credit: str | None,
    lang: str,
    tariff: str,
    approve_above: str | None,
    as_json: bool,
) -> None:
    """Add a client, with its folders in the bucket."""
    if not CODE.fullmatch(code):
        raise InputError(
            "bad_client_code",
            f"{code!r} is no client code: small letters, figures, - and _, at most 63",
            f"{code!r} n'est pas un code de client : minuscules, chiffres, - et _, 63 au plus",
        )
    limit = None if approve_above is None else _amount(approve_above)
    first = None if credit is None else _amount(credit)
    values = {
        "code": code,
        "name": name,
        "language": lang,
        "tariff": tariff,
        "approve_above": limit,
    }
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("bucket/add_client"), values)
        row = cur.fetchone()
        if row is None:
            raise InputError(
                "client_exists",
                f"there is a client {code} already",
                f"le client {code} existe déjà",
            )
        if tariff != "default":
            from include.billing.tariff import assign

            assign(conn, code, tariff)
        if first:
            from include.billing.ledger import topup as add_credit

            add_credit(conn, row[0], first, "clients add")
    _make_folders(code)
    told = {**values, "credit": first or Decimal(0), "inbox": f"clients/{code}/inbox"}
    if as_json:
        emit(told)
    else:
        click.echo(f"client {code} added, credit {first or 0} EUR, inbox clients/{code}/inbox")


def _make_folders(code: str) -> None:
    """Folders to drop into, and the models; object stores have no folders and need none."""
    from include.bucket.templates import write_templates

    storage = Storage(settings().bucket_url)
    write_templates(storage)
    if storage.is_local:
        for folder in FOLDERS:
            storage.fs.makedirs(storage.path(f"clients/{code}/inbox/{folder}"), exist_ok=True)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    exponent = amount.as_tuple().exponent
    exact = isinstance(exponent, int) and exponent >= -4
    if not exact or not 0 <= amount < _MOST:
        raise InputError(
            "bad_amount",
            f"{text!r} is no amount in EUR, such as 100.00",
            f"{text!r} n'est pas un montant en euros, tel que 100.00",
        )
    return amount


@clients.command()
@click.argument("code")
@click.argument("amount")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def topup(code: str, amount: str, as_json: bool) -> None:
    """Add AMOUNT (EUR, net of VAT) to a client's credit."""
    from include.billing.ledger import balance
    from include.billing.ledger import topup as add_credit
    from include.bucket.intake import find_client

    added, client = _amount(amount), find_client(code)
    if not added:
        raise InputError("bad_amount", "the amount is zero", "le montant est nul")
    with connect() as conn:
        add_credit(conn, client.client_id, added, "clients topup")
        now = balance(conn, client.client_id).available
    if as_json:
        emit({"client": code, "added": added, "credit": now})
    else:
        click.echo(f"{code}: {added} EUR added, credit {now} EUR")


@clients.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_clients(as_json: bool) -> None:
    """Every client with its credit."""
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("bucket/list_balances"))
        found: list[dict[str, Any]] = [dict(row) for row in cur.fetchall()]
    if as_json:
        emit({"clients": found})
        return
    for row in found:
        click.echo(f"{row['code']:20} {row['balance']:>14} EUR  held {row['held']}  {row['name']}")
