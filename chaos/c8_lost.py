"""C8: a host is destroyed in mid-batch and condemned; another one sends the rest."""

import random
import signal

from chaos.kills import finish
from chaos.scale import Outcome, Scale
from chaos.truth import find, hold
from chaos.world import Tail, World
from include.fleet.groups import condemn_group

FULL = Scale(times=50, messages=20_000)
SHORT = Scale(times=2, messages=600, modems=4)
K = 5


def run(world: World, scale: Scale) -> Outcome:
    """`times` hosts burn, journal and all; each is condemned, and a new one takes its place."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems, k=K)
    world.campaign(host, scale.messages)
    most, worst, machines = K * scale.modems, 0, []
    share = scale.messages // (scale.times + 1)
    for number in range(scale.times):
        machine = world.machine(host)
        machines.append(machine)
        machine.simulate(
            scale.modems,
            *("--seed", str(scale.seed), "--offset", str(number * scale.modems)),
            *("--delivered", "0", "--latency", "20"),
        )
        tail = Tail(machine.network)
        process = machine.run()
        tail.wait(rng.randrange(1, max(2, share)), 120)
        process.send_signal(signal.SIGKILL)
        process.wait(200)
        for file in machine.folder.glob("journal.sqlite3*"):
            file.unlink()
        condemned = condemn_group(host.mac)
        worst = max(worst, condemned["uncertain"])
        while world.plan_again(host):
            pass
    last = world.machine(host)
    machines.append(last)
    last.simulate(
        scale.modems,
        *("--seed", str(scale.seed), "--offset", str(scale.times * scale.modems)),
        *("--delivered", "0"),
    )
    finish(world, host, last)
    truth = find(world, machines)
    hold(outcome, truth)
    outcome.counted |= {"hosts": scale.times, "most_uncertain_at_once": worst, "k_modems": most}
    outcome.expect(worst <= most, f"{worst} uncertain after one host, not {most}")
    doubt = truth.uncertain()
    outcome.expect(doubt <= most * scale.times, f"{doubt} parts uncertain after all")
    odd = truth.states().keys() - {"sent", "uncertain"}
    outcome.expect(not odd, f"neither sent nor uncertain: {truth.states()}")
    return outcome
