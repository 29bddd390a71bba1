"""``smsswitch taxation``: spools of call accounting in, analyses out."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from include.cli import emit
from include.cli.campaigns import person

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def taxation() -> None:
    """Call accounting: read a PBX's tickets, analyse them."""


@taxation.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--pbx", required=True, help="Whose files they are; made with defaults if new.")
@JSON
@click.pass_context
def ingest(ctx: click.Context, paths: tuple[Path, ...], pbx: str, as_json: bool) -> None:
    """Load spool files, or the spool files of folders, into taxdata."""
    from include.taxation.ingest import ingest_paths

    report = ingest_paths(paths, pbx)
    if report["pbx_created"]:
        click.echo(f"PBX {pbx} is new: made with the default settings", err=True)
    _show_report(report, as_json)
    if any(file["state"] == "quarantined" for file in report["files"]):
        ctx.exit(1)


@taxation.command()
@click.option("--pbx", help="Only this PBX's.")
@click.option(
    "--all", "everything", is_flag=True, help="Loaded files too, not only those set aside."
)
@JSON
@click.pass_context
def replay(ctx: click.Context, pbx: str | None, everything: bool, as_json: bool) -> None:
    """Read kept raw files again, under today's code and settings."""
    from include.taxation.replay import replay as replay_kept

    report = replay_kept(pbx, everything=everything)
    _show_report(report, as_json)
    if any(file["state"] == "quarantined" for file in report["files"]):
        ctx.exit(1)


def _show_report(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(report)
        return
    for file in report["files"]:
        told = f"{file['tickets']} tickets, {file['rejected']} rejected"
        click.echo(f"{file['name']}: {file['state']}, {file['detail'] or told}")
    for key, what in (("columns_added", "added"), ("columns_converted", "widened")):
        if report[key]:
            click.echo(f"columns {what}: {', '.join(report[key])}")


@taxation.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@JSON
def plan(file: Path, as_json: bool) -> None:
    """Show what loading a file would change, without changing it."""
    from include.taxation.status import plan_file

    document = plan_file(file)
    if as_json:
        emit(document)
        return
    for layout in document["layouts"]:
        known = "known" if layout["known"] else "new"
        click.echo(
            f"layout {layout['layout'][:12]} ({layout['ticket_version']}, {known}): "
            f"{layout['tickets']} tickets\n  {layout['ddl'] or 'nothing to change'}"
        )


@taxation.command()
@JSON
def status(as_json: bool) -> None:
    """Show what has been read, per PBX, and what was set aside."""
    from include.taxation.status import status as look

    document = look()
    if as_json:
        emit(document)
        return
    for pbx in document["pbxs"]:
        click.echo(
            f"{pbx['pbx']}: {pbx['loaded']} files, {pbx['tickets']} tickets, "
            f"{pbx['rejected']} rejected, {pbx['duplicates']} duplicate, "
            f"{pbx['quarantined']} files quarantined, {pbx['waiting']} waiting"
        )
        if pbx["columns_gone"]:
            click.echo(f"  no longer filled: {', '.join(pbx['columns_gone'])}")
    for file in document["quarantined"]:
        click.echo(f"{file['pbx']}/{file['name']}: {file['detail']}")


@taxation.command()
@click.argument("layout")
@click.option("--by", required=True, help="Who allows it.")
@JSON
def approve(layout: str, by: str, as_json: bool) -> None:
    """Allow the columns that a waiting layout needs (its id, or the start of it)."""
    from include.taxation.replay import approve_layout

    document = approve_layout(layout, by)
    if as_json:
        emit(document)
    else:
        click.echo(f"layout {document['layout'][:12]} allowed: {document['ddl']}")


@taxation.command()
@click.argument("name", required=False)
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="E.g. from=2026-03-01.")
@click.option("--unmask", metavar="REASON", help="Show whole numbers; why is audited first.")
@JSON
def analyse(name: str | None, params: tuple[str, ...], unmask: str | None, as_json: bool) -> None:
    """Run a predefined analysis; without a NAME, list them."""
    from include.taxation.analyse import analyse as run
    from include.taxation.analyse import treatments

    if name is None:
        found = treatments()
        if as_json:
            emit({"treatments": found})
        for each in found if not as_json else ():
            click.echo(f"{each['name']:<24} {each['title_en']}")
        return
    if bad := [param for param in params if "=" not in param]:
        raise click.UsageError(f"--param takes KEY=VALUE, not {bad[0]}")
    given = dict(param.split("=", 1) for param in params)
    document = run(name, given, actor=person(), unmask=unmask)
    if as_json:
        emit(document)
        return
    click.echo("\t".join(document["columns"]))
    for row in document["rows"]:
        click.echo("\t".join("" if value is None else str(value) for value in row))


@taxation.command()
@click.option(
    "--layout",
    type=click.Choice(["seed", "4.8", "4.9", "5.1", "ed5.2"]),
    default="seed",
    show_default=True,
)
@click.option("--tickets", type=click.IntRange(min=0), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--from", "first_day", type=click.DateTime(["%Y-%m-%d"]), help="First day of calls.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def generate(
    layout: str, tickets: int, seed: int, first_day: datetime | None, output: Path
) -> None:
    """Write a spool as a PBX does: compress(1) data, fictional numbers."""
    from include.taxation.generate import FIRST_DAY, write_spool

    day = first_day.date() if first_day else FIRST_DAY
    size = write_spool(output, layout_name=layout, tickets=tickets, seed=seed, first_day=day)
    click.echo(f"{output}: {tickets} tickets, {size} bytes", err=True)


@taxation.group()
def pbx() -> None:
    """Telephone exchanges."""


@pbx.command("add")
@click.argument("code")
@click.option("--client", help="Who pays for its calls.")
@click.option("--timezone", help="Of its dates (default Europe/Paris).")
@click.option("--charset", help="Of its names (default cp1252).")
@click.option("--dial-plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--policy", type=click.Choice(["evolve", "freeze", "approve"]))
@click.option("--blanks-stripped/--blanks-kept", default=None, help="It cuts trailing blanks off.")
@JSON
def pbx_add(
    *,
    code: str,
    client: str | None,
    timezone: str | None,
    charset: str | None,
    dial_plan: Path | None,
    policy: str | None,
    blanks_stripped: bool | None,
    as_json: bool,
) -> None:
    """Make a PBX known, or change what is given of a known one."""
    from include.taxation.pbx import add, read_dial_plan

    document = add(
        code,
        client=client,
        timezone=timezone,
        charset=charset,
        dial_plan=read_dial_plan(dial_plan) if dial_plan else None,
        policy=policy,
        blanks_stripped=blanks_stripped,
    )
    if as_json:
        emit(document)
    else:
        click.echo(json.dumps(document, ensure_ascii=False))
