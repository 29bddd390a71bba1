"""What happens in one history, drawn from its seed: who is there, and what goes wrong when."""

import random
from dataclasses import dataclass, field
from typing import Any

from sms_sender.simulator import Options

SCENES = ("alone", "alone", "alone", "alone", "alone", "usurper", "clone", "two groups", "burnt")
POINTS = (
    "before the PDU",
    "in the PDU",
    "after Ctrl-Z",
    "at the answer",
    "before a commit",
    "after a commit",
    "before a call",
    "after a call",
)
TROUBLE_SECONDS = 70.0
REVOCABLE = ("pause", "pause", "window", "group", None, None, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """One history before it happens. Times are seconds from its beginning."""

    scene: str
    modems: int
    singles: int
    doubles: int
    k: int | None
    resend: bool
    options: Options
    kills: list[tuple[str, int]]
    kill_times: list[float]
    stops: list[float]
    reboots: bool
    away: list[tuple[float, float]]
    lost_calls: float
    deaf: bool
    revocation: tuple[str, float, float] | None
    stop_words: list[tuple[float, int]] = field(default_factory=list)
    journal_full: tuple[float, float] | None = None
    second_at: float = 20.0


def draw(seed: int) -> Plan:
    """Return the plan of a seed."""
    rng = random.Random(f"plan {seed}")
    scene = rng.choice(SCENES)
    # Of a host that dies beside its copy nobody can know what it sent last.
    copied = scene == "clone"
    kills = 0 if copied else rng.choice((0, 0, 1, 1, 2, 3))
    asked = rng.choice(REVOCABLE)
    begins = rng.uniform(3, 25)
    return Plan(
        scene=scene,
        modems=rng.choice((1, 2, 2, 3)),
        singles=rng.randrange(6, 16),
        doubles=rng.randrange(0, 4),
        k=rng.choice((1, 2, 4, 20, None)),
        resend=rng.random() < 0.08,
        options=_options(rng, seed),
        kills=[(rng.choice(POINTS), rng.randrange(1, 12)) for _ in range(kills)],
        kill_times=[rng.uniform(0.5, 40) for _ in range(rng.choice((0, 0, 0, 1)) * (not copied))],
        stops=[rng.uniform(3, 30)] if rng.random() < 0.15 else [],
        reboots=rng.random() < 0.15 and not copied,
        away=[] if copied else _spans(rng, rng.choice((0, 0, 1, 2)), 40),
        lost_calls=0.0 if copied else rng.choice((0.0, 0.0, 0.05, 0.2)),
        deaf=rng.random() < 0.3,
        revocation=None if asked is None else (asked, begins, begins + rng.uniform(20, 40)),
        stop_words=[
            (rng.uniform(2, 30), rng.randrange(1 << 16)) for _ in range(rng.choice((0, 0, 1, 3)))
        ],
        journal_full=_spans(rng, 1, 15)[0] if rng.random() < 0.1 and not copied else None,
        second_at=rng.uniform(4, 25),
    )


def _options(rng: random.Random, seed: int) -> Options:
    rates: dict[str, Any] = {
        name: rng.choice((0.0, 0.0, 0.0, 0.05, 0.2))
        for name in (
            *("reject", "retryable", "network_timeout", "silent", "late", "noise", "hang"),
            *("unplug", "undelivered", "reply"),
        )
    }
    return Options(
        modems=4,
        seed=seed,
        latency=rng.choice((0.0, 0.3, 1.0, 3.0)),
        command_latency=rng.choice((0.0, 0.0, 0.02)),
        late_after=rng.uniform(7, 12),
        hang_for=rng.uniform(8, 25),
        replug_after=rng.uniform(1, 6),
        report_delay=rng.uniform(0.5, 8),
        delivered=rng.choice((0.0, 0.5, 1.0)) * (1 - rates["undelivered"]),
        sim_smss=rng.random() < 0.8,
        credit=rng.choice((None, None, None, None, 4)),
        **rates,
    )


def _spans(rng: random.Random, count: int, longest: float) -> list[tuple[float, float]]:
    starts = [rng.uniform(0, 40) for _ in range(count)]
    return [(start, start + rng.uniform(2, longest)) for start in starts]
