"""C2: kill -9 again, with SIMs that can be asked, delivery reports and 5 % rejected numbers."""

import random
import signal
import time

from chaos.kills import finish, kill_at, kill_points
from chaos.scale import Outcome, Scale, told
from chaos.truth import Truth, find, hold
from chaos.world import Tail, World, number_of
from sms_sender.pdu import decode_submit
from sms_sender.simulator import read_log
from tests.integration.sender.hosts import Machine, until

FULL = Scale(times=400, messages=40_000)
SHORT = Scale(times=3, messages=600, modems=4)
REJECTED = 0.05
REPORT_SECONDS = 4.0
# From Ctrl-Z to the answer. Real modems take twenty times as long; an answer that came while
# nobody listened is still in the port, one that was read and not yet on the disk is lost.
LATENCY_MS = 150
PATIENCE_SECONDS = 90.0


def run(world: World, scale: Scale) -> Outcome:
    """`times` kills. A report takes longer than a restart, as networks' do."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    host = world.fleet.host(modems=scale.modems)
    world.campaign(host, scale.messages)
    machine = world.machine(host)
    machine.simulate(
        scale.modems,
        *("--seed", str(scale.seed), "--latency", str(LATENCY_MS), "--reject", str(REJECTED)),
        *("--report-delay", str(REPORT_SECONDS)),
    )
    tail = Tail(machine.network)
    # A SIM is believed after 20 sends in a row; a kill before that is C1's.
    learnt = 40 * scale.modems
    kills = sum(
        kill_at(machine, tail, max(point, learnt + number), rng)[1]
        for number, point in enumerate(told(kill_points(rng, scale.times, scale.messages)))
    )
    in_doubt = int(str(world.fleet.db.one("select count(*) from attempt where kind = 'uncertain'")))
    finish(world, host, machine)
    _wait_for_reports(world, machine)
    truth = find(world, [machine])
    hold(outcome, truth)
    # Of fewer than twenty kills five per cent are none; luck is not.
    most = max(int(0.05 * kills), 1)
    refused = _refused(machine)
    doubtful = {n for (n, _), state in truth.segments.items() if state == "uncertain"}
    knowable = sorted(n for n in doubtful if number_of(n) not in refused)
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
    # Only a refusal that was read and never written leaves no trace: the SIM counted it, and no
    # report follows. Everything else can be found out, and must have been.
    outcome.expect(not knowable, f"uncertain, and it could be known: {knowable[:5]}")
    outcome.expect(truth.uncertain() <= most, f"{truth.uncertain()} uncertain after {kills} kills")
    _hold_rejects(outcome, truth)
    return outcome


def _wait_for_reports(world: World, machine: Machine) -> None:
    """Listen until each part that went out is reported, or nothing more comes for long."""
    process = machine.run()
    last, since = -1, time.monotonic()
    while last != 0 and time.monotonic() - since < PATIENCE_SECONDS:
        truth = find(world, [machine])
        waiting = sum(truth.segments.get(part) in {"sent", "uncertain"} for part in truth.network)
        if waiting != last:
            last, since = waiting, time.monotonic()
        time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    until(lambda: process.poll() is not None, 90)


def _refused(machine: Machine) -> set[str]:
    return {
        decode_submit(line["pdu"]).msisdn
        for line in read_log([machine.network])
        if line["event"] == "refused"
    }


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
