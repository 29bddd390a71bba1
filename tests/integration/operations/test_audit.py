"""The audit chain: it holds under many writers, and a changed or missing row is named."""

import json
from concurrent.futures import ThreadPoolExecutor

from click.testing import CliRunner, Result

from include.cli import smsswitch
from include.db import connect
from include.db.audit import record, verify
from tests.conftest import Database


def command(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, ["audit", "verify", *arguments])


def write(number: int) -> None:
    with connect() as conn:
        record(conn, "ops:jane", "test", f"thing:{number}", text=f"é|{number}", n=number)


def tamper(db: Database, statement: str) -> None:
    """As somebody could who owns the server."""
    with db.conn.cursor() as cur:
        cur.execute("alter table audit_entry disable trigger audit_append_only")
        cur.execute(statement)
        cur.execute("alter table audit_entry enable trigger audit_append_only")


def test_an_empty_chain_holds(db: Database) -> None:
    done = command("--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["entries"] == 0


def test_the_chain_holds_under_writers_at_once(db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(80)))
    with connect() as conn:
        found = verify(conn)
    assert (found["entries"], found["broken"]) == (80, None)
    ids = [row[0] for row in db.all("select entry_id from audit_entry order by at, entry_id")]
    assert len(set(ids)) == 80


def test_a_changed_row_is_named(db: Database) -> None:
    for number in range(9):
        write(number)
    tamper(db, "update audit_entry set actor = 'ops:other' where subject = 'thing:4'")
    changed = db.one("select entry_id from audit_entry where subject = 'thing:4'")
    done = command()
    assert done.exit_code == 1
    assert f"entry {changed} (" in done.stderr
    assert "ops:other, test, thing:4" in done.stderr


def test_a_missing_row_shows_at_the_one_after_it(db: Database) -> None:
    for number in range(9):
        write(number)
    tamper(db, "delete from audit_entry where subject = 'thing:4'")
    done = command("--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["broken"]["subject"] == "thing:5"


def test_a_detail_that_was_changed_shows(db: Database) -> None:
    for number in range(3):
        write(number)
    tamper(db, "update audit_entry set detail = detail || '{\"n\": 7}' where subject = 'thing:0'")
    assert command().exit_code == 1


def test_rows_cut_off_the_end_show_against_a_head_noted_before(db: Database) -> None:
    for number in range(5):
        write(number)
    head = json.loads(command("--json").stdout)["hash"]
    assert command("--head", head).exit_code == 0
    tamper(db, "delete from audit_entry where subject = 'thing:4'")
    assert command().exit_code == 0
    assert command("--head", head).exit_code == 1
