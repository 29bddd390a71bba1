"""``smsswitch retention``: what is kept for how long, and forgetting a person."""

import click

from include.cli import emit

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def retention() -> None:
    """How long things are kept."""


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@JSON
def run(dry_run: bool, as_json: bool) -> None:
    """Apply the policies of the settings, as the DAG does every night."""
    from include.cli.campaigns import person
    from include.operations.retention import run as apply_policies

    done = apply_policies(dry_run=dry_run, by=person())
    if as_json:
        emit(done)
        return
    for policy in done["policies"]:
        click.echo(
            f"{policy['kind']:12} {policy['gone']:>10} {'would go' if dry_run else 'gone'}, older than "
            f"{policy['before']:%Y-%m-%d} ({policy['months']} months)  {policy['note']}".rstrip()
        )


@retention.command()
@click.argument("number")
@click.option("--dry-run", is_flag=True, help="Only list the places.")
@click.option(
    "--opt-outs", is_flag=True, help="Forget also that the person wants to be left alone."
)
@JSON
def erase(number: str, dry_run: bool, opt_outs: bool, as_json: bool) -> None:
    """Erase the person of NUMBER; every place touched is listed, and what stays."""
    from include.cli.campaigns import person
    from include.operations.erase import erase as erase_person

    done = erase_person(number, by=person(), dry_run=dry_run, opt_outs=opt_outs)
    if as_json:
        emit(done)
        return
    for place in done["places"]:
        click.echo(
            f"{'would be ' if dry_run else ''}{place['done']}: {place['where']} ({place['found']})"
        )
    for place in done["kept"]:
        click.echo(f"kept: {place['where']} ({place['found']}): {place['done']}")
    click.echo(f"{len(done['places'])} places, {len(done['kept'])} kept")
