"""Each predefined analysis, recomputed from the raw tickets by other code: loops, no SQL."""

import inspect
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from include.taxation.analyse import analyse, treatments
from include.taxation.generate import write_spool
from include.taxation.ingest import ingest_paths
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
    two_exchanges,
)

Rows = list[dict[str, Any]]
PERIODS: tuple[dict[str, Any], ...] = (
    {},
    {"from": "2026-10-25", "to": "2026-10-25"},
    {"from": "2026-10-26", "pbx": "kathmandu"},
    {"to": "2026-10-24", "cost_centre": "10"},
)


def every(*cases: dict[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Runs a test with each of these keyword arguments on one database: making one takes a second."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        def with_each(**fixtures: Any) -> None:
            for case in cases:
                test(**fixtures, **case)

        told = inspect.signature(test)
        fixtures = [p for name, p in told.parameters.items() if name not in cases[0]]
        with_each.__signature__ = told.replace(parameters=fixtures)  # type: ignore[attr-defined]
        with_each.__name__ = test.__name__
        return with_each

    return decorate


GIVEN = [{"given": period} for period in PERIODS]


@pytest.fixture
def exchanges(db: Database, tmp_path: Path) -> Exchanges:
    return two_exchanges(tmp_path)


def run(name: str, **parameters: Any) -> Rows:
    found = analyse(name, parameters)
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def begins(call: Call) -> datetime:
    return datetime.strptime(call["StartDateTime"], STAMP)


def centre(call: Call) -> str | None:
    return None if call["ChargedCostCenter"] in ("", "255") else call["ChargedCostCenter"]


def masked(number: str) -> str:
    return number[:-4] + "----" if len(number) > 6 else number


def seconds_of(call: Call) -> int:
    return int(call["Duration"])


def within(exchanges: Exchanges, **given: Any) -> list[Call]:
    """The calls that start in a period, on the clock of their PBX."""
    first, last = given.get("from", "0001-01-01"), given.get("to", "9999-12-31")
    return [
        call
        for call in exchanges.all()
        if first <= begins(call).date().isoformat() <= last
        and given.get("pbx") in (None, call["pbx"])
        and given.get("cost_centre") in (None, centre(call))
    ]


def grouped(calls: list[Call], key: Callable[[Call], Any]) -> dict[Any, list[Call]]:
    groups: dict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        groups[key(call)].append(call)
    return groups


def test_there_are_nine_each_with_words_and_documented_parameters(db: Database) -> None:
    found = treatments()
    assert len(found) == 9
    for each in found:
        text = (Path("include/sql/taxation") / f"{each['name']}.sql").read_text()
        comment = " ".join(x for x in text.splitlines() if x.startswith("--"))
        assert each["title_en"] and each["title_fr"]
        for parameter in each["parameters"]["properties"]:
            assert parameter in comment, (each["name"], parameter)


@every(*GIVEN)
def test_cost_per_cost_centre_company_and_user(
    exchanges: Exchanges, db: Database, given: Any
) -> None:
    db.conn.cursor().execute(
        "insert into tariff (code, valid_from, version, currency, document, sha256) "
        "values ('default', '2020-01-01', 1, 'EUR', '{}', 'x') on conflict do nothing;"
        "insert into rated_ticket (ticket_id, tariff_id, cost, currency, explanation)"
        " select ticket_id, 1, (duration % 97) / 100.0, 'EUR', '{}' from taxdata where duration % 3 > 0"
        " on conflict do nothing"
    )
    assert db.one("select count(*) from duplicate_ticket") == 20

    def price(call: Call) -> Decimal | None:
        seconds = seconds_of(call)
        return Decimal(seconds % 97) / 100 if seconds % 3 else None

    keys: dict[str, Callable[[Call], Any]] = {
        "cost_centre": centre,
        "company": lambda call: call["ChargedCompany"],
        "user": lambda call: (call["ChargedNumber"], call["ChargedUserName"]),
    }
    for per, key in keys.items():
        found = {}
        for row in run("cost_per_cost_centre", per=per, **given):
            name = (row["extension"], row["user_name"]) if per == "user" else row[per]
            found[row["pbx"], name] = (
                row["calls"], row["answered"], row["seconds"], Decimal(row["cost"]), row["unrated"]
            )  # fmt: skip
        by_hand = grouped(within(exchanges, **given), partial(_per_pbx, key))
        assert found == {
            k: (
                len(v),
                sum(seconds_of(c) > 0 for c in v),
                sum(map(seconds_of, v)),
                sum((price(c) or Decimal(0) for c in v), Decimal(0)),
                sum(DIRECTIONS[c["CallType"]] == "outgoing" and price(c) is None for c in v),
            )
            for k, v in by_hand.items()
        }


def _per_pbx(key: Callable[[Call], Any], call: Call) -> Any:
    return call["pbx"], key(call)


@every(*GIVEN)
def test_top_callers_and_destinations(exchanges: Exchanges, given: Any) -> None:
    calls = [c for c in within(exchanges, **given) if DIRECTIONS[c["CallType"]] == "outgoing"]
    for side, key in (
        ("destinations", lambda c: (masked(c["CalledNumber"]), None)),
        ("callers", lambda c: (c["ChargedNumber"], c["ChargedUserName"])),
    ):
        by_hand = [(len(v), sum(map(seconds_of, v)), *k) for k, v in grouped(calls, key).items()]
        rows = run("top_destinations", side=side, limit=5, **given)
        found = [(r["calls"], r["seconds"], r["number"], r["user_name"]) for r in rows]
        assert len(found) == min(5, len(by_hand)) and set(found) <= set(by_hand)
        counts = [row[0] for row in found]
        assert counts == sorted((row[0] for row in by_hand), reverse=True)[:5]
    assert any(r["number"] == "063998----" for r in run("top_destinations"))


@every(*GIVEN)
def test_traffic_by_weekday_and_hour(exchanges: Exchanges, given: Any) -> None:
    calls = within(exchanges, **given)
    by_hand = grouped(
        calls,
        lambda c: (begins(c).isoweekday(), begins(c).hour, DIRECTIONS[c["CallType"]]),
    )
    found = {
        (r["weekday"], r["hour"], r["direction"]): (r["calls"], r["seconds"])
        for r in run("traffic_by_hour", **given)
    }
    assert found == {k: (len(v), sum(map(seconds_of, v))) for k, v in by_hand.items()}


@every(*GIVEN)
def test_call_types(exchanges: Exchanges, given: Any) -> None:
    by_hand = grouped(within(exchanges, **given), lambda c: DIRECTIONS[c["CallType"]])
    found: Counter[str] = Counter()
    for row in run("call_types", **given):
        found[row["direction"]] += row["calls"]
    assert found == Counter({k: len(v) for k, v in by_hand.items()})


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


def test_layouts_seen(exchanges: Exchanges, db: Database, tmp_path: Path) -> None:
    for number, layout in enumerate(("seed", "ed5.2", "seed")):
        path = tmp_path / f"TAXBBBB{'ABC'[number]}.DAT"
        write_spool(path, layout_name=layout, tickets=10 + number, seed=number)
        ingest_paths([path], "paris")
    rows = run("layouts_seen")
    assert [
        (r["pbx"], r["ticket_version"], r["columns"], r["files"], r["tickets"]) for r in rows
    ] == [
        ("kathmandu", "5.1", 13, 2, 150 + 110),
        ("paris", "5.1", 13, 2, 150 + 110),
        ("paris", "5.1", 47, 2, 10 + 12),
        ("paris", "ED5.2", 48, 1, 11),
    ]
    assert rows[1]["fields_new"] is None and rows[3]["fields_new"] == "timedlt"
    assert len(rows[2]["fields_new"].split(", ")) == 47 - 13 and rows[2]["fields_gone"] is None
    tomorrow = (datetime.combine(datetime.now(UTC).date(), time()) + timedelta(days=1)).date()
    assert run("layouts_seen", **{"from": tomorrow.isoformat()}) == []
    assert len(run("layouts_seen", pbx="kathmandu")) == 1
