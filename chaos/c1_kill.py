"""C1: kill -9 of the sender at random instants. Nothing lost, nothing twice, all doubt explained."""

import random

from chaos.kills import finish, kill_at, kill_points
from chaos.scale import Outcome, Scale, told
from chaos.truth import find, hold, unexplained
from chaos.world import Tail, World

FULL = Scale(times=1000, messages=200_000)
SHORT = Scale(times=4, messages=800, modems=4)


def run(world: World, scale: Scale) -> Outcome:
    """`times` kills. No SIM can be asked and no report comes: whatever hangs is uncertain."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems)
    world.campaign(host, scale.messages)
    machine = world.machine(host)
    machine.simulate(
        scale.modems, "--seed", str(scale.seed), "--no-smss", "--delivered", "0", "--latency", "2"
    )
    tail = Tail(machine.network)
    kills = sum(
        kill_at(machine, tail, point, rng)[1]
        for point in told(kill_points(rng, scale.times, scale.messages))
    )
    finish(world, host, machine)
    truth = find(world, [machine])
    hold(outcome, truth)
    most = kills * scale.modems
    outcome.counted |= {"kills": kills, "uncertain_at_most": most}
    outcome.expect(kills == scale.times, f"only {kills} of {scale.times} kills found it alive")
    outcome.expect(truth.uncertain() <= most, f"{truth.uncertain()} uncertain, not {most}")
    stray = unexplained(truth, machine.folder / "journal.sqlite3")
    outcome.expect(not stray, f"uncertain without an intent in the journal: {stray[:5]}")
    odd = truth.states().keys() - {"sent", "uncertain"}
    outcome.expect(not odd, f"neither sent nor uncertain: {truth.states()}")
    return outcome
