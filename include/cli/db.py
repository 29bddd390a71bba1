"""``smsswitch db``: migrations and the way to the database."""

import os
import shutil

import click

from include.db.migrate import migrate
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
