"""C7: two hosts with one identity. Nothing twice, and the older one stops in time."""

import random
import time

from chaos.scale import Outcome, Scale
from chaos.truth import find, hold
from chaos.world import Tail, World

FULL = Scale(times=20, messages=1000)
SHORT = Scale(times=1, messages=300, modems=2)
STOPS_WITHIN = 25.0
FENCED = 3


def run(world: World, scale: Scale) -> Outcome:
    """`times` usurpers in turn, each with a journal and modems of its own, against the one before."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems)
    world.campaign(host, scale.messages * (scale.times + 1))
    longest, statuses = 0.0, []
    machines = [world.machine(host) for _ in range(scale.times + 1)]
    process = None
    for number, machine in enumerate(machines):
        machine.simulate(
            scale.modems,
            *("--seed", str(scale.seed), "--offset", str(number * scale.modems)),
            *("--delivered", "0", "--latency", "50"),
        )
        usurper, began = machine.run(), time.monotonic()
        tail = Tail(machine.network)
        outcome.expect(tail.wait(1, 30), f"host {number} sent nothing")
        if process is not None:
            statuses.append(process.wait(200))
            longest = max(longest, time.monotonic() - began)
        tail.wait(rng.randrange(10, 60), 30)
        process = usurper
    assert process is not None
    process.terminate()
    statuses.append(process.wait(90))
    truth = find(world, machines)
    hold(outcome, truth)
    outcome.counted |= {"usurpers": scale.times, "longest_to_stop_seconds": round(longest, 2)}
    outcome.expect(longest <= STOPS_WITHIN, f"the loser stopped after {longest:.1f} s")
    outcome.expect(
        statuses == [FENCED] * scale.times + [0], f"exit statuses {statuses}, not fenced"
    )
    return outcome
