"""`smsswitch stack`: the whole centre on this machine, in the background."""

import shlex
import signal
import sys
from types import FrameType

import click

from include.cli import emit


@click.group()
def stack() -> None:
    """Start and stop the centre on this machine (what `make up` and `make down` call)."""


@stack.command()
@click.option("--json", "as_json", is_flag=True, help="Print the document of stack.json.")
def up(as_json: bool) -> None:
    """Start PostgreSQL and Airflow on the loopback, and return when they are healthy."""
    from include.stack import supervisor

    signal.signal(signal.SIGTERM, _end)
    document = supervisor.up(_say)
    if as_json:
        emit(document)
        return
    where = supervisor.Files.here().stack
    click.echo(f"Airflow: {document['airflow_url']}  (logins and addresses: {where})")
    click.echo(
        f'smsswitch finds it by itself; other programs after: eval "$({shlex.quote(sys.argv[0])} stack env)"'
    )


@stack.command()
def down() -> None:
    """Stop every process of the stack."""
    from include.stack import supervisor

    if not supervisor.down(_say):
        _say("nothing was up")


@stack.command()
def env() -> None:
    """Print the settings of the running stack for a shell: eval "$(smsswitch stack env)"."""
    from include.stack import supervisor

    for name, value in supervisor.variables().items():
        click.echo(f"export {name}={shlex.quote(value)}")


@stack.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(as_json: bool) -> None:
    """Say which processes run; exit 1 unless all do."""
    from include.stack import supervisor

    running = supervisor.status()
    if as_json:
        emit(running)
    for name, alive in {} if as_json else running.items():
        click.echo(f"{name}: {'running' if alive else 'ended'}")
    sys.exit(0 if running and all(running.values()) else 1)


def _say(line: str) -> None:
    click.echo(f"stack: {line}", err=True)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
