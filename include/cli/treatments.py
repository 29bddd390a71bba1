"""``smsswitch taxation``: treatments, profiles, organisation."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from include.cli import emit
from include.cli.campaigns import person
from include.cli.taxation import JSON, taxation


@taxation.command()
@click.option("--treatment", help="Only this one's.")
@click.option("--result", "run_id", type=int, help="What this run found.")
@JSON
def runs(treatment: str | None, run_id: int | None, as_json: bool) -> None:
    """Show the last runs of the analyses, or what one of them found."""
    from include.taxation.treatments import result
    from include.taxation.treatments import runs as last_runs

    found = last_runs(treatment) if run_id is None else result(run_id)
    _show_rows(found, as_json)


@taxation.command()
@JSON
def due(as_json: bool) -> None:
    """Run every treatment whose time has come, each once for its occasion."""
    from include.taxation.treatments import run_due

    _show_rows(run_due(), as_json)


@taxation.command()
@click.argument("name")
@click.option("--trigger", "triggers", multiple=True, required=True, help="file_loaded, daily, …")
@click.option("--threshold", metavar="MEASURE=N", help="tickets, rejected, files or cost=N.")
@JSON
def treatment(name: str, triggers: tuple[str, ...], threshold: str | None, as_json: bool) -> None:
    """Set what starts the analysis NAME."""
    from include.taxation.treatments import set_triggers

    limit = None
    if threshold is not None:
        measure, _, least = threshold.partition("=")
        if not least.replace(".", "", 1).isdigit():
            raise click.UsageError(f"--threshold takes MEASURE=N, not {threshold}")
        limit = (measure, float(least))
    _show_rows([set_triggers(name, triggers, limit, by=person())], as_json)


@taxation.command()
@click.argument("name", required=False)
@click.option("--analysis", "analyses", multiple=True, help="One that it may run; none: all.")
@click.option("--may-unmask/--masked-only", default=False, show_default=True)
@click.option("--member", help="Give NAME to this person (ops:nadia).")
@click.option("--not-member", help="Take whatever profile this person has.")
@JSON
def profile(
    *,
    name: str | None,
    analyses: tuple[str, ...],
    may_unmask: bool,
    member: str | None,
    not_member: str | None,
    as_json: bool,
) -> None:
    """Show the profiles; or set NAME, or who has it: who may run what and see whole numbers."""
    from include.taxation import profiles

    if not_member:
        profiles.assign(not_member, None, by=person())
    elif member:
        profiles.assign(member, name, by=person())
    elif name:
        profiles.set_profile(name, analyses or None, may_unmask=may_unmask, by=person())
    _show_rows(profiles.profiles(), as_json)


@taxation.group()
def organisation() -> None:
    """Who sits where, and since when."""


@organisation.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Entries that FILE does not name go.")
@JSON
def organisation_import(file: Path, replace: bool, as_json: bool) -> None:
    """Take cost centres or users from a CSV file, as a whole or not at all."""
    from include.taxation.organisation import import_file

    found = import_file(file.name, file.read_bytes(), by=person(), replace=replace)
    _show_rows([found], as_json)


@organisation.command("show")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="On this day (default today).")
def organisation_show(at: datetime | None) -> None:
    """Show users and cost centres of a day."""
    from include.taxation.organisation import listing

    emit(listing((at or datetime.now()).date()))


def _show_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        emit(rows)
        return
    for row in rows:
        click.echo("  ".join(f"{key}={value}" for key, value in row.items() if value is not None))
