"""Set-based rating against the pricing function, on tickets that came in as a spool."""

import random
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ncompress
import pytest

from include.billing.price import price_call
from include.billing.rating import rate_new
from include.billing.tariff import assign, current, load
from include.billing.tariff_file import build
from include.db import connect
from include.taxation.generate import write_spool
from include.taxation.ingest import ingest_paths
from include.taxation.pbx import add
from tests.conftest import Database
from tests.integration.billing import random_tariffs

HEADER = (
    "#TicketVersion,1,5,L,CalledNumber,6,31,L,CallType,32,33,R,StartDateTime,34,50,L,"
    "Duration,51,60,R,ChargeUnits,61,65,R"
)
ROWS = """
    select v.called_number, v.start_at, v.duration, v.charge_units, v.direction,
      dialled_e164(v.called_number, p.dial_plan),
      r.cost, r.reason, r.explanation
    from v_ticket_full v join pbx p on p.code = v.pbx
    join v_rating r using (ticket_id) order by v.ticket_id
"""


def _spool(calls: list[tuple[str, datetime, int, str]], kind: str = "0") -> bytes:
    lines = [
        f"{'5.1':5}{called:26}{kind:>2}{start:%Y%m%d %H:%M:%S}{seconds:>10}{units:>5}"
        for called, start, seconds, units in calls
    ]
    return "\n".join([HEADER, *lines, ""]).encode()


def _client_of(db: Database, code: str) -> None:
    db.conn.cursor().execute("insert into client (code, name) values (%s, 'C')", (code,))


@pytest.mark.parametrize("seed", range(8))
def test_sql_and_python_give_the_same_price_to_the_last_decimal(
    db: Database, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    document = random_tariffs.tariff(rng, "drawn")
    tariff = build(document)
    calls = [random_tariffs.call(rng) for _ in range(250)]
    path = tmp_path / "spool"
    path.write_bytes(ncompress.compress(_spool(calls)))
    _client_of(db, "acme")
    with connect() as conn:
        load(conn, tariff)
        assign(conn, "acme", "drawn")
    add("siege", client="acme")
    (file,) = ingest_paths([path], "siege")["files"]

    report = rate_new()

    rows = db.all(ROWS)
    assert report["rated"] + report["unrated"] == len(rows)
    assert len(rows) + int(file["rejected"]) + _hidden(db) == 250
    for _, start, seconds, units, direction, called, cost, reason, explanation in rows:
        assert isinstance(start, datetime) and isinstance(seconds, int)
        assert units is None or isinstance(units, int)
        expected = price_call(
            tariff, str(called), start, seconds, units=units, direction=str(direction)
        )
        what = (called, start, seconds, units)
        assert (cost, reason) == (expected.cost, expected.reason), what
        assert explanation == expected.explanation(), what


def _hidden(db: Database) -> int:
    return int(str(db.one("select count(*) from duplicate_ticket")))


def test_generated_calls_get_a_price_and_a_second_run_finds_nothing(
    db: Database, tmp_path: Path
) -> None:
    write_spool(tmp_path / "TAXAAAAA.DAT", layout_name="ed5.2", tickets=400, seed=5)
    ingest_paths([tmp_path], "siege")
    report = rate_new()
    outgoing = db.one("select count(*) from v_ticket where direction = 'outgoing'")
    assert (report["rated"], report["unrated"], report["tariffs"]) == (outgoing, 0, ["default"])
    assert db.one("select count(*) from v_ticket where rated") == outgoing
    assert rate_new() == {"rated": 0, "unrated": 0, "reasons": {}, "tariffs": []}
    with connect() as conn:
        tariff = current(conn, "default", date(2026, 3, 2))
    called, start, seconds, cost = db.all(
        "select called_number, start_at, duration, r.cost from v_ticket_full join rated_ticket r"
        " using (ticket_id) where duration > 60 order by ticket_id limit 1"
    )[0]
    assert isinstance(start, datetime) and isinstance(seconds, int)
    e164 = "33" + str(called)[1:]
    local = start.astimezone(ZoneInfo("Europe/Paris")).replace(tzinfo=None)
    assert price_call(tariff, e164, local, seconds).cost == cost


def test_a_destination_without_a_rate_is_unrated_with_its_reason_never_zero(
    db: Database, tmp_path: Path
) -> None:
    document = {
        "version": 1, "kind": "tariff", "tariff": "narrow", "currency": "EUR",
        "valid_from": "2026-01-01", "destinations": {"mobile": ["33639"]},
        "rates": [{"destination": "mobile", "connect_fee": "0.10"}],
    }  # fmt: skip
    _client_of(db, "acme")
    with connect() as conn:
        load(conn, build(document))
        assign(conn, "acme", "narrow")
    add("siege", client="acme")
    when = datetime(2026, 3, 10, 9)
    calls = [
        ("0639980012", when, 5, ""),
        ("0199001122", when, 6, ""),
        ("3631", when, 7, ""),
        ("0639980012", datetime(2025, 12, 31), 8, ""),
    ]
    (tmp_path / "s").write_bytes(_spool(calls))
    ingest_paths([tmp_path / "s"], "siege")
    report = rate_new()
    assert report["reasons"] == {"no_rate_for_destination": 2, "no_tariff_version": 1}
    assert db.all("select duration, cost, unrated_reason from v_ticket order by 1") == [
        (5, Decimal("0.1000"), None),
        (6, None, "no_rate_for_destination"),
        (7, None, "no_rate_for_destination"),
        (8, None, None),
    ]


def test_each_call_is_priced_by_the_version_of_its_pbx_its_day_and_its_direction(
    db: Database, tmp_path: Path
) -> None:
    """The same number called from three exchanges, on both sides of two versions, and calling."""

    def document(code: str, start: str, price: str, direction: str) -> dict[str, Any]:
        step = {"from": 0, "price": price, "per": 60, "increment": 1}
        rate = {"destination": "any", "direction": direction, "steps": [step]}
        return {
            "version": 1, "kind": "tariff", "tariff": code, "currency": "EUR", "valid_from": start,
            "rates": [rate],
        }  # fmt: skip

    given = [
        document("both", "2026-01-01", "0.06", "any"),
        document("both", "2026-03-10", "0.12", "any"),
        document("out", "2026-03-01", "0.60", "outgoing"),
    ]
    with connect() as conn:
        for each in given:
            load(conn, build(each))
    for code in ("both", "out"):
        _client_of(db, code)
        with connect() as conn:
            assign(conn, code, code)
        add(f"at-{code}", client=code)
    for number, pbx in enumerate(("at-both", "at-out", "nobodys")):
        calls = [
            ("0639980001", datetime(2026, *day, 23, 59, 30), 60 + number, "")
            for day in ((2, 28), (3, 9), (3, 10))
        ]
        path = tmp_path / pbx
        path.write_bytes(_spool(calls) + _spool(calls, "4"))
        ingest_paths([path], pbx)

    report = rate_new()

    assert report["reasons"] == {"no_tariff_version": 1}
    assert report["tariffs"] == ["both", "default", "out"]
    priced = (
        "select direction, extract(day from start_date_time)::integer, cost * 60 / duration"
        " from v_ticket where pbx = %s and cost is not null order by 1, 2"
    )
    rows = {pbx: db.all(priced, (pbx,)) for pbx in ("at-both", "at-out", "nobodys")}
    assert rows["at-both"] == [
        (way, day, Decimal(price))
        for way in ("incoming", "outgoing")
        for day, price in ((9, "0.06"), (10, "0.12"), (28, "0.06"))
    ]
    assert [row[:2] for row in rows["at-out"]] == [("outgoing", 9), ("outgoing", 10)]
    assert {way for way, _, _ in rows["nobodys"]} == {"outgoing"}
