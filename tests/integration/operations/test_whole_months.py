"""Partitions that retention drops: tickets with their prices, the history of the signal."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from include.db import connect
from include.operations import whole_months
from include.operations.retention import months_before, run
from tests.conftest import Database
from tests.integration.sender.hosts import until

NOW = datetime.now(UTC)
MILLION = 1_000_000
LEFT = "select tableoid::regclass::text, count(*) from {} group by 1 order by 1"


def ticket_months(db: Database, *back: int, each: int = 3) -> None:
    """A partition for each of these months, with files of three tickets that have prices."""
    db.all("insert into pbx (code) values ('siege') returning 1")
    for block, months in enumerate(back):
        month = f"{months_before(NOW, months):%Y-%m}-01"
        db.all(
            "insert into ticket_block values (%s, %s, %s) on conflict (first_file) do update "
            "set month = excluded.month returning 1",
            (block * MILLION, (block + 1) * MILLION, month),
        )
        db.all("select ensure_ticket_block(%s)", (block * MILLION,))
        for number in range(1, 3):
            file(db, block * MILLION + number, f"{month} 12:00+00", each)


def file(db: Database, number: int, at: str, tickets: int) -> None:
    db.all(
        "insert into spooled_file (file_id, pbx, name, size, sha256, state, tickets, raw_key, processed_at) "
        "overriding system value values (%s, 'siege', 'T', 1, lpad(%s, 64, '0'), 'loaded', %s, 'k', %s) "
        "returning 1",
        (number, str(number), tickets, at),
    )
    db.all(
        "insert into taxdata (ticket_id, file_id, line_number, content_digest, ambiguous_time) "
        "select %s * 100000000::bigint + n, %s, n, gen_random_uuid(), false "
        "from generate_series(1, %s) as n returning 1",
        (number, number, tickets),
    )
    db.all(
        "insert into rated_ticket (ticket_id, tariff_id, cost, currency) "
        "select ticket_id, 1, 0.5, 'EUR' from taxdata where file_id = %s returning 1",
        (number,),
    )


def told(done: dict[str, Any], kind: str) -> list[tuple[int, str]]:
    return [(p["gone"], p["note"]) for p in done["policies"] if p["kind"] == kind]


def left(db: Database, table: str) -> dict[str, object]:
    return {str(where): count for where, count in db.all(LEFT.format(table))}


def name(months: int) -> str:
    return f"{months_before(NOW, months):%Y-%m}"


def test_a_partition_of_old_files_is_dropped_with_prices_and_marks(db: Database) -> None:
    ticket_months(db, 20, 15, 2)
    db.all(
        "insert into duplicate_ticket select min(ticket_id) from taxdata group by file_id returning 1"
    )
    expected = [(6, name(20)), (6, name(15))]
    assert told(run(dry_run=True), "tickets") == expected
    assert db.one("select count(*) from taxdata") == 18
    assert told(run(), "tickets") == expected
    assert left(db, "taxdata") == {"taxdata_2": 6}
    assert left(db, "rated_ticket") == {"rated_ticket_2": 6}
    assert db.one("select count(*) from duplicate_ticket") == 2
    assert db.all("select to_regclass('taxdata_0'), to_regclass('rated_ticket_1')") == [
        (None, None)
    ]
    assert db.one("select count(*) from spooled_file") == 6, "they are known if they come again"
    assert told(run(), "tickets") == [(0, "")]


def test_a_file_read_again_keeps_its_tickets_and_no_others(db: Database) -> None:
    ticket_months(db, 20, 2)
    db.all("update spooled_file set processed_at = now() where file_id = 2 returning 1")
    assert told(run(dry_run=True), "tickets") == [(3, "row by row")]
    assert told(run(), "tickets") == [(3, "row by row")]
    assert db.all("select distinct file_id from taxdata order by 1") == [
        (2,),
        (MILLION + 1,),
        (MILLION + 2,),
    ]
    assert left(db, "rated_ticket") == {"rated_ticket_0": 3, "rated_ticket_1": 6}


def test_the_months_of_the_first_partition_go_one_by_one(db: Database) -> None:
    """As a database has them that was there before the partitions."""
    ticket_months(db, 2)
    for back in (20, 15):
        file(db, 10 + back, f"{name(back)}-03 12:00+00", 4)
    assert told(run(dry_run=True), "tickets") == [(8, "row by row")]
    assert told(run(), "tickets") == [(8, "row by row")]
    assert left(db, "taxdata") == {"taxdata_0": 6}


def test_the_month_of_the_limit_stays_until_it_is_over(db: Database) -> None:
    ticket_months(db, 12, 0)
    assert told(run(), "tickets") == [(0, "")]
    assert db.one("select count(*) from taxdata") == 12


def test_the_last_partition_is_made_anew(db: Database) -> None:
    ticket_months(db, 20)
    assert told(run(), "tickets") == [(6, name(20))]
    assert left(db, "taxdata") == {}
    file(db, 77, f"{NOW:%Y-%m-%d}", 1)
    assert left(db, "rated_ticket") == {"rated_ticket_0": 1}


def test_a_partition_that_is_read_all_the_while_is_named_and_goes_later(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_months(db, 20, 2)
    samples(db, 8)
    monkeypatch.setattr(whole_months, "ATTEMPTS", 2)
    monkeypatch.setattr(whole_months, "PAUSE_SECONDS", 0.0)
    with closing(psycopg2.connect(db.url)) as reader, reader.cursor() as cur:
        cur.execute("select (select count(*) from v_ticket), (select count(*) from modem_sample)")
        done = run()
        assert told(done, "tickets") == [(0, f"{name(20)} kept: in use")]
        assert told(done, "signal")[0] == (0, f"{name(8)} kept: in use")
        cur.execute("select (select count(*) from taxdata), (select count(*) from modem_sample)")
        assert cur.fetchall() == [(12, 5)], "what it began to read is there to its end"
    done = run()
    assert told(done, "tickets") == [(6, name(20))]
    assert told(done, "signal")[0] == (5, name(8))


def test_two_retentions_at_once_drop_a_partition_once(db: Database) -> None:
    ticket_months(db, 30, 25, 20, 2)
    samples(db, 9, 8)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: run(), range(2)))
    gone = Counter[str]()
    for done in both:
        for policy in done["policies"]:
            assert "kept" not in policy["note"], policy
            gone[policy["kind"]] += policy["gone"]
    assert (gone["tickets"], gone["signal"]) == (18, 10)
    assert left(db, "taxdata") == {"taxdata_3": 6}


def test_retention_waits_for_who_rates_and_takes_nothing_from_them(db: Database) -> None:
    ticket_months(db, 20, 2)
    with closing(psycopg2.connect(db.url)) as rating, rating.cursor() as cur:
        cur.execute("create temporary table call as select ticket_id from v_ticket")
        with ThreadPoolExecutor(1) as pool:
            purging = pool.submit(run)
            waiting = (
                "select exists (select from pg_stat_activity where datname = current_database() "
                "and wait_event_type = 'Lock' and query like '%%drop_ticket_block%%')"
            )
            until(lambda: db.one(waiting) or purging.done())
            cur.execute(
                "insert into rated_ticket (ticket_id, tariff_id, cost, currency) "
                "select ticket_id, 2, 1, 'EUR' from call"
            )
            assert cur.rowcount == 12
            rating.commit()
            assert told(purging.result(), "tickets") == [(6, name(20))]
    assert left(db, "rated_ticket") == {"rated_ticket_1": 12}


def test_a_reader_who_asks_for_more_tables_meanwhile_is_not_ended(db: Database) -> None:
    """It has one that retention wants, and wants one that retention has."""
    ticket_months(db, 20, 2)
    held = (
        "select exists (select from pg_locks where relation = 'rated_ticket'::regclass "
        "and mode = 'AccessExclusiveLock' and granted)"
    )
    with closing(psycopg2.connect(db.url)) as reader, reader.cursor() as cur:
        cur.execute("select count(*) from taxdata")
        with ThreadPoolExecutor(1) as pool:
            purging = pool.submit(run)
            until(lambda: db.one(held) or purging.done())
            cur.execute("select count(*) from v_ticket where cost is not null")
            assert cur.fetchall() == [(12,)]
            reader.commit()
            assert told(purging.result(), "tickets") == [(6, name(20))]


def test_only_who_loads_may_make_or_drop_partitions_of_tickets(db: Database) -> None:
    for call in ("drop_ticket_block(0, now())", "ensure_ticket_block(1)", "open_ticket_month()"):
        for role in ("smsswitch_app", "smsswitch_reader"):
            with connect(role) as conn, conn.cursor() as cur, pytest.raises(psycopg2.Error):
                cur.execute(f"select {call}")
    with connect("smsswitch_reader") as conn, conn.cursor() as cur, pytest.raises(psycopg2.Error):
        cur.execute("select drop_sample_month('2020-01-01')")
    with connect("smsswitch_app") as conn, conn.cursor() as cur, pytest.raises(psycopg2.Error):
        cur.execute("drop table taxdata_0")


def test_a_partition_with_newer_files_cannot_be_dropped(db: Database) -> None:
    ticket_months(db, 2)
    with pytest.raises(psycopg2.errors.ObjectInUse, match="were read since"):
        db.one("select drop_ticket_block(0, now() - interval '12 months')")
    assert db.one("select count(*) from taxdata") == 6


def samples(db: Database, *back: int) -> None:
    """Five samples in each of these months."""
    for months in back:
        at = months_before(NOW, months).replace(day=10)
        if at >= datetime(2026, 1, 1, tzinfo=UTC):
            db.all("select ensure_sample_months(%s)", (at,))
        db.all(
            "insert into modem_sample (group_id, imei, at) select 1, 'i', %s + make_interval(mins => n) "
            "from generate_series(1, 5) as n returning 1",
            (at,),
        )


def test_old_months_of_the_signal_are_dropped(db: Database) -> None:
    """Months before the first partition of one are emptied, and take what comes late."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    months = (NOW.year - since.year) * 12 + NOW.month - 1
    samples(db, months + 2, months, 0)
    later = NOW + timedelta(days=31 * 4)
    dry, real = run(dry_run=True, at=later), run(at=later)
    assert told(dry, "signal") == told(real, "signal")
    assert sum(gone for gone, _ in told(real, "signal")) == 15
    assert db.one("select count(*) from modem_sample") == 0
    assert db.one("select to_regclass('modem_sample_202601')") is None
    samples(db, months + 2)
    assert left(db, "modem_sample") == {"modem_sample_earlier": 5}
