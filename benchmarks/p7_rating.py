"""P7: rating a million tickets set-based, against a loop over the pricing function that it must equal."""

import tempfile
from datetime import datetime
from json import dumps
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from benchmarks.side_by_side import database, measured
from include.billing.model import Tariff
from include.billing.price import price_call
from include.billing.rating import rate_new
from include.billing.tariff import load
from include.billing.tariff_file import build
from include.db import connect
from include.taxation.ingest import ingest_paths

TICKETS = 1_000_000
LAYOUT = (
    b"#TicketVersion,1,5,L,CalledNumber,6,35,L,CallType,36,37,R,StartDateTime,38,54,L,"
    b"EndDateTime,55,71,L,Duration,72,81,R,ChargeUnits,82,86,R\n"
)
# One call in six is still going on at 8:00 or 18:00; at the weekend no band ends then.
FILL = """
    insert into taxdata (
      ticket_id, file_id, line_number, content_digest, ambiguous_time,
      ticketversion, callednumber, calltype, startdatetime, enddatetime, duration
    )
    select
      100000000 + n, 1, n, gen_random_uuid(), false, '5.1',
      '063998' || lpad((random() * 9999)::integer::text, 4, '0'), 0,
      at, at + seconds * interval '1 s', seconds
    from (
      select
        n, seconds,
        case
          when random() < 0.165 then band - (random() * (seconds - 2) + 1)::integer * interval '1 s'
          else band + (random() * 28000)::integer * interval '1 s'
        end as at
      from (
        select
          n, (10 - 170 * ln(1 - random()))::integer as seconds,
          timestamp '2026-03-02' + (random() * 55)::integer * interval '1 day'
          + (array[interval '8 h', interval '18 h'])[1 + (random() > 0.4)::integer] as band
        from generate_series(3, %s + 1) as n
      ) as drawn
    ) as timed
"""
CALLS = """
    select
      v.ticket_id, '+' || dialled_e164(v.called_number, p.dial_plan), v.start_at, v.duration
    from v_ticket_full as v join pbx as p on p.code = v.pbx
    order by v.ticket_id
"""
DIFFERENT = """
    select count(*) from rated_ticket as s full join by_loop as l using (ticket_id)
    where (s.cost, s.currency, s.reason) is distinct from (l.cost, l.currency, l.reason)
"""
# Telling one takes longer than a price: one ticket in fifty.
TOLD = "from v_rating as s join by_loop as l using (ticket_id) where ticket_id % 50 = 0"
TOLD_OTHERWISE = f"select count(*) {TOLD} and s.explanation is distinct from l.explanation"
CROSSING = "select count(*) from by_loop where jsonb_array_length(explanation -> 'pieces') > 1"
INSERT = "insert into by_loop (ticket_id, tariff_id, cost, currency, reason, explanation) values %s"
AT_ONCE = 1000


def measure() -> dict[str, Any]:
    """Half of the loop, the set-based rating, the other half of the loop; every price compared.

    Both read the tickets and leave the same rows, explanations included.
    """
    with database("p7") as server:
        tariff = _fill()
        with connect(role=None) as conn:
            conn.cursor().execute("create table by_loop (like rated_ticket including all)")
            half = int(_one(conn, "select count(*) from taxdata")) // 2
        first = measured(server, lambda: _loop(tariff, 0, half))
        taken = measured(server, rate_new)
        second = measured(server, lambda: _loop(tariff, half, TICKETS))
        with connect(role=None) as conn:
            rows = _one(conn, "select count(*) from by_loop")
            crossing = _one(conn, CROSSING)
            different = _one(conn, DIFFERENT)
            told, otherwise = _one(conn, f"select count(*) {TOLD}"), _one(conn, TOLD_OTHERWISE)
    loop = {key: round(first[key] + second[key], 2) for key in first}
    return {
        "tickets": rows,
        "prefixes": len(tariff.prefixes),
        "rates": len(tariff.rates),
        "crossing_percent": round(100 * crossing / rows, 1),
        "set_based": taken,
        "loop": loop,
        "times_faster": {key: round(loop[key] / taken[key], 1) for key in loop},
        "different_results": different,
        "explanations_compared": told,
        "different_explanations": otherwise,
        "reach": 20,
    }


def tariff_document() -> dict[str, Any]:
    """300 prefixes, two lengths, each with a rate by day, by night and at the weekend."""
    prefixes = [f"3363998{n:02d}" for n in range(100)] + [
        f"3363998{n:03d}" for n in range(0, 1000, 5)
    ]
    rates = []
    for index, prefix in enumerate(prefixes):
        for band, (start, end, calendar) in enumerate(
            (("08:00", "18:00", "week"), ("18:00", "08:00", "week"), ("00:00", "24:00", "rest"))
        ):
            price = f"0.{(index * 37 + band * 11) % 9000 + 100:04d}"
            steps = [{"from": 0, "price": price, "per": 60, "increment": (1, 6, 30)[index % 3]}]
            rate = {"destination": f"d{prefix}", "calendar": calendar, "from": start, "to": end}
            rates.append({**rate, "weight": 10 - band, "connect_fee": "0.05", "steps": steps})
    return {
        "version": 1, "kind": "tariff", "tariff": "default", "currency": "EUR",
        "valid_from": "2026-01-01", "timezone": "Europe/Paris",
        "rounding": {"method": "half_up", "decimals": 4},
        "destinations": {f"d{prefix}": [prefix] for prefix in prefixes},
        "calendars": {"week": {"days": ["mon", "tue", "wed", "thu", "fri"]}, "rest": {}},
        "rates": rates,
    }  # fmt: skip


def _fill() -> Tariff:
    tariff = build(tariff_document())
    record = (
        f"{'5.1':5}{'0639980001':30}{'0':>2}20260302 09:00:0020260302 09:01:00{'60':>10}{'':5}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "first"
        path.write_bytes(LAYOUT + record.encode())
        ingest_paths([path], "siege")
    with connect(role=None) as conn, conn.cursor() as cur:
        load(conn, tariff)
        cur.execute("select setseed(0.5)")
        cur.execute(FILL, (TICKETS,))
    with connect(role=None, autocommit=True) as conn:
        conn.cursor().execute("vacuum analyze taxdata")
        conn.cursor().execute("checkpoint")
    return tariff


def _loop(tariff: Tariff, first: int, last: int) -> None:
    with connect(role=None) as conn, conn.cursor() as write, conn.cursor(name="calls") as read:
        read.itersize = AT_ONCE
        read.execute(CALLS + "offset %s limit %s", (first, last - first))
        while calls := read.fetchmany(AT_ONCE):
            execute_values(write, INSERT, [_row(tariff, *call) for call in calls])


def _row(
    tariff: Tariff, ticket_id: int, called: str, start: datetime, seconds: int
) -> tuple[Any, ...]:
    price = price_call(tariff, called, start, seconds)
    explanation = dumps(price.explanation())
    return ticket_id, tariff.tariff_id or 0, price.cost, price.currency, price.reason, explanation


def _one(conn: Connection, query: str) -> Any:
    with conn.cursor() as cur:
        cur.execute(query)
        row = cur.fetchone()
    return row[0] if row else None
