"""C4: SIGTERM under load. Each drains in time and leaves no doubt."""

import random
import signal
import time

from chaos.kills import finish, kill_points
from chaos.scale import Outcome, Scale, told
from chaos.truth import find, hold
from chaos.world import Tail, World

FULL = Scale(times=100, messages=20_000)
SHORT = Scale(times=3, messages=600, modems=4)
DRAIN_SECONDS = 60.0


def run(world: World, scale: Scale) -> Outcome:
    """`times` restarts; what a stopped host gives back is planned again for the next one."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems)
    world.campaign(host, scale.messages)
    machine = world.machine(host)
    machine.simulate(scale.modems, "--seed", str(scale.seed), "--delivered", "0", "--latency", "20")
    tail, longest, statuses, leased = Tail(machine.network), 0.0, set(), 0
    for point in told(kill_points(rng, scale.times, scale.messages)):
        process = machine.run()
        tail.wait(max(point, tail.count() + 1), 60)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        statuses.add(process.wait(120))
        longest = max(longest, time.monotonic() - asked)
        leased += int(
            str(world.fleet.db.one("select count(*) from send_batch where state = 'leased'"))
        )
        while world.plan_again(host):
            pass
    finish(world, host, machine)
    truth = find(world, [machine])
    hold(outcome, truth)
    outcome.counted |= {"restarts": scale.times, "longest_drain_seconds": round(longest, 2)}
    outcome.expect(statuses == {0}, f"exit statuses {statuses}")
    outcome.expect(longest <= DRAIN_SECONDS, f"a drain of {longest:.0f} s")
    outcome.expect(leased == 0, f"{leased} leases were left behind")
    outcome.expect(truth.states() == {"sent": scale.messages}, f"{truth.states()}")
    return outcome
