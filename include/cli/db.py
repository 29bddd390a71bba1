"""``smsswitch db``: migrations and the way to the database."""

import os
import shutil

import click

from include.db.migrate import WAIT_SECONDS, await_migrated, migrate
from include.errors import ConfigurationError
from include.settings import settings


@click.group()
def db() -> None:
    """The business database."""


@db.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date (safe to run twice)."""
    ran = migrate()
    click.echo(f"applied: {', '.join(ran)}" if ran else "up to date")


@db.command("wait")
@click.option("--seconds", default=WAIT_SECONDS, show_default=True, help="how long")
def wait_command(seconds: float) -> None:
    """Wait until the database is migrated as far as this program."""
    await_migrated(seconds)
    click.echo("up to date")


@db.command("fence")
@click.option("--write-off", "alias", metavar="ALIAS", help="answer for a host that is no more")
@click.option("--status", is_flag=True, help="only say whose hosts are still to be heard")
def fence_command(alias: str | None, status: bool) -> None:
    """After a restore by hand: no claims until every host has said what it sent since the backup.

    Another server, timeline or copy is noticed without it.
    """
    from include.cli.campaigns import person
    from include.fleet import restore

    if alias is not None:
        state = restore.write_off(alias, person())
    else:
        state = restore.fence_state() if status else restore.fence(person())
    waiting = ", ".join(state["groups"]) or "no group"
    click.echo(f"claims {'stopped' if state['fenced'] else 'go on'}; still to be heard: {waiting}")


@db.command()
def url() -> None:
    """Print the address of the database, password included."""
    click.echo(settings().database_url)


@db.command()
def shell() -> None:
    """Open psql on the database."""
    psql = shutil.which("psql")
    if psql is None:
        raise ConfigurationError("psql is not installed (Debian: apt install postgresql-client)")
    os.execv(psql, ["psql", settings().database_url])  # noqa: S606 - psql found on the PATH
