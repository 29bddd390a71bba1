"""A layout that converts columns: the table is written anew beside the old one, then takes its place."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2

from include.taxation.ingest import ingest_paths
from tests.conftest import Database
from tests.integration.sender.hosts import until
from tests.integration.taxation.written import HEADER, record, spool

Write = Callable[[str, bytes], Path]
GIVEN = """
    select relacl, relowner::regrole, reloptions, obj_description(oid) from pg_class
    where oid = 'taxdata'::regclass
    union all
    select null, null, null, indexdef from pg_indexes where tablename = 'taxdata'
    union all
    select null, null, null, conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where 'taxdata'::regclass in (conrelid, confrelid)
    union all
    select null, null, null, attname || attnotnull || col_description(attrelid, attnum) from pg_attribute
    where attrelid = 'taxdata'::regclass and attnum > 0
    order by 4
"""


def test_a_converted_table_has_all_that_the_migrations_gave_it(db: Database, write: Write) -> None:
    """It is written anew beside the old one and takes its place."""
    ingest_paths([write("a", spool(record(), record()))], "siege")
    before = db.all(GIVEN)
    wide = HEADER.replace("Duration,88,97,R", "Duration,88,97,N")
    report = ingest_paths([write("b", spool(record(duration="1:30"), header=wide))], "siege")
    assert report["columns_converted"] == ["duration"]
    assert len(before) > 8 and db.all(GIVEN) == before
    assert db.one("select count(*) from duplicate_ticket") == 1
    db.conn.cursor().execute("delete from taxdata")
    assert db.one("select count(*) from duplicate_ticket") == 0


def test_readers_wait_only_once_the_converted_table_is_there(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record()))], "siege")
    wide = HEADER.replace("Duration,88,97,R", "Duration,88,97,N")
    path = write("b", spool(record(duration="1:30"), header=wide))
    held = (
        "select h.mode from pg_locks as w join pg_locks as h using (pid, relation)"
        " where w.relation = 'taxdata'::regclass and not w.granted and h.granted"
    )
    with closing(psycopg2.connect(db.url)) as reader, ThreadPoolExecutor(1) as pool:
        reader.cursor().execute("select from taxdata limit 1")
        loading = pool.submit(ingest_paths, [path], "siege")
        modes: set[tuple[object, ...]] = set()

        def seen() -> object:
            modes.update(db.all(held))
            return modes or loading.done()

        until(seen)
        reader.commit()
        assert loading.result()["files"][0]["state"] == "loaded"
    assert modes == {("AccessShareLock",), ("ShareRowExclusiveLock",)}
