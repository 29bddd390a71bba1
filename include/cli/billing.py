"""``smsswitch billing``: tariffs, prices, invoices."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from include.cli import emit
from include.cli.invoices import buyer, invoice, ledger
from include.errors import InputError

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
FILE = click.Path(dir_okay=False, path_type=Path)
DIRECTIONS = ["outgoing", "incoming", "local"]


def _instant(_: click.Context, __: click.Parameter, value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not an ISO 8601 date and time") from None


@click.group()
def billing() -> None:
    """Tariffs, prices, invoices."""


billing.add_command(invoice)
billing.add_command(buyer)
billing.add_command(ledger)


@billing.command()
@click.option("--tariff", "tariff_file", required=True, type=FILE, help="A tariff file.")
@click.option("--called", required=True, help="E.164, or a French number from its 0.")
@click.option("--start", required=True, callback=_instant, help="ISO 8601; no zone: the tariff's.")
@click.option("--seconds", required=True, type=click.IntRange(min=0))
@click.option("--units", type=click.IntRange(min=0), help="Charge units of the ticket.")
@click.option("--direction", type=click.Choice(DIRECTIONS), default="outgoing", show_default=True)
@JSON
def price(
    *,
    tariff_file: Path,
    called: str,
    start: datetime,
    seconds: int,
    units: int | None,
    direction: str,
    as_json: bool,
) -> None:
    """Price one call and show how the price comes about."""
    from include.billing.price import from_national, price_call
    from include.billing.tariff_file import read_file

    tariff = read_file(tariff_file, complete=False)
    number = from_national(called)
    found = price_call(tariff, number, start, seconds, units=units, direction=direction)
    document = found.document()
    if as_json:
        emit(document)
        return
    for piece in document["pieces"]:
        click.echo(
            f"{piece['from_second']:>6} s  {piece['rate']}: {piece['seconds']} s "
            f"at {piece['price']} per {piece['per'] or 'unit'} = {piece['amount']}"
        )
    click.echo(
        f"{document['cost']} {document['currency']}" if found.reason is None else found.reason
    )


@billing.command()
@click.option("--from", "since", help="Re-rate calls from this day on, such as 2026-11-01.")
@click.option("--to", "until", help="To this day, included.")
@click.option("--tariff", help="Only calls under this tariff.")
@click.option("--dry-run", is_flag=True, help="Show what a re-rating would change.")
@JSON
def rate(
    since: str | None, until: str | None, tariff: str | None, dry_run: bool, as_json: bool
) -> None:
    """Price every ticket without a price; with days, price again by the versions that count now."""
    from include.billing.rating import rate as rate_calls

    report = rate_calls(since, until, tariff, dry_run=dry_run)
    if as_json:
        emit(report)
        return
    reasons = ", ".join(f"{name}: {number}" for name, number in report["reasons"].items())
    click.echo(f"{report['rated']} rated, {report['unrated']} unrated {reasons}".rstrip())
    if "changed" in report:
        _say_changes(report)


def _say_changes(report: dict[str, Any]) -> None:
    for each in report["differences"]:
        after = each["after"] or each["reason"]
        click.echo(f"ticket {each['ticket_id']}: {each['before'] or 'no price'} -> {after}")
    for currency in sorted({*report["before"], *report["after"]}):
        before, after = (report[name].get(currency, "0") for name in ("before", "after"))
        click.echo(f"{report['changed']} changed: {before} -> {after} {currency}")
    if report["dry_run"]:
        click.echo("dry run: nothing was changed")


@billing.group()
def tariff() -> None:
    """Tariff files and their versions."""


@tariff.command()
@click.argument("file", type=FILE)
@JSON
def check(file: Path, as_json: bool) -> None:
    """Say whether a tariff file can be loaded, and every fault with its place."""
    from include.billing.tariff_file import read_file

    read = read_file(file)
    found = {"tariff": read.code, "valid_from": read.valid_from.isoformat(), "faults": []}
    if as_json:
        emit(found)
    else:
        click.echo(
            f"{file}: tariff {read.code} of {read.valid_from}, {len(read.rates)} rates: good"
        )


@tariff.command()
@click.argument("file", type=FILE)
@JSON
def load(file: Path, as_json: bool) -> None:
    """Add a tariff file as a version."""
    from include.billing.tariff import load as load_version
    from include.billing.tariff_file import read_file
    from include.db import connect

    read = read_file(file)
    with connect() as conn:
        document = load_version(conn, read)
    if as_json:
        emit(document)
        return
    what = "loaded" if document["created"] else "was loaded before"
    click.echo(f"{document['tariff']} of {document['valid_from']}, v{document['version']}: {what}")


@tariff.command()
@click.argument("code", required=False)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The version that counts that day.")
@JSON
def show(code: str | None, on: datetime | None, as_json: bool) -> None:
    """List the versions; with a CODE and a day, show the document in force."""
    from include.billing.tariff import current, ensure_default, versions
    from include.db import connect

    with connect() as conn:
        ensure_default(conn)
        if code and on:
            emit(current(conn, code, on.date()).document)
            return
        found = versions(conn, code)
    if code and not found:
        raise InputError("unknown_tariff", f"there is no tariff {code!r}")
    if as_json:
        emit({"tariffs": found})
        return
    for each in found:
        clients = ", ".join(each["clients"]) or "no client"
        click.echo(f"{each['tariff']} {each['valid_from']} v{each['version']}: {clients}")


@tariff.command()
@click.argument("file", type=FILE)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Against the version of that day.")
@JSON
def diff(file: Path, on: datetime | None, as_json: bool) -> None:
    """Show where a file differs from the version in force."""
    from include.billing.tariff import current, differences
    from include.billing.tariff_file import read_file
    from include.db import connect

    read = read_file(file)
    day: date = on.date() if on else datetime.now(UTC).date()
    with connect() as conn:
        found = differences(current(conn, read.code, day).document, read.document)
    if as_json:
        emit({"tariff": read.code, "differences": found})
        return
    for each in found:
        click.echo(f"{each['place']}: {json.dumps(each['before'])} -> {json.dumps(each['after'])}")


@tariff.command()
@click.argument("code")
@click.option("--client", required=True)
def assign(code: str, client: str) -> None:
    """Let a client pay by a tariff."""
    from include.billing.tariff import assign as set_tariff
    from include.db import connect

    with connect() as conn:
        set_tariff(conn, client, code)
    click.echo(f"{client} pays by {code}")
