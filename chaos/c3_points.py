"""C3: the sender dies at each named point of a send. Every verdict is exactly what can be known."""

import os
import random
import signal
import subprocess
import sys

from chaos.killer import POINTS
from chaos.kills import finish
from chaos.scale import Outcome, Scale, told
from chaos.truth import find, hold
from chaos.world import World
from sms_sender.oracle import TRUSTED
from tests.integration.sender.hosts import Machine

FULL = Scale(times=200, messages=40_000, modems=1)
SHORT = Scale(times=1, messages=260, modems=1)
# Submitted, and the answer was not yet on the disk: nobody can know before a delivery report,
# unless the answer has not been read from the port either.
IN_DOUBT = {"after Ctrl-Z", "after +CMGS", "after OK"}
LEARN = TRUSTED + 5


def run(world: World, scale: Scale) -> Outcome:
    """`times` kills at every point; the SIM can be asked, and no report comes."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems)
    world.campaign(host, scale.messages)
    machine = world.machine(host)
    machine.simulate(scale.modems, "--seed", str(scale.seed), "--delivered", "0")
    # The SIM is believed once it was right often enough; without a kill before that.
    outcome.expect(_dies(machine, "after prompt", LEARN), "it did not die")
    killed = dict.fromkeys(POINTS, 0)
    plan = [point for point in POINTS for _ in range(scale.times)]
    rng.shuffle(plan)
    for point in told(plan):
        nth = 1 if point == "after upload" else rng.randrange(1, 12)
        killed[point] += _dies(machine, point, nth)
    finish(world, host, machine)
    truth = find(world, [machine])
    hold(outcome, truth)
    most = sum(killed[point] for point in IN_DOUBT)
    # An answer that came while nobody listened is still in the port, and read at the next start.
    least = most - killed["after Ctrl-Z"]
    outcome.counted |= {"killed": killed, "uncertain_expected": [least, most]}
    outcome.expect(
        all(count == scale.times for count in killed.values()), f"not every kill hit: {killed}"
    )
    outcome.expect(
        least <= truth.uncertain() <= most, f"{truth.uncertain()} uncertain, not {least} to {most}"
    )
    unsent = {n for n, (state, _) in truth.messages.items() if state == "uncertain"} - {
        number for number, _ in truth.network
    }
    outcome.expect(not unsent, f"uncertain, but it never went out: {sorted(unsent)[:5]}")
    odd = truth.states().keys() - {"sent", "uncertain"}
    outcome.expect(not odd, f"neither sent nor uncertain: {truth.states()}")
    return outcome


def _dies(machine: Machine, point: str, nth: int) -> bool:
    """Run the sender until it dies at the nth time that it comes to a point."""
    with (machine.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "chaos.killer", point, str(nth)),
                *("run", "--config", str(machine.config), "--until-idle"),
            ],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    machine.processes.append(process)
    return process.wait(120) == -signal.SIGKILL
