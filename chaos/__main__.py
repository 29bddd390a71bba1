"""`make chaos`: every figure, or those named; one JSON document each, exit 1 on a miss."""

import json
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from chaos.money import agree
from chaos.scale import Outcome, Scale
from chaos.world import World, made
from include.settings import var_dir

FIGURES = {
    "c1": ("chaos.c1_kill", "kill -9 at random instants"),
    "c2": ("chaos.c2_oracle", "the same with SIMs that can be asked, reports and rejected numbers"),
    "c3": ("chaos.c3_points", "kill -9 at each named point of a send"),
    "c4": ("chaos.c4_restart", "SIGTERM under load"),
    "c5": ("chaos.c5_simulation", "the real service on a virtual clock, every fault at once"),
    "c6": ("chaos.c6_away", "the database is away"),
    "c7": ("chaos.c7_identity", "two hosts with one identity"),
    "c8": ("chaos.c8_lost", "a host is destroyed and condemned"),
    "c9": ("chaos.c9_streams", "generated reply streams of modems"),
    "c11": ("chaos.c11_workbooks", "mutated workbooks of contacts and spools of tickets"),
    "c12": ("chaos.c12_hostile", "a host that was broken into"),
    "c13": ("chaos.c13_clients", "a client who would reach what is another's"),
    "c14": ("chaos.c14_airflow", "Airflow, its tasks and its database"),
    "c15": ("chaos.c15_windows", "sending hours around the world"),
    "c16": ("chaos.c16_stop", "people answer STOP"),
    "c17": ("chaos.c17_money", "invoices issued and credit spent by many at once"),
    "c18": ("chaos.c18_spools", "spools cut short, an ingest killed, files in any order"),
}
CHECKS_MONEY_ITSELF = ("c14",)
LOAD_FOLLOWS = ("c1", "c2", "c3", "c4", "c7", "c8")
"""Fewer kills need fewer messages: what is sent after the last one only takes time."""
_count = click.IntRange(min=1)


@click.command(epilog="\n\n".join(f"{name}: {about}" for name, (_, about) in FIGURES.items()))
@click.argument("names", nargs=-1, type=click.Choice(list(FIGURES)))
@click.option("--seed", type=int, help="where and when things are hit (default 1)")
@click.option("--times", "--kills", type=_count, help="kills, restarts, streams or seconds away")
@click.option("--messages", type=_count)
@click.option("--modems", type=_count)
@click.option("--short", is_flag=True, help="as in make test, not in full")
def chaos(names: tuple[str, ...], short: bool, **changes: int | None) -> None:
    """Hit the sender as NAMES say, or in every way, and count what became of the messages."""
    folder = var_dir() / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    passed = True
    for name in names or FIGURES:
        document = _one(name, short, changes)
        text = json.dumps(document, indent=2)
        (folder / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}.json").write_text(text + "\n")
        click.echo(text)
        passed = passed and document["passed"]
    sys.exit(0 if passed else 1)


def _one(name: str, short: bool, changes: dict[str, int | None]) -> dict[str, Any]:
    module: ModuleType = import_module(FIGURES[name][0])
    scale = scale_of(name, module.SHORT if short else module.FULL, changes)
    click.echo(f"{name}: {scale}", err=True)
    began = time.monotonic()
    with made() as world:
        outcome = run(name, world, scale)
    return {"figure": name, "seconds": round(time.monotonic() - began, 1), **outcome.document()}


def scale_of(name: str, usual: Scale, changes: dict[str, int | None]) -> Scale:
    """Return the usual scale as changed; with fewer kills, and no word of messages, fewer of them."""
    times = changes.get("times")
    if name in LOAD_FOLLOWS and times and not changes.get("messages"):
        fewest = 60 * usual.modems  # SIMs must have been seen at work before they are believed
        share = max(fewest, usual.messages * times // usual.times)
        changes = {**changes, "messages": min(share, usual.messages)}
    return usual.but(**changes)


def run(name: str, world: World, scale: Scale) -> Outcome:
    """One figure; whatever it does, the ledger must agree with the messages when it is over."""
    outcome: Outcome = import_module(FIGURES[name][0]).run(world, scale)
    if name not in CHECKS_MONEY_ITSELF:
        agree(world, outcome)
    return outcome


if __name__ == "__main__":
    chaos()
