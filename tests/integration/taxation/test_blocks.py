"""The partitions of tickets: a month of loading each, made when its first file comes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from include.billing.rating import rate_new
from include.taxation.ingest import ingest_paths
from include.taxation.replay import replay
from tests.conftest import Database
from tests.integration.taxation.written import HEADER, record, spool

Write = Callable[[str, bytes], Path]
MILLION = 1_000_000
WHERE = "select tableoid::regclass::text, count(*) from taxdata group by 1 order by 1"
DROP = "select drop_ticket_block(%s, '2030-01-01')"


def month_is_over(db: Database) -> None:
    db.all("update ticket_block set month = month - interval '1 month' returning 1")


@pytest.fixture
def two_months(db: Database, write: Write) -> Database:
    """Two files of the month before, one of this one that repeats a ticket of theirs."""
    ingest_paths([write("a", spool(record("0639980001"), record("0639980002")))], "siege")
    ingest_paths([write("b", spool(record("0639980003")))], "siege")
    month_is_over(db)
    ingest_paths([write("c", spool(record("0639980001"), record("0639980004")))], "siege")
    return db


def test_a_month_of_loading_begins_a_partition(two_months: Database, write: Write) -> None:
    assert two_months.all(WHERE) == [("taxdata_0", 3), ("taxdata_1", 2)]
    assert two_months.all("select first_file, until_file from ticket_block order by 1") == [
        (0, MILLION),
        (MILLION, 2 * MILLION),
    ]
    ingest_paths([write("d", spool(record("0639980005")))], "siege")
    files = two_months.all("select file_id from spooled_file order by 1")
    assert files == [(1,), (2,), (MILLION,), (MILLION + 1,)]
    assert two_months.one("select count(*) from v_ticket") == 5
    assert two_months.one("select count(*) from duplicate_ticket") == 1


def test_small_files_of_a_new_month_that_come_together(two_months: Database, write: Write) -> None:
    month_is_over(two_months)
    paths = [write(f"e{n}", spool(record(f"063998100{n}"))) for n in range(5)]
    ingest_paths(paths, "siege")
    assert two_months.all(WHERE)[-1] == ("taxdata_2", 5)


def test_a_clock_that_goes_back_a_month_begins_nothing(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record()))], "siege")
    db.all("update ticket_block set month = month + interval '1 month' returning 1")
    ingest_paths([write("b", spool(record("0639980002")))], "siege")
    assert db.all(WHERE) == [("taxdata_0", 2)]


def test_a_month_without_a_file_leaves_no_partition(db: Database, write: Write) -> None:
    month_is_over(db)
    ingest_paths([write("a", spool(record()))], "siege")
    this_month = "date_trunc('month', now() at time zone 'UTC')"
    assert db.all(f"select first_file, month = {this_month} from ticket_block") == [(0, True)]


def test_numbers_that_run_out_begin_a_partition(db: Database, write: Write) -> None:
    db.all("select setval('spooled_file_file_id_seq', 999500)")
    ingest_paths([write("a", spool(record()))], "siege")
    assert db.all("select file_id from spooled_file") == [(MILLION,)]
    assert db.all(WHERE) == [("taxdata_1", 1)]


def test_a_first_file_of_the_month_that_is_broken_uses_up_no_partition(
    two_months: Database, write: Write
) -> None:
    month_is_over(two_months)
    broken = spool(record())[:-7]
    for _ in range(3):
        (file,) = ingest_paths([write("x", broken)], "siege")["files"]
        assert file["state"] in ("quarantined", "duplicate")
    ingest_paths([write("y", spool(record("0639980009")))], "siege")
    blocks = two_months.all("select first_file from ticket_block order by 1")
    assert blocks == [(0,), (MILLION,), (2 * MILLION,)]
    assert two_months.all(WHERE)[-1] == ("taxdata_2", 1)


def test_partitions_are_converted_each_in_its_place(two_months: Database, write: Write) -> None:
    told = """
        select c.relname, c.relowner::regrole::text, obj_description(c.oid),
          pg_get_expr(c.relpartbound, c.oid),
          (select array_agg(indexrelid::regclass::text order by indexrelid::regclass::text)
           from pg_index where indrelid = c.oid),
          (select array_agg(conname || ' ' || pg_get_constraintdef(oid) order by conname) from pg_constraint
           where conrelid = c.oid)
        from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
        where i.inhparent in ('taxdata'::regclass, 'rated_ticket'::regclass) order by 1
    """
    rows = "select ticket_id, callednumber, duration::text from taxdata order by 1"
    before, tickets = two_months.all(told), two_months.all(rows)
    wide = HEADER.replace("Duration,88,97,R", "Duration,88,97,N")
    path = write("w", spool(record("0639980007", duration="1:30"), header=wide))
    assert ingest_paths([path], "siege")["columns_converted"] == ["duration"]
    assert len(before) == 4 and two_months.all(told) == before
    after = two_months.all(rows)
    assert after[:-1] == tickets and after[-1][1:] == ("0639980007", "1:30")
    assert two_months.one("select count(*) from v_ticket") == 5
    assert two_months.one("select count(*) from duplicate_ticket") == 1


def test_what_was_set_aside_before_its_partition_went_is_read_again(
    two_months: Database, write: Write
) -> None:
    two_months.all("update pbx set policy = 'freeze' returning 1")
    more = HEADER + ",Carrier,114,118,L"
    path = write("n", spool(record("0639980008") + b"sfr  ", header=more))
    (file,) = ingest_paths([path], "siege")["files"]
    assert file["state"] == "quarantined"
    month_is_over(two_months)
    ingest_paths([write("o", spool(record("0639980010")))], "siege")
    assert two_months.one(DROP, (MILLION,)) == 2
    two_months.all("update pbx set policy = 'evolve' returning 1")
    assert [f["state"] for f in replay("siege")["files"]] == ["loaded"]
    assert two_months.all(WHERE) == [("taxdata_0", 3), ("taxdata_1", 1), ("taxdata_2", 1)]
    rate_new()
    assert two_months.one("select count(*) from rated_ticket_1") == 1


def test_a_file_read_again_stays_in_its_partition(two_months: Database) -> None:
    before = two_months.all("select * from taxdata order by ticket_id")
    replay("siege", everything=True)
    assert two_months.all("select * from taxdata order by ticket_id") == before
    assert two_months.all(WHERE) == [("taxdata_0", 3), ("taxdata_1", 2)]
