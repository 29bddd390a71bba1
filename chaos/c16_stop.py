"""C16: people answer STOP. Nothing later is begun for their numbers, leased batches included."""

import sqlite3
from datetime import datetime
from typing import Any

from chaos.kills import finish
from chaos.scale import Outcome, Scale
from chaos.truth import find, hold
from chaos.world import World

FULL = Scale(times=400, messages=8000)
SHORT = Scale(times=40, messages=240, modems=4)
"""`times`: how many numbers there are; each gets its share of the messages."""
STOPPED = 0.3
WITHIN_SECONDS = 60.0


def run(world: World, scale: Scale) -> Outcome:
    """The first message that a number gets is answered by STOP, for three numbers in ten."""
    outcome = Outcome(scale)
    host = world.fleet.host(modems=scale.modems, k=None)
    world.campaign(host, scale.messages)
    world.fleet.db.conn.cursor().execute(
        "update message set msisdn = '+3363998' || lpad((contact_id %% %s)::text, 4, '0')",
        (scale.times,),
    )
    machine = world.machine(host)
    machine.simulate(
        scale.modems,
        *("--seed", str(scale.seed), "--delivered", "0", "--latency", "250"),
        *("--reply", str(STOPPED), "--reply-text", "Arrêt.", "--report-delay", "0.5"),
    )
    finish(world, host, machine)
    truth = find(world, [machine])
    hold(outcome, truth)
    stopped: list[Any] = world.fleet.db.all("select msisdn, at from opt_out")
    late, longest, began = [], 0.0, 0
    for number, msisdn, begun_at in _intents(machine.folder / "journal.sqlite3"):
        at = {str(known): when for known, when in stopped}.get(msisdn)
        if at is not None and begun_at > at:
            began += 1
            longest = max(longest, (begun_at - at).total_seconds())
            if (begun_at - at).total_seconds() > WITHIN_SECONDS:
                late.append(number)
    odd: list[Any] = world.fleet.db.all(
        "select message_id from message join opt_out using (msisdn)"
        " where state not in ('sent', 'skipped')"
    )
    skipped = truth.states().get("skipped", 0)
    outcome.counted |= {
        "numbers": scale.times,
        "stopped": len(stopped),
        "left_out": skipped,
        "begun_meanwhile": began,
        "longest_seconds": round(longest, 2),
    }
    outcome.expect(len(stopped) >= scale.times * STOPPED / 3, f"only {len(stopped)} said STOP")
    outcome.expect(skipped > 0, "nothing was left out")
    outcome.expect(not late, f"begun after {WITHIN_SECONDS:g} s: messages {late[:5]}")
    outcome.expect(not odd, f"neither sent nor left out: messages {odd[:5]}")
    return outcome


def _intents(journal: Any) -> list[tuple[int, str, datetime]]:
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        rows = db.execute(
            "select message_id, msisdn, begun_at from attempt where epoch is not null"
        ).fetchall()
    finally:
        db.close()
    return [(number, msisdn, datetime.fromisoformat(at)) for number, msisdn, at in rows]
