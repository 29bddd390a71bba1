"""``smsswitch billing invoice``, ``buyer``, ``ledger``: what clients are to pay, and their credit."""

from pathlib import Path
from typing import Any

import click

from include.cli import emit
from include.errors import InputError

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
MONTH = click.option("--month", help="Such as 2026-11; the last one that is over.")


@click.group()
def invoice() -> None:
    """Monthly invoices and credit notes."""


@invoice.command()
@MONTH
@click.option("--client", help="Only this client.")
@click.option("--issue", "for_real", is_flag=True, help="Issue them; without it a dry run.")
@JSON
def month(month: str | None, client: str | None, for_real: bool, as_json: bool) -> None:
    """Invoice a month: drafts first, numbers and delivery only with --issue."""
    from include.billing.month_end import close_month, deliver

    told = close_month(month, client=client, dry_run=not for_real)
    if for_real:
        told["delivered"] = deliver(told["month"])
    if as_json:
        emit(told)
    else:
        _say_month(told)
    if client and told["refused"]:
        raise InputError(told["refused"][0]["code"], told["refused"][0]["why"])
    if client and for_real and told["already"]:
        _refuse_second(client, told["month"])


def _refuse_second(client: str, text: str) -> None:
    from include.billing.invoicing import draft
    from include.billing.month_end import parse_month

    draft(client, parse_month(text))


def _say_month(told: dict[str, Any]) -> None:
    for row in told["drafts"] + told["issued"]:
        click.echo(
            f"{row['number'] or 'draft':10} {row['client']:20} {row['lines']:>4} lines "
            f"{row['gross']:>12} EUR, {row['payable']} to pay {row.get('file', '')}".rstrip()
        )
        for what, count in row.get("notices", {}).items():
            if count:
                click.echo(f"{'':10} {count} {what.replace('_', ' ')}")
    for row in told["refused"]:
        click.echo(f"{'refused':10} {row['client']:20} {row['why']}")
    for what in ("already", "nothing"):
        if told[what]:
            click.echo(f"{what:10} {', '.join(told[what])}")


@invoice.command()
@click.argument("number")
@click.option("--reason", required=True, help="As it stands on the credit note.")
@JSON
def credit(number: str, reason: str, as_json: bool) -> None:
    """Cancel an invoice by a credit note; its month may then be invoiced again."""
    from include.billing.invoicing import credit as cancel
    from include.billing.invoicing import find
    from include.billing.month_end import deliver_one
    from include.db import connect

    made = cancel(number, reason)
    with connect() as conn:
        row = find(conn, made["number"])
    keys = deliver_one(row)
    if as_json:
        emit({**made, "delivered": keys})
    else:
        click.echo(f"{made['number']} cancels {number}: {made['gross']} EUR")


@invoice.command("list")
@click.option("--client")
@MONTH
@JSON
def list_invoices(client: str | None, month: str | None, as_json: bool) -> None:
    """Issued invoices and credit notes."""
    from include.billing.invoicing import listed
    from include.billing.month_end import parse_month
    from include.db import connect

    with connect() as conn:
        found = listed(conn, client=client, period=parse_month(month) if month else None)
    for row in found:
        row.pop("document")
        row["period"] = f"{row['period']:%Y-%m}"
    if as_json:
        emit({"invoices": found})
        return
    for row in found:
        note = f"cancelled by {row['corrected_by']}" if row["corrected_by"] else ""
        note = f"cancels {row['corrects']}" if row["corrects"] else note
        click.echo(
            f"{row['number']} {row['client']:20} {row['period']} {row['gross']:>12} EUR {note}".rstrip()
        )


@invoice.command()
@click.argument("number")
@click.option("--pdf", "pdf_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--xml", "xml_file", type=click.Path(dir_okay=False, path_type=Path))
def show(number: str, pdf_file: Path | None, xml_file: Path | None) -> None:
    """Print an issued invoice as JSON, or write its PDF or its Factur-X XML."""
    from include.billing.invoicing import find
    from include.db import connect

    with connect() as conn:
        document = find(conn, number)["document"]
    if pdf_file:
        from include.billing.invoice_pdf import pdf

        pdf_file.write_bytes(pdf(document))
    if xml_file:
        from include.billing.facturx_xml import xml

        xml_file.write_bytes(xml(document))
    if not pdf_file and not xml_file:
        emit(document)


@click.command()
@click.argument("code")
@click.option("--legal-name", required=True)
@click.option("--siren", help="Nine digits; required in France.")
@click.option("--vat-number")
@click.option("--address", required=True, help="Street and number.")
@click.option("--postcode", required=True)
@click.option("--city", required=True)
@click.option("--country", default="FR", show_default=True)
@click.option("--email", help="Required outside France: its electronic address.")
def buyer(code: str, **identity: str | None) -> None:
    """Say who a client is in law, as its invoices are to name it."""
    from include.billing.parties import set_buyer
    from include.db import connect

    with connect() as conn:
        set_buyer(conn, code, identity)
    click.echo(f"{code}: invoices are made out to {identity['legal_name']}")


@click.group()
def ledger() -> None:
    """The clients' prepaid credit, entry by entry."""


@ledger.command("show")
@click.argument("code")
@JSON
def show_ledger(code: str, as_json: bool) -> None:
    """A client's entries, what it may spend, and what is held."""
    from dataclasses import asdict

    from include.billing.ledger import balance, history
    from include.billing.parties import buyer as find_client
    from include.db import connect

    with connect() as conn:
        client_id = find_client(conn, code)["client_id"]
        entries, now = history(conn, client_id), balance(conn, client_id)
    if as_json:
        emit({"client": code, **asdict(now), "entries": [asdict(entry) for entry in entries]})
        return
    for entry in entries:
        about = " ".join(filter(None, (entry.campaign, entry.note)))
        click.echo(
            f"{entry.at:%Y-%m-%d %H:%M} {entry.kind:8} {entry.amount:>12} {entry.held:>12} {about}".rstrip()
        )
    click.echo(f"{now.available} EUR to spend, {now.held} EUR held")


@ledger.command("check")
@JSON
def check_ledger(as_json: bool) -> None:
    """Hold the ledger against the messages; exit 1 where they disagree."""
    from include.billing.ledger import disagreements
    from include.db import connect

    with connect() as conn:
        found = disagreements(conn)
    if as_json:
        emit({"disagreements": found})
    for row in [] if as_json else found:
        click.echo(
            f"{row['client']} {row['campaign'] or ''}: {row['what']}: messages say "
            f"{row['messages']}, the ledger {row['ledger']} EUR"
        )
    if found:
        raise InputError("ledger_disagrees", f"{len(found)} disagreements with the messages")
    if not as_json:
        click.echo("the ledger is what the messages say")
