"""C15: sending windows. Nothing is open outside the law and the campaign's own hours."""

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from chaos import c15_hosts
from chaos.c15_cases import NUMBERS, Case, make_case
from chaos.hours import FRENCH, lawful, own
from chaos.scale import Outcome, Scale
from chaos.world import World
from include.campaigns.compliance import profile

FULL = Scale(times=1_000_000, messages=3_000, modems=8)
SHORT = Scale(times=3_000, messages=60, modems=2)
AT_ONCE = 50_000
_LAST = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_MONTH = timedelta(days=30)


def run(world: World, scale: Scale) -> Outcome:
    """`times` generated cases, then `messages` to people of many places through real hosts."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    seen: Counter[str] = Counter()
    for start in range(0, scale.times, AT_ONCE):
        cases = [make_case(rng) for _ in range(min(AT_ONCE, scale.times - start))]
        _judge(cases, rng, outcome, seen)
    outcome.counted |= dict(seen)
    outcome.expect(seen["outside"] == 0, f"{seen['outside']} instants open outside")
    outcome.expect(seen["wrongly_closed"] == 0, f"{seen['wrongly_closed']} instants closed in vain")
    c15_hosts.run(world, scale, outcome)
    return outcome


def _judge(cases: list[Case], rng: random.Random, outcome: Outcome, seen: Counter[str]) -> None:
    """Ask the product for each case's next window, and the oracle about instants in and before it."""
    probes: dict[Case, list[tuple[datetime, bool]]] = {}
    for case in cases:
        rules = profile(case.profile, "alsace_moselle" if case.alsace else "national")
        found = case.spec.opening(rules, case.since, case.place)
        seen["cases"] += 1
        if found is None:
            seen["never_open"] += 1
            probes[case] = [(case.since + _MONTH * rng.random(), False) for _ in range(5)]
            continue
        opens, closes = found
        probes[case] = [
            (opens, True),
            (closes - _LAST, True),
            (opens + (closes - opens) * rng.random(), True),
            *_before(case.since, opens, rng),
        ]
    for case, instant, is_open, allowed in _verdicts(probes):
        seen["open" if is_open else "closed"] += 1
        if is_open and not allowed:
            seen["outside"] += 1
            outcome.expect(seen["outside"] > 5, f"open at {instant} for {case}")
        elif allowed and not is_open and _must_agree(case, instant):
            seen["wrongly_closed"] += 1
            outcome.expect(seen["wrongly_closed"] > 5, f"closed at {instant} for {case}")


def _before(since: datetime, opens: datetime, rng: random.Random) -> list[tuple[datetime, bool]]:
    if opens - since < 2 * _SECOND:
        return []
    return [(opens - _SECOND, False), (since + (opens - since - _SECOND) * rng.random(), False)]


def _verdicts(
    probes: dict[Case, list[tuple[datetime, bool]]],
) -> list[tuple[Case, datetime, bool, bool]]:
    """Each probe with what the oracle says, asked by zone and rules in bulk."""
    groups = defaultdict(list)
    for case, asked in probes.items():
        country, zone = NUMBERS[case.number]
        groups[country, zone, case.profile, case.alsace, case.own].append((case, asked))
    verdicts = []
    for (country, zone, name, alsace, hours), members in groups.items():
        flat = [(case, *probe) for case, asked in members for probe in asked]
        instants = pd.DatetimeIndex([instant for _, instant, _ in flat])
        allowed = lawful(instants, zone, name, country, alsace=alsace)
        if hours is not None:
            allowed &= own(instants, hours.zone, hours.days, hours.first, hours.last)
        verdicts += [
            (*probe, bool(ok)) for probe, ok in zip(flat, np.asarray(allowed), strict=True)
        ]
    return verdicts


def _must_agree(case: Case, instant: datetime) -> bool:
    """Whether the product has no ground of its own to stay closed.

    It has one abroad and in the territories with local customs (holidays that the oracle does not
    know), in a place of several zones, and around a change of clocks.
    """
    country, zone = NUMBERS[case.number]
    if country not in FRENCH - {"GP", "MQ", "WF", "PF"}:
        return False
    zones = [zone, case.own.zone] if case.own else [zone]
    around = pd.DatetimeIndex([instant - timedelta(days=1), instant + timedelta(days=1)])
    return all(
        len({moment.utcoffset() for moment in around.tz_convert(name).to_pydatetime()}) == 1
        for name in zones
    )
