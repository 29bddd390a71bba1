"""Analyses that look at single calls: trunks held, waiting, anomalies, extensions nobody uses."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.taxation.pbx import add
from tests.conftest import Database
from tests.integration.taxation.exchange import (
    DIRECTIONS,
    PEOPLE,
    STAMP,
    ZONES,
    Call,
    Exchanges,
    random_call,
)
from tests.integration.taxation.recount import (
    GIVEN,
    begins,
    centre,
    every,
    grouped,
    masked,
    run,
    seconds_of,
    within,
)


def held(call: Call) -> range:
    """The seconds, since 1970, in which a call holds its trunk."""
    zone = ZONES[call["pbx"]]
    start, end = (
        datetime.strptime(call[name], STAMP).replace(tzinfo=zone, fold=1)
        for name in ("StartDateTime", "EndDateTime")
    )
    begun, ended = int(start.timestamp()), int(end.timestamp())
    if begun > ended:
        begun = int(start.replace(fold=0).timestamp())
    return range(begun, ended)


def lost(traffic: float, lines: int) -> float:
    """Erlang's formula as it is written, with powers and factorials."""
    terms = [traffic**n / math.factorial(n) for n in range(lines + 1)]
    return terms[-1] / sum(terms)


@every(
    *(
        {"given": given}
        for given in [
            {},
            {"from": "2026-10-25", "to": "2026-10-25"},
            {"pbx": "paris", "trunk_group": "20"},
        ]
    )
)
def test_erlang_per_half_hour_is_what_counting_second_by_second_gives(
    exchanges: Exchanges, given: dict[str, str]
) -> None:
    level: dict[Any, Counter[int]] = defaultdict(Counter)
    touched: dict[Any, int] = Counter()
    for call in exchanges.all():
        group = (call["pbx"], call["TrunkGroupIdentity"])
        if not group[1] or given.get("pbx", group[0]) != group[0]:
            continue
        if given.get("trunk_group", group[1]) != group[1]:
            continue
        slots = set()
        for second in held(call):
            local = datetime.fromtimestamp(second, ZONES[call["pbx"]])
            if not (
                given.get("from", "0") <= local.date().isoformat() <= given.get("to", "9999-12-31")
            ):
                continue
            slot = second - (local.minute * 60 + local.second) % 1800
            level[group, slot][second] += 1
            slots.add(slot)
        for slot in slots:
            touched[group, slot] += 1
    rows = run("trunk_occupation", blocking=0.02, **given)
    found = {((r["pbx"], r["trunk_group"]), _epoch(r["begins_at"])): r for r in rows}
    assert set(found) == set(level) and len(found) > 20
    hours: dict[Any, dict[int, float]] = defaultdict(dict)
    for (group, slot), seconds in level.items():
        after = level.get((group, slot + 1800), Counter())
        hours[group][slot] = (seconds.total() + after.total()) / 3600
    for (group, slot), seconds in level.items():
        row = found[group, slot]
        local = datetime.fromtimestamp(slot, ZONES[group[0]])
        assert row["half_hour"] == local.strftime("%Y-%m-%d %H:%M")
        assert row["calls"] == touched[group, slot]
        assert float(row["erlang"]) == pytest.approx(seconds.total() / 1800, abs=5e-5)
        assert row["most_at_once"] == max(seconds.values())
        traffic = hours[group][slot]
        assert float(row["hour_erlang"]) == pytest.approx(traffic, abs=5e-5)
        lines = row["lines_needed"]
        assert lost(traffic, lines) <= 0.02 < lost(traffic, lines - 1)
        busiest = max(hours[group].values())
        first = min(s for s, e in hours[group].items() if e == busiest)
        assert row["busy_hour"] == (slot == first)
    if "trunk_group" not in given:  # the hour that comes twice stands there twice
        assert sum(r["half_hour"] == "2026-10-25 02:00" and r["pbx"] == "paris" for r in rows) > 2


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@every(*({**g, "per": per} for g in GIVEN for per in ("extension", "cost_centre", "hour", "day")))
def test_unanswered_calls_and_waiting(exchanges: Exchanges, given: Any, per: str) -> None:
    keys: dict[str, Callable[[Call], Any]] = {
        "extension": lambda c: c["ChargedNumber"],
        "cost_centre": centre,
        "hour": lambda c: begins(c).strftime("%H"),
        "day": lambda c: begins(c).strftime("%Y-%m-%d"),
    }
    by_hand = grouped(
        within(exchanges, **given),
        lambda c: (c["pbx"], keys[per](c), DIRECTIONS[c["CallType"]]),
    )
    rows = run("unanswered", per=per, **given)
    assert {(r["pbx"], r["per"], r["direction"]) for r in rows} == set(by_hand)
    assert len(rows) == len(by_hand)
    for row in rows:
        calls = by_hand[row["pbx"], row["per"], row["direction"]]
        spoke = [c for c in calls if int(c["EffectiveCallDuration"] or c["Duration"]) > 0]
        silent = [c for c in calls if c not in spoke]
        waits = sorted(int(c["WaitingDuration"]) for c in spoke if c["WaitingDuration"])
        gave_up = [int(c["WaitingDuration"]) for c in silent if c["WaitingDuration"]]
        assert (row["calls"], row["answered"], row["unanswered"]) == (
            len(calls), len(spoke), len(silent)
        )  # fmt: skip
        assert float(row["unanswered_percent"]) == pytest.approx(
            100 * len(silent) / len(calls), abs=0.051
        )
        assert row["waited_longest"] == (waits[-1] if waits else None)
        assert row["waited_nine_in_ten"] == (
            waits[math.ceil(len(waits) * 9 / 10) - 1] if waits else None
        )
        for shown, real in ((row["waited_mean"], waits), (row["gave_up_after"], gave_up)):
            assert (shown is None) == (not real)
            if real:
                assert float(shown) == pytest.approx(statistics.mean(real), abs=0.051)


@every(
    *(
        {"given": given}
        for given in [{}, {"from": "2026-10-25"}, {"pbx": "paris", "cost_centre": "10"}]
    )
)
def test_anomalies_of_single_calls(exchanges: Exchanges, given: Any) -> None:
    add("paris", dial_plan={"outside": "0"})
    by_hand: Counter[tuple[str, str, str, str, str]] = Counter()
    for call in within(exchanges, **given):
        out = DIRECTIONS[call["CallType"]] == "outgoing"
        number = call["CalledNumber"]
        outside = "0" if call["pbx"] == "paris" else ""
        dialled = number[1:] if outside and number.startswith(outside) else number
        kinds = []
        if seconds_of(call) >= 1800:
            kinds.append("long")
        if out and (begins(call).hour >= 23 or begins(call).hour < 2):
            kinds.append("night")
        if out and dialled.startswith(("899", "118")):
            kinds.append("premium")
        for kind in kinds:
            at = begins(call).isoformat(" ")
            by_hand[kind, call["pbx"], call["ChargedNumber"], at, masked(number)] += 1
    rows = run(
        "anomalies", long_seconds=1800, night_from=23, night_to=2, premium="899,118", **given
    )
    found = Counter(
        (r["kind"], r["pbx"], r["extension"], r["at"], r["called_number"])
        for r in rows
        if r["kind"] != "spike"
    )
    assert found == by_hand
    if not given:
        assert {kind for kind, *_ in found} == {"long", "night", "premium"}


def test_a_spike_is_more_than_the_median_of_the_four_weeks_before(
    db: Database, tmp_path: Path
) -> None:
    import random

    rng, made = random.Random(8), Exchanges(tmp_path)
    add("paris")
    days = [date(2026, 2, 10) + timedelta(days=n) for n in range(45)]
    calls = []
    for number, day in enumerate(days):
        for _ in range(rng.choice((10, 40, 90) if number > 30 else (0, 15, 30))):
            calls.append(random_call(rng, [day], ZONES["paris"]))
    made.load("paris", "TAXAAAAA.DAT", calls)
    for factor, least in ((3, 5), (1.5, 2), (2, 8)):
        by_hand = set()
        counts = Counter((c["ChargedNumber"], begins(c).date()) for c in made.all())
        first = min(begins(c).date() for c in made.all())
        for (extension, day), count in counts.items():
            before = [day - timedelta(days=n) for n in range(1, 29)]
            usual = [counts[extension, b] for b in before if b >= first]
            if count >= least and len(usual) >= 7 and count > factor * statistics.median(usual):
                by_hand.add((extension, day.isoformat(), count, statistics.median(usual)))
        rows = run("anomalies", spike_factor=factor, spike_calls=least)
        found = {
            (r["extension"], r["at"][:10], r["calls"], r["usual_calls"])
            for r in rows
            if r["kind"] == "spike"
        }
        assert found == by_hand and found


def test_unused_extensions(exchanges: Exchanges, db: Database) -> None:
    db.conn.cursor().execute(
        "insert into org_user (pbx, extension, valid_from, valid_to, person) values"
        " ('paris', '1999', '2026-01-01', null, 'Neuf'),"
        " ('paris', '1998', '2026-01-01', '2026-10-26', 'Parti'),"
        " ('paris', '1000', '2026-01-01', null, 'Zéro'),"
        " ('kathmandu', '1001', '2026-01-01', null, 'Un')"
    )
    for first, last in (("2026-10-27", "2026-10-28"), ("2026-10-28", "2026-10-30")):
        by_hand = set()
        for pbx, calls in exchanges.calls.items():
            known = {e: ("tickets", n) for e, n, _ in PEOPLE}
            known = {
                e: v
                for e, v in known.items()
                if any(
                    c["ChargedNumber"] == e and begins(c).date().isoformat() < first for c in calls
                )
            }
            organised = {"1999": "Neuf", "1000": "Zéro"} if pbx == "paris" else {"1001": "Un"}
            known |= {e: ("organisation", n) for e, n in organised.items()}
            used = {
                c["ChargedNumber"] for c in calls if first <= begins(c).date().isoformat() <= last
            }
            for extension, (source, name) in known.items():
                if extension in used:
                    continue
                before = [
                    begins(c)
                    for c in calls
                    if c["ChargedNumber"] == extension and begins(c).date().isoformat() < first
                ]
                latest = max(before).isoformat(" ") if before else None
                by_hand.add((pbx, extension, name, source, latest))
        rows = run("unused_extensions", **{"from": first, "to": last})
        found = {
            (r["pbx"], r["extension"], r["user_name"], r["known_from"], r["last_call"])
            for r in rows
        }
        assert found == by_hand and found
    unset = run(
        "unused_extensions"
    )  # the thirty days before the last ticket: all were used but one
    assert [(r["pbx"], r["extension"]) for r in unset] == [("paris", "1999")]
