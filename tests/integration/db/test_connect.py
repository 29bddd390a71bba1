"""Sessions that are used again: to each who asks they are as new."""

from contextlib import closing

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from include.db import connect, kept_sessions
from tests.conftest import Database


def ask(conn: Connection, query: str) -> object:
    with conn.cursor() as cur:
        cur.execute(query)
        row = cur.fetchone()
    return row and row[0]


def pid_of_a_session(role: str | None = "smsswitch_app") -> object:
    with connect(role) as conn:
        return ask(conn, "select pg_backend_pid()")


def test_what_follows_gets_the_session_that_was_there(db: Database) -> None:
    with kept_sessions():
        first = pid_of_a_session()
        with kept_sessions():
            assert pid_of_a_session() == first
        assert pid_of_a_session() == first
        with connect() as outer:
            assert ask(outer, "select pg_backend_pid()") == first
            assert pid_of_a_session() != first
    assert outer.closed
    assert pid_of_a_session() != first


def test_nothing_is_left_of_who_had_it_before(db: Database) -> None:
    with kept_sessions():
        with connect("smsswitch_app", autocommit=True) as conn:
            first = ask(conn, "select pg_backend_pid()")
            conn.cursor().execute("create temporary table left_over as select 1 as one")
            conn.cursor().execute("set work_mem = '77MB'; select pg_advisory_lock(1, 2)")
        with connect("smsswitch_reader") as conn:
            assert ask(conn, "select pg_backend_pid()") == first
            assert ask(conn, "select current_user") == "smsswitch_reader"
            assert ask(conn, "show timezone") == "UTC"
            assert ask(conn, "show work_mem") != "77MB"
            assert ask(conn, "select to_regclass('left_over')") is None
            assert (
                ask(conn, f"select count(*) from pg_locks where pid = {first} and objid = 2") == 0
            )
            assert not conn.autocommit
        with connect(None) as conn:
            assert ask(conn, "select current_user = session_user")


def test_a_transaction_is_rolled_back_and_its_session_not_used_again(db: Database) -> None:
    with kept_sessions():
        first = pid_of_a_session()
        with pytest.raises(ZeroDivisionError), connect() as conn:
            conn.cursor().execute("insert into client (code, name) values ('gone', 'Gone')")
            raise ZeroDivisionError
        with connect() as conn:
            assert ask(conn, "select pg_backend_pid()") != first
            assert ask(conn, "select count(*) from client where code = 'gone'") == 0


def test_a_session_that_died_meanwhile_is_replaced(db: Database) -> None:
    with kept_sessions():
        first = pid_of_a_session()
        with closing(psycopg2.connect(db.url)) as other:
            assert ask(other, f"select pg_terminate_backend({first}, 60000)")
        assert pid_of_a_session() not in (None, first)
