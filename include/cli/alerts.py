"""``smsswitch alerts``: what a person should look at, and telling people."""

import sys
from typing import Any

import click

from include.cli import emit

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def alerts() -> None:
    """Alerts: open ones, and who was told."""


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that ended within a month.")
@JSON
def list_command(everything: bool, as_json: bool) -> None:
    """Show the open alerts, and how many messages about them still wait."""
    from include.operations.alerts import list_alerts

    found = list_alerts(everything)
    if as_json:
        emit({"alerts": found})
        return
    for row in found:
        state = f"over {row['over_at']:%Y-%m-%d %H:%M}" if row["over_at"] else "open"
        waits = (
            f"  {row['untold']} untold: {row['last_error'] or 'not yet tried'}"
            if row["untold"]
            else ""
        )
        click.echo(
            f"{row['alert_id']:>6}  {row['raised_at']:%Y-%m-%d %H:%M}  {state}  {row['kind']}  "
            f"{row['subject']}  {row['detail']}  ({row['told']} told){waits}"
        )
    click.echo(f"{sum(row['over_at'] is None for row in found)} open")


@alerts.command()
@click.argument("alert_id", type=int)
@JSON
def close(alert_id: int, as_json: bool) -> None:
    """Close an alert by hand; it comes again if its cause still holds."""
    from include.cli.campaigns import person
    from include.operations.alerts import close_alert

    done = close_alert(alert_id, by=person())
    if as_json:
        emit(done)
    else:
        click.echo(f"closed: {done['kind']} {done['subject']}")


@alerts.command()
@JSON
def tell(as_json: bool) -> None:
    """Send what is due, as the fleet_monitor DAG does every minute."""
    from include.operations.alerts import tell as tell_people

    _say(tell_people(), as_json)


@alerts.command()
@JSON
def test(as_json: bool) -> None:
    """Send a test to every receiver; exit 1 if somebody could not be told."""
    from include.cli.campaigns import person
    from include.operations.alerts import try_receivers

    done = try_receivers(person())
    _say(done, as_json)
    if done["failed"]:
        click.echo("smsswitch: not everybody was told: smsswitch alerts list --all", err=True)
        sys.exit(1)


def _say(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(done)
    else:
        click.echo(f"{done['planned']} news planned, {done['told']} told, {done['failed']} failed")
