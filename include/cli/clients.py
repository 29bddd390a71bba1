"""``smsswitch clients``: who drops files and pays."""

from typing import Any

import click
from psycopg2.extras import RealDictCursor

from include.cli import emit
from include.cli.campaigns import person
from include.db import connect, sql

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def clients() -> None:
    """Clients and their prepaid credit."""


@clients.command()
@click.argument("code")
@click.option("--name", required=True, help="As it stands on pages and invoices.")
@click.option("--credit", help="First top-up in EUR, net of VAT.")
@click.option(
    "--lang", "language", type=click.Choice(["fr", "en"]), default="fr", show_default=True
)
@click.option("--tariff", default="default", show_default=True)
@click.option("--approve-above", help="A campaign that costs more waits for a person.")
@click.option("--low-credit", help="Below this credit in EUR there is an alert.")
@click.option("--alert-address", help="Where the client's own alerts are mailed to.")
@JSON
def add(code: str, *, as_json: bool, **given: Any) -> None:
    """Add a client, with its folders in the bucket."""
    from include.operations.clients import add_client

    told = add_client(code, by=person(), **given)
    if as_json:
        emit(told)
    else:
        click.echo(f"client {code} added, credit {told['credit']} EUR, inbox clients/{code}/inbox")


@clients.command()
@click.argument("code")
@click.option("--name", help="As it stands on pages and invoices.")
@click.option("--lang", "language", type=click.Choice(["fr", "en"]))
@click.option("--tariff")
@click.option("--approve-above", help="A campaign that costs more waits for a person; '': none.")
@click.option("--low-credit", help="Below this credit in EUR there is an alert.")
@click.option("--alert-address", help="Where the client's own alerts are mailed to; '': nowhere.")
@JSON
def edit(code: str, as_json: bool, **changes: Any) -> None:
    """Change what is given of a client."""
    from include.operations.clients import edit_client

    told = edit_client(code, by=person(), **changes)
    if as_json:
        emit(told)
    else:
        click.echo("  ".join(f"{key} {value}" for key, value in told.items()))


@clients.command("bucket-login")
@click.argument("code")
@click.option("--sftp-key", "key_files", multiple=True, type=click.File(), help="Public SSH key.")
@click.option("--revoke", is_flag=True, help="Take the login away instead.")
@JSON
def bucket_login(code: str, *, key_files: tuple[Any, ...], revoke: bool, as_json: bool) -> None:
    """Make or replace a client's own login to the bucket (S3 and SFTP); printed once.

    Written into the folder SMSSWITCH_BUCKET_LOGINS, which the bucket's server reads at its start.
    """
    from include.bucket.logins import change_login

    keys = [line for file in key_files for line in file.read().splitlines() if line.strip()]
    told = change_login(code, keys, revoke=revoke, by=person())
    if as_json:
        emit(told)
        return
    width = max(map(len, told))
    for key, value in told.items():
        click.echo(f"{key:{width}}  {value}")


@clients.command()
@click.argument("code")
@click.argument("amount")
@JSON
def topup(code: str, amount: str, as_json: bool) -> None:
    """Add AMOUNT (EUR, net of VAT) to a client's credit."""
    from include.operations.clients import top_up

    told = top_up(code, amount, by=person())
    if as_json:
        emit(told)
    else:
        click.echo(f"{code}: {told['added']} EUR added, credit {told['credit']} EUR")


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
