"""``smsswitch demo``: one day of the switch on a local stack."""

import json
import sys
import threading
import time

import click

from include.errors import SmsswitchError
from include.settings import var_dir
from include.stack import supervisor


@click.command()
@click.option("--seed", default=2012, show_default=True, help="Of everything that is generated.")
@click.option("--keep-up/--stop", default=None, help="Leave the stack up (default: on a terminal).")
def demo(seed: int, keep_up: bool | None) -> None:
    """Run one day of the switch through Airflow, on emulated modems, and count it twice.

    On a terminal the Airflow UI stays up until Ctrl-C; otherwise all that was started is stopped.
    """
    from include.demo.day import run

    stay = sys.stdout.isatty() if keep_up is None else keep_up
    say = _Teller().say
    was_up = bool(supervisor.status())
    try:
        outcome = run(say, seed=seed)
        click.echo(json.dumps(outcome.document, indent=2, ensure_ascii=False))
        if outcome.disagreements:
            raise SmsswitchError("the counts disagree: " + "; ".join(outcome.disagreements))
        say(f"tables and network agree; the summary lies in {var_dir() / 'demo' / 'summary.json'}")
        if stay and not was_up:
            _stay()
    except KeyboardInterrupt:
        say("interrupted")
        raise click.exceptions.Exit(130) from None
    finally:
        if not was_up:
            supervisor.down(say)


class _Teller:
    """Lines with the seconds since the start, on stderr, so that stdout holds the summary alone."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        seconds = int(time.monotonic() - self._began)
        click.echo(f"[{seconds // 60:02d}:{seconds % 60:02d}] {line}", err=True)


def _stay() -> None:
    stack = json.loads((var_dir() / "run" / "stack.json").read_text())
    admin = stack["users"]["admin"]
    click.echo(
        f"""
Airflow is up:   {stack["airflow_url"]}
Log in as:       {admin["username"]} / {admin["password"]}
Look at:         Dags: bucket_scan, contacts_import, campaign_expand: what each run did, and its log
                 Assets: how a dropped file drives the next DAG
What clients see: {stack["bucket_url"]}/clients/assurances-dupont/outbox/index.html
What admins see:  {stack["reports_url"]}/reports/index.html
Ctrl-C stops everything.""",
        err=True,
    )
    threading.Event().wait()
