"""``smsswitch groups``, ``messages`` and ``monitor``: the hosts and what became of their messages."""

from typing import Any

import click

from include.cli import emit
from include.cli.campaigns import person

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
GROUP = click.argument("group", metavar="MAC_OR_ALIAS")


@click.group()
def groups() -> None:
    """Groups: computers with GSM modems plugged in."""


@groups.command()
@click.option("--mac", required=True, help="MAC address of the host.")
@click.option("--alias", required=True, help="The name shown.")
@click.option("--modems", required=True, type=int, help="How many modems it has.")
@click.option("--rate", type=int, help="SMS a minute; left out: no limit.")
@JSON
def add(mac: str, alias: str, modems: int, rate: int | None, as_json: bool) -> None:
    """Enrol a host; its database login is shown this once."""
    from include.fleet.groups import add_group

    _show_address(add_group(mac, alias, modems, rate, by=person()), as_json)


@groups.command()
@GROUP
@JSON
def credential(group: str, as_json: bool) -> None:
    """Give a group's host a new database login, shown this once; the one before is void."""
    from include.fleet.groups import new_credential

    _show_address(new_credential(group, by=person()), as_json)


def _show_address(group: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(group)
        return
    click.echo(f"group {group['group_id']} {group['mac']} {group['alias']}")
    click.echo(f"its database address, shown this once:\n{group['database_url']}")


@groups.command("list")
@JSON
def list_command(as_json: bool) -> None:
    """Show every group."""
    from include.fleet.groups import list_groups

    found = list_groups()
    if as_json:
        emit({"groups": found})
        return
    for g in found:
        click.echo(
            f"{g['mac']}  {g['alias']:<20} {g['modems']:>2} modems  {g['state']:<8} "
            f"{g['sent']} sent, {g['delivered']} delivered, {g['queued']} queued"
        )


def _show(group: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(group)
    else:
        click.echo("  ".join(f"{key} {value}" for key, value in group.items()))


def _state_command(name: str, state: str, help_text: str) -> None:
    @groups.command(name, help=help_text)
    @GROUP
    @JSON
    def command(group: str, as_json: bool) -> None:
        from include.fleet.groups import set_state

        _show(set_state(group, state, by=person()), as_json)


_state_command("start", "started", "Let a group claim batches.")
_state_command("stop", "stopped", "Begin nothing more; what is not begun comes back.")
_state_command("drain", "draining", "Finish what it holds, then stop.")


@groups.command()
@GROUP
@click.option("--alias")
@click.option("--modems", type=int)
@click.option("--rate", type=int, help="SMS a minute; 0: no limit.")
@click.option("--permit", type=click.IntRange(1), help="How far ahead of its reports, per modem.")
@JSON
def edit(group: str, as_json: bool, **changes: Any) -> None:
    """Change a group's alias, number of modems or rate."""
    from include.fleet.groups import edit_group

    given = {key: value for key, value in changes.items() if value is not None}
    _show(edit_group(group, by=person(), **given), as_json)


@groups.command()
@GROUP
@JSON
def delete(group: str, as_json: bool) -> None:
    """Take a group away; refused while it holds batches."""
    from include.fleet.groups import delete_group

    _show(delete_group(group, by=person()), as_json)


@groups.command()
@GROUP
@JSON
def condemn(group: str, as_json: bool) -> None:
    """Give up what a dead host holds; what it may have begun becomes uncertain."""
    from include.fleet.groups import condemn_group

    _show(condemn_group(group, by=person()), as_json)


@click.group()
def messages() -> None:
    """Single messages."""


@messages.group()
def uncertain() -> None:
    """Messages that may have gone out."""


@uncertain.command("list")
@click.option("--client")
@click.option("--campaign")
@JSON
def list_uncertain_command(client: str | None, campaign: str | None, as_json: bool) -> None:
    """Show them, the oldest first."""
    from include.fleet.uncertain import list_uncertain

    found = list_uncertain(client, campaign)
    if as_json:
        emit({"messages": found})
        return
    for m in found:
        click.echo(
            f"{m['message_id']}  {m['client']}/{m['campaign']}  {m['msisdn']}  part {m['part']} of "
            f"{m['segments']}  {m['group']} {m['imei'] or ''}  {m['error'] or ''}"
        )
    click.echo(f"{len(found)} uncertain")


@uncertain.command()
@click.argument("ids", metavar="MESSAGE_ID…", type=int, nargs=-1)
@click.option(
    "--as", "verdict", required=True, type=click.Choice(["sent", "planned", "written_off"])
)
@click.option("--all", "everything", is_flag=True, help="All of the campaign named.")
@click.option("--client")
@click.option("--campaign")
@JSON
def resolve(ids: tuple[int, ...], verdict: Any, as_json: bool, **named: Any) -> None:
    """Say what became of them: sent, to be planned again (may be received twice), or written off."""
    from include.fleet.uncertain import list_uncertain, resolve_uncertain

    chosen = list(ids)
    if named["everything"]:
        if not (named["client"] and named["campaign"]):
            raise click.UsageError("--all needs --client and --campaign")
        found = list_uncertain(named["client"], named["campaign"], limit=1_000_000)
        chosen += sorted({m["message_id"] for m in found})
    elif not ids:
        raise click.UsageError("name messages, or --all with --client and --campaign")
    done = resolve_uncertain(chosen, verdict, person())
    if as_json:
        emit(done)
    else:
        click.echo(f"{len(done['resolved'])} {verdict}, {len(done['unchanged'])} unchanged")


@click.group()
def monitor() -> None:
    """What the hosts reported, added up."""


@monitor.command("rollup")
@JSON
def rollup_command(as_json: bool) -> None:
    """Settle, complete, count and alert, as the fleet_monitor DAG does every minute."""
    from include.campaigns.expand import publish_all
    from include.fleet.rollup import rollup

    done = rollup()
    publish_all()
    if as_json:
        emit(done)
        return
    settled = done["settled"]
    click.echo(
        f"{settled['messages']} messages settled ({settled['captured']} EUR captured, "
        f"{settled['released']} released), {len(done['finished'])} campaigns finished, "
        f"{len(done['alerts'])} alerts open"
    )


@monitor.command("metrics")
def metrics_command() -> None:
    """Print the centre's figures as Prometheus reads them (for a textfile collector)."""
    from include.web.metrics import metrics

    click.echo(metrics(), nl=False)
