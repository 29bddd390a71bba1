"""C6: the database is away under load. Sending goes on within the permit, and all is told after."""

import time

from chaos.scale import Outcome, Scale
from chaos.truth import find, hold
from chaos.world import Tail, World
from tests.integration.sender.hosts import Host

FULL = Scale(times=3600, messages=20_000)
SHORT = Scale(times=4, messages=300, modems=4)
LEASES = 2


def run(world: World, scale: Scale) -> Outcome:
    """Away for `times` seconds, for a host whose permit is its whole batch."""
    outcome = Outcome(scale)
    host = world.fleet.host(modems=scale.modems, k=None)
    world.campaign(host, scale.messages)
    machine = world.machine(host)
    machine.simulate(scale.modems, "--seed", str(scale.seed), "--delivered", "0", "--latency", "50")
    tail = Tail(machine.network)
    process = machine.run("--until-idle")
    outcome.expect(tail.wait(10, 60), "nothing was sent")
    _shut_out(world, host)
    known, before = _known(world), tail.count()
    back_at = time.monotonic() + scale.times
    while time.monotonic() < back_at:
        time.sleep(0.05)
        if process.poll() is not None:
            break
    during, known_after = tail.count(), _known(world)
    world.fleet.db.conn.cursor().execute(f'alter role "{host.role}" login')
    outcome.expect(process.poll() is None, "the sender ended by itself")
    # Its own error is what says why, should it not come to an end.
    outcome.expect(process.wait(600) == 0, machine.log())
    truth = find(world, [machine])
    hold(outcome, truth)
    outcome.counted |= {
        "seconds_away": scale.times,
        "sent_while_away": during - before,
        "permitted": during - known,
    }
    outcome.expect(known_after == known, "the centre was told while it was away")
    outcome.expect(during > before, "sending stopped at once")
    outcome.expect(truth.states() == {"sent": scale.messages}, f"{truth.states()}")
    return outcome


def _shut_out(world: World, host: Host) -> None:
    with world.fleet.db.conn.cursor() as cur:
        cur.execute(f'alter role "{host.role}" nologin')
        cur.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s",
            (host.role,),
        )


def _known(world: World) -> int:
    return int(str(world.fleet.db.one("select count(*) from segment")))
