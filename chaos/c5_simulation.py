"""C5: the real service on a virtual clock, with every fault at once, one history a seed."""

import logging
import multiprocessing
import os
from collections import Counter
from dataclasses import dataclass, field

from chaos.scale import Outcome, Scale
from chaos.simulation.world import live
from chaos.world import World

FULL = Scale(times=100_000, messages=1, modems=3)
SHORT = Scale(times=1000, messages=1, modems=3)
SHARE = 50


@dataclass(slots=True)
class Share:
    """What some histories came to."""

    histories: int = 0
    kills: int = 0
    seconds: float = 0.0
    messages: Counter[str] = field(default_factory=Counter)
    scenes: Counter[str] = field(default_factory=Counter)
    bad: dict[int, list[str]] = field(default_factory=dict)


def run(world: World | None, scale: Scale) -> Outcome:
    """Seeds `seed` to `seed + times - 1`. Each that fails is named; it fails the same way again."""
    del world
    outcome, total = Outcome(scale), Share()
    last = scale.seed + scale.times
    ranges = [(at, min(at + SHARE, last)) for at in range(scale.seed, last, SHARE)]
    # Not forked: whoever calls may have threads.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), _quiet) as pool:
        for share in pool.imap_unordered(_live_all, ranges):
            total.histories += share.histories
            total.kills += share.kills
            total.seconds += share.seconds
            total.messages.update(share.messages)
            total.scenes.update(share.scenes)
            total.bad.update(share.bad)
    outcome.counted |= {
        "histories": total.histories,
        "kills": total.kills,
        "virtual_hours": round(total.seconds / 3600, 1),
        "messages": dict(total.messages),
        "scenes": dict(total.scenes),
        "failing_seeds": sorted(total.bad)[:50],
    }
    for seed, violations in sorted(total.bad.items())[:5]:
        outcome.expect(False, f"seed {seed}: {violations[0]}")
    outcome.expect(total.histories == scale.times, f"only {total.histories} histories")
    return outcome


def _quiet() -> None:
    logging.disable(logging.CRITICAL)


def _live_all(span: tuple[int, int]) -> Share:
    share = Share()
    for seed in range(*span):
        share.histories += 1
        try:
            history = live(seed)
        except Exception as error:  # noqa: BLE001 (whatever it is, the seed shows it again)
            share.bad[seed] = [repr(error)]
            continue
        share.kills += history.kills
        share.seconds += history.seconds
        share.messages.update(history.states)
        share.scenes[history.plan.scene] += 1
        if history.violations:
            share.bad[seed] = history.violations
    return share
