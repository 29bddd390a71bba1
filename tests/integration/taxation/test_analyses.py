"""Each predefined analysis, recomputed from the raw tickets by other code: loops, no SQL."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from include.taxation.analyse import treatments
from include.taxation.generate import write_spool
from include.taxation.ingest import ingest_paths
from tests.conftest import Database
from tests.integration.taxation.exchange import (
    DIRECTIONS,
    Call,
    Exchanges,
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
