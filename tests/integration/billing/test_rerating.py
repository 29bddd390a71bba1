"""Prices again: by range and version, nothing lost, every difference told, twice the same."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from include.billing.price import price_call
from include.billing.rating import rate_new, rerate
from include.billing.tariff import assign, load
from include.billing.tariff_file import build
from include.cli import smsswitch
from include.db import connect
from include.errors import InputError
from include.taxation.ingest import ingest_paths
from include.taxation.pbx import add
from tests.conftest import Database

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
HEADER = "#TicketVersion,1,5,L,CalledNumber,6,31,L,CallType,32,33,R,StartDateTime,34,50,L,Duration,51,60,R"
NOW = "select ticket_id, tariff_id, cost, reason from rated_ticket where not superseded order by 1"
KEPT = "select ticket_id, tariff_id, cost, superseded from rated_ticket order by 1, 2"


def _document(price: str, *, start: str = "2026-01-01", wide: bool = True) -> dict[str, Any]:
    rates = [
        {"destination": "mobile", "steps": [{"from": 0, "price": price, "per": 60, "increment": 1}]}
    ]
    if wide:
        rates.append({"destination": "fixed", "connect_fee": "0.1"})
    return {
        "version": 1, "kind": "tariff", "tariff": "acme", "currency": "EUR", "valid_from": start,
        "destinations": {"mobile": ["336"], "fixed": ["331"]}, "rates": rates,
    }  # fmt: skip


def _load(document: dict[str, Any]) -> int:
    with connect() as conn:
        return int(load(conn, build(document))["tariff_id"])


@pytest.fixture
def calls(db: Database, tmp_path: Path) -> list[tuple[str, datetime, int]]:
    """Forty calls from 20 February to 31 March, every fourth to a fixed line."""
    db.conn.cursor().execute("insert into client (code, name) values ('acme', 'A')")
    add("siege", client="acme")
    drawn = [
        (
            "0199001122" if n % 4 == 0 else "0639980012",
            datetime(2026, 2, 20, 9, n) + timedelta(days=n),
            n * 7,
        )
        for n in range(40)
    ]
    lines = [
        f"{'5.1':5}{called:26}{'0':>2}{start:%Y%m%d %H:%M:%S}{seconds:>10}"
        for called, start, seconds in drawn
    ]
    (tmp_path / "spool").write_text("\n".join([HEADER, *lines, ""]))
    ingest_paths([tmp_path / "spool"], "siege")
    return drawn


def _expected(calls: list[tuple[str, datetime, int]], document: dict[str, Any]) -> list[Any]:
    """Costs and reasons by the pricing function, in the order of the tickets."""
    tariff = build(document)
    found = [price_call(tariff, "33" + called[1:], at, seconds) for called, at, seconds in calls]
    return [(price.cost, price.reason) for price in found]


def test_a_new_version_counts_where_it_is_asked_to_and_the_old_prices_stay(
    db: Database, calls: list[tuple[str, datetime, int]]
) -> None:
    old = _load(_document("0.06"))
    with connect() as conn:
        assign(conn, "acme", "acme")
    rate_new()
    before = db.all(NOW)
    assert [row[2:] for row in before] == _expected(calls, _document("0.06"))
    new = _load(_document("0.12"))
    assert rate_new()["rated"] == 0
    assert db.all(NOW) == before

    dry = rerate(FIRST, LAST, dry_run=True)
    assert db.all(NOW) == before and db.all("select * from rerating") == []
    told = rerate(FIRST, LAST)
    assert {**dry, "dry_run": False, "rerating_id": 0} == {**told, "rerating_id": 0}

    march = [at.date() >= FIRST for _, at, _ in calls]
    expected = [
        (n if m else o)
        for o, n, m in zip(
            _expected(calls, _document("0.06")),
            _expected(calls, _document("0.12")),
            march,
            strict=True,
        )
    ]
    after = db.all(NOW)
    assert [row[2:] for row in after] == expected
    assert [row[1] == new for row in after] == march
    kept = {row[:3] for row in db.all(KEPT)}
    assert {row[:3] for row in before} <= kept, "an old price is gone"
    changed = [(o, n) for o, n in zip(before, after, strict=True) if o[2] != n[2]]
    assert (told["calls"], told["changed"]) == (sum(march), len(changed))
    assert len(told["differences"]) == min(20, len(changed))
    sums = [
        sum((Decimal(str(row[2])) for row, m in zip(rows, march, strict=True) if m), Decimal(0))
        for rows in (before, after)
    ]
    assert [Decimal(told[name]["EUR"]) for name in ("before", "after")] == sums
    kept_differences = db.all(
        "select ticket_id, old_tariff_id, old_cost, new_tariff_id, new_cost, "
        "old_explanation is not null from rerating_difference order by 1"
    )
    assert kept_differences == [(o[0], old, o[2], new, n[2], True) for o, n in changed]

    assert rerate(FIRST, LAST)["calls"] == 0
    assert db.all(NOW) == after
    assert db.one("select count(*) from rerating") == 1


def test_back_to_a_version_that_had_priced_before(
    db: Database, calls: list[tuple[str, datetime, int]]
) -> None:
    _load(_document("0.06"))
    with connect() as conn:
        assign(conn, "acme", "acme")
    rate_new()
    before = db.all(NOW)
    with connect() as conn:
        assign(conn, "acme", "default")
    assert rerate(date(2026, 1, 1), LAST)["calls"] == 40
    assert db.all(NOW) != before
    with connect() as conn:
        assign(conn, "acme", "acme")
    assert rerate(date(2026, 1, 1), LAST, tariff="default")["calls"] == 0
    assert rerate(date(2026, 1, 1), LAST, tariff="acme")["calls"] == 40
    assert db.all(NOW) == before
    assert db.one("select count(*) from rated_ticket") == 80


def test_calls_without_a_price_get_one_when_a_new_version_has_it(
    db: Database, calls: list[tuple[str, datetime, int]]
) -> None:
    _load(_document("0.06", wide=False))
    with connect() as conn:
        assign(conn, "acme", "acme")
    assert rate_new()["reasons"] == {"no_rate_for_destination": 10}
    assert (rate_new()["rated"], rate_new()["unrated"]) == (0, 0)
    _load(_document("0.99", start="2026-03-01"))
    again = rate_new()
    fixed = sum(at.date() >= FIRST for called, at, _ in calls if called.startswith("01"))
    assert (again["rated"], again["unrated"]) == (fixed, 0)
    priced = db.all("select cost from rated_ticket where cost = 0.1")
    assert len(priced) == fixed, (
        "only those of the new version's days, and only those without a price"
    )
    assert rate_new()["rated"] == 0


def test_the_command_and_what_it_refuses(
    db: Database, calls: list[tuple[str, datetime, int]]
) -> None:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(smsswitch, ["billing", "rate", *arguments])

    _load(_document("0.06"))
    with connect() as conn:
        assign(conn, "acme", "acme")
    assert "40 rated" in run().stdout
    _load(_document("0.12"))
    dry = run("--from", "2026-03-01", "--to", "2026-03-31", "--dry-run")
    assert "changed: " in dry.stdout and dry.stdout.endswith("dry run: nothing was changed\n")
    told = json.loads(run("--from", "2026-03-01", "--to", "2026-03-31", "--json").stdout)
    assert told["changed"] > 0
    for wrong in (
        ("--from", "2026-03-01"), ("--from", "2026-03-02", "--to", "2026-03-01"),
        ("--from", "March", "--to", "2026-03-01"), ("--dry-run",),
    ):  # fmt: skip
        refused = run(*wrong)
        assert isinstance(refused.exception, InputError), wrong
        assert refused.exception.code == "bad_range"
