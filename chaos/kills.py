"""Running a sender and killing it: at instants drawn from a seed, until all is sent."""

import random
import signal
import subprocess
import time

from chaos.world import Tail, World
from tests.integration.sender.hosts import Host, Machine

IDLE_TIMEOUT = 600.0


def kill_points(rng: random.Random, kills: int, parts: int) -> list[int]:
    """Counts of accepted parts after which the sender is killed, spread over the whole run."""
    return sorted(rng.randrange(1, max(2, int(parts * 0.9))) for _ in range(kills))


def kill_at(
    machine: Machine, tail: Tail, point: int, rng: random.Random
) -> tuple[subprocess.Popen[bytes], bool]:
    """Start the sender, and kill -9 it once so much was accepted; says whether it was alive.

    Where that is so already, at any instant of its start.
    """
    process = machine.run()
    if tail.count() >= point:
        time.sleep(rng.uniform(0, 1.5))
    else:
        tail.wait(point, 30)
        time.sleep(rng.uniform(0, 0.02))
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(200)
    return process, alive


def finish(world: World, host: Host, machine: Machine) -> None:
    """Send what is left, what was given back included, without any more cruelty."""
    for _ in range(100_000):
        machine.run_until_idle(IDLE_TIMEOUT)
        planned = 0
        while again := world.plan_again(host):
            planned += again
        if not planned:
            return
