"""The ledger against the messages and the network, after every run: nothing is paid for twice."""

from decimal import Decimal
from typing import Any

from chaos.scale import Outcome
from chaos.truth import find
from chaos.world import PRICE, World
from include.billing import ledger
from include.db import connect
from include.fleet.rollup import rollup


def agree(world: World, outcome: Outcome) -> None:
    """Settle what has ended, as the pipeline does; then the ledger must be what the messages say.

    Of a campaign of `world` also what the network says: each part that it took of a settled message
    is paid for, once.
    """
    rollup()
    again = rollup()["settled"]["messages"]
    outcome.expect(again == 0, f"{again} messages were settled twice")
    outcome.misses += disagreements()
    if world.prepaid:
        settled = {
            row[0] for row in world.fleet.db.all("select contact_id from message where settled")
        }
        parts = sum(number in settled for number, _ in find(world, world.machines).network)
        captured = _captured(world)
        outcome.counted |= {"paid_parts": parts, "captured_eur": str(captured)}
        outcome.expect(captured == PRICE * parts, f"{captured} EUR captured for {parts} parts")


def disagreements() -> list[str]:
    """Where ledger and messages of the database in the settings disagree."""
    with connect() as conn:
        found = ledger.disagreements(conn)
    return [
        f"{row['client']} {row['campaign']}: {row['what']}: messages say {row['messages']}, "
        f"the ledger {row['ledger']}"
        for row in found[:5]
    ]


def _captured(world: World) -> Decimal:
    found: Any = world.fleet.db.one(
        "select coalesce(-sum(held), 0) from ledger_entry where kind = 'capture'"
    )
    return Decimal(found)
