"""``smsswitch campaigns``: apply a campaign file, steer a campaign, see how it stands."""

import getpass
import sys
from pathlib import Path
from typing import Any

import click

from include.cli import emit
from include.errors import InputError


@click.group()
def campaigns() -> None:
    """Campaigns of messages."""


CLIENT = click.option("--client", "client", required=True, help="The client's code.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
NAME = click.argument("name")


def person() -> str:
    """Who is at the command line, for the audit trail."""
    try:
        return f"ops:{getpass.getuser()}"
    except (KeyError, OSError):
        return "ops"


@campaigns.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@CLIENT
@JSON
def apply(file: Path, client: str, as_json: bool) -> None:
    """Do what dropping FILE in the client's inbox does."""
    from include.campaigns.intake import apply_upload, drop

    receipt = apply_upload(drop(client, file.name, file.read_bytes()))
    if as_json:
        emit(receipt)
    else:
        _say(receipt)
    if receipt["errors"]:
        click.echo(f"smsswitch: {_complaint(file, receipt['errors'][0])}", err=True)
        sys.exit(1)


def _say(receipt: dict[str, Any]) -> None:
    click.echo(f"{receipt['campaign']}: {receipt['state']}")
    quote = receipt["quote"]
    if quote:
        click.echo(
            f"{quote['recipients']} recipients, {quote['segments']} SMS ({quote['encoding']}), "
            f"{quote['cost']} {quote['currency']}, credit after {quote['credit_after']}"
        )
    for warning in receipt["warnings"]:
        click.echo(f"note: {warning['message']}")


def _complaint(file: Path, error: dict[str, Any]) -> str:
    place = ":".join(str(part) for part in (file.name, error["line"]) if part is not None)
    field = f" {error['field']}:" if error["field"] else ""
    return f"{place}:{field} {error['message_en']} ({error['code']})"


def _order(action: str, client: str, name: str, as_json: bool) -> None:
    from include.campaigns.control import order

    _report(order(client, name, action, person()), as_json)


def _report(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(document)
    else:
        reason = f" ({document['reason']})" if document["reason"] else ""
        click.echo(f"{document['campaign']}: {document['state']}{reason}")
    if document.get("errors"):
        error = document["errors"][0]
        raise InputError(error["code"], error["message_en"], error["message_fr"])


@campaigns.command()
@NAME
@CLIENT
@JSON
def pause(name: str, client: str, as_json: bool) -> None:
    """Begin nothing more of a campaign."""
    _order("pause", client, name, as_json)


@campaigns.command()
@NAME
@CLIENT
@JSON
def resume(name: str, client: str, as_json: bool) -> None:
    """Go on with a paused campaign."""
    _order("resume", client, name, as_json)


@campaigns.command()
@NAME
@CLIENT
@JSON
def cancel(name: str, client: str, as_json: bool) -> None:
    """Send nothing more of a campaign, and give back what is held for it."""
    _order("cancel", client, name, as_json)


@campaigns.command()
@NAME
@CLIENT
@click.option("--refuse", is_flag=True, help="Refuse it instead.")
@JSON
def approve(name: str, client: str, refuse: bool, as_json: bool) -> None:
    """Let a campaign above its client's limit go."""
    from include.campaigns import control

    decide = control.reject if refuse else control.approve
    _report(decide(client, name, person()), as_json)


@campaigns.command()
@NAME
@CLIENT
@click.option("--ground", required=True, help="transactional, internal, own_recipients, …")
@JSON
def exempt(name: str, client: str, ground: str, as_json: bool) -> None:
    """Record why a marketing campaign may go over SIM modems; drop its file again to activate it."""
    from include.campaigns.control import exempt as record_exemption

    _report(record_exemption(client, name, ground, person()), as_json)


@campaigns.command()
@click.argument("name", required=False)
@click.option("--client", "client", help="Only this client's.")
@JSON
def expand(name: str | None, client: str | None, as_json: bool) -> None:
    """Make the messages of every campaign whose time has come, and share them out."""
    from include.campaigns.expand import expand_due

    done = expand_due(client, name)
    if as_json:
        emit(done)
        return
    for made in done["expanded"]:
        click.echo(f"{made['client']}/{made['campaign']}: {made['state']}")
    click.echo(f"{done['batched']} messages given out again, {done['waiting']} wait for a group")


@campaigns.command()
@NAME
@CLIENT
@JSON
def status(name: str, client: str, as_json: bool) -> None:
    """Say where each message of a campaign stands."""
    from include.campaigns.status import campaign_status

    document = campaign_status(client, name)
    if as_json:
        emit(document)
        return
    click.echo(
        f"{name}: {document['state']}" + (f" ({document['reason']})" * bool(document["reason"]))
    )
    for state, number in document["counts"].items():
        if number:
            click.echo(f"{number:>9} {state}")
