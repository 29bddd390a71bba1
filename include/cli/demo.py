"""``smsswitch demo``: one day of the switch on a local stack."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from include.errors import SmsswitchError
from include.settings import var_dir
from include.stack import supervisor

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--seed", default=2012, show_default=True, help="Of everything that is generated.")
@click.option("--latency", default=10, show_default=True, help="Milliseconds a modem takes.")
@click.option("--keep-up/--stop", default=None, help="Leave the stack up (default: on a terminal).")
def demo(seed: int, latency: int, keep_up: bool | None) -> None:
    """Run one day of the switch through Airflow, on emulated modems, and count it twice.

    On a terminal the Airflow UI stays up until Ctrl-C; otherwise all that was started is stopped.
    """
    from include.demo import tenancy

    stay = sys.stdout.isatty() if keep_up is None else keep_up
    say = _Teller().say
    for one in ENDING:
        signal.signal(one, _interrupt)
    try:
        with tenancy.alone():
            guest = tenancy.is_guest()
            with _stopping(say, guest):
                if tenancy.left_over():
                    say("an earlier demo was killed: ending what it left behind")
                    supervisor.down(say)
                _day(say, seed, latency)
                if stay:
                    _stay(guest)
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None


def _day(say: supervisor.Progress, seed: int, latency: int) -> None:
    from include.demo.day import Size, run

    outcome = run(say, Size(latency_ms=latency), seed)
    click.echo(json.dumps(outcome.document, indent=2, ensure_ascii=False))
    if outcome.disagreements:
        raise SmsswitchError("the counts disagree: " + "; ".join(outcome.disagreements))
    say(f"tables and network agree; the summary lies in {var_dir() / 'demo' / 'summary.json'}")


@contextmanager
def _stopping(say: supervisor.Progress, guest: bool) -> Iterator[None]:
    """Stop at the end what was started, come what may, and undisturbed by more signals."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted" if guest else "interrupted: stopping everything that was started")
        raise
    finally:
        for one in ENDING:
            signal.signal(one, signal.SIG_IGN)
        if not guest:
            supervisor.down(say)


class _Teller:
    """Lines with the time since the start, on stderr, so that stdout holds the summary alone."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        seconds = int(time.monotonic() - self._began)
        with suppress(OSError):  # nobody may be listening any more, which stops nothing
            click.echo(f"[{seconds // 60:02d}:{seconds % 60:02d}] {line}", err=True)


def _stay(guest: bool) -> None:
    stack = json.loads((var_dir() / "run" / "stack.json").read_text())
    admin = stack["users"]["admin"]
    end = (
        "It was up before and stays up: `make down` stops it." if guest else "Ctrl-C stops it all."
    )
    click.echo(
        f"""
Airflow is up:    {stack["airflow_url"]}
Log in as:        {admin["username"]} / {admin["password"]}
Look at:          Dags: bucket_scan, contacts_import, campaign_expand: what each run did, and its log
                  Assets: how a dropped file drives the next DAG
                  SMS reports, in the menu on the left: what the admins see
What clients see: {stack["bucket_url"]}/clients/assurances-dupont/outbox/index.html
What admins see:  {stack["reports_url"]}/reports/index.html
{end}""",
        err=True,
    )
    if not guest:
        threading.Event().wait()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
