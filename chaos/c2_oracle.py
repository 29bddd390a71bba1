"""C2: kill -9 again, with SIMs that can be asked, delivery reports and 5 % rejected numbers."""

import random
import signal
import time

from chaos.kills import finish, kill_at, kill_points
from chaos.scale import Outcome, Scale
from chaos.truth import Truth, find, hold
from chaos.world import Tail, World
from tests.integration.sender.hosts import Machine, until

FULL = Scale(times=400, messages=40_000)
SHORT = Scale(times=2, messages=600, modems=4)
REJECTED = 0.05
REPORT_SECONDS = 4.0


def run(world: World, scale: Scale) -> Outcome:
    """`times` kills. A report takes longer than a restart, as networks' do."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems)
    world.campaign(host, scale.messages)
    machine = world.machine(host)
    machine.simulate(
        scale.modems,
        *("--seed", str(scale.seed), "--latency", "2", "--reject", str(REJECTED)),
        *("--report-delay", str(REPORT_SECONDS)),
    )
    tail = Tail(machine.network)
    # A SIM is believed after 20 sends in a row; a kill before that is C1's.
    learnt = 40 * scale.modems
    kills = sum(
        kill_at(machine, tail, max(point, learnt + number), rng)[1]
        for number, point in enumerate(kill_points(rng, scale.times, scale.messages))
    )
    in_doubt = int(str(world.fleet.db.one("select count(*) from attempt where kind = 'uncertain'")))
    finish(world, host, machine)
    _wait_for_reports(world, machine)
    truth = find(world, [machine])
    hold(outcome, truth)
    most = int(0.05 * kills)
    outcome.counted |= {
        "kills": kills,
        "uncertain_at_most": most,
        "in_doubt_before_reports": in_doubt,
        "uncertain_that_went_out": sum(
            part in truth.network for part, state in truth.segments.items() if state == "uncertain"
        ),
        **_why(world),
    }
    outcome.expect(kills == scale.times, f"only {kills} of {scale.times} kills found it alive")
    outcome.expect(
        truth.uncertain() <= max(most, 1), f"{truth.uncertain()} uncertain after {kills} kills"
    )
    _hold_rejects(outcome, truth)
    return outcome


def _wait_for_reports(world: World, machine: Machine) -> None:
    """Listen until nothing more is proved for twice as long as a report takes."""
    process = machine.run()
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 2 * REPORT_SECONDS:
        waiting = int(
            str(
                world.fleet.db.one(
                    "select count(*) from segment where state in ('sent', 'uncertain')"
                )
            )
        )
        if waiting != last:
            last, since = waiting, time.monotonic()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    until(lambda: process.poll() is not None, 90)


def _why(world: World) -> dict[str, int]:
    rows = world.fleet.db.all(
        "select coalesce(a.error, '-'), count(*) from segment as s join attempt as a"
        " using (activation_month, message_id, part, attempt_id)"
        " where s.state = 'uncertain' and a.kind = 'uncertain' group by 1"
    )
    proved = world.fleet.db.one(
        "select count(*) from attempt as a join segment as s"
        " using (activation_month, message_id, part, attempt_id)"
        " where a.kind = 'uncertain' and s.state in ('sent', 'delivered', 'undelivered')"
    )
    asked = world.fleet.db.one("select count(*) from attempt where error like '%says the SIM'")
    return {
        **{f"uncertain: {error}": int(str(count)) for error, count in rows},
        "proved_by_report": int(str(proved)),
        "given_back_by_sim": int(str(asked)),
    }


def _hold_rejects(outcome: Outcome, truth: Truth) -> None:
    went = {number for number, _ in truth.network}
    failed = {n for n, (state, _) in truth.messages.items() if state == "failed"}
    outcome.counted["failed"] = len(failed)
    both = sorted(failed & went)
    outcome.expect(not both, f"failed, and yet it went out: {both[:5]}")
    odd = truth.states().keys() - {"sent", "delivered", "failed", "uncertain"}
    outcome.expect(not odd, f"not finished: {truth.states()}")
