"""The migrations give the golden schema, can run twice, and notice when one was changed."""

import psycopg2
import pytest

from include.db import migrate as migrations
from include.db.schema import GOLDEN, dump
from include.errors import TransientError
from include.stack import postgres
from tests.conftest import Database


def test_migrations_equal_the_golden_schema(server: postgres.Server, db: Database) -> None:
    assert dump(server.bin_dir / "pg_dump", db.url) == GOLDEN.read_text(), "run `make schema`"


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    assert migrations.migrate(empty_database) == [m.name for m in migrations.migrations()]
    assert migrations.migrate(empty_database) == []


def test_a_changed_migration_is_refused(db: Database) -> None:
    with db.conn.cursor() as cur:
        cur.execute("update schema_migration set digest = 'other' where name like '0002%'")
    with pytest.raises(migrations.MigrationChangedError, match="0002"):
        migrations.migrate(db.url)


def test_a_newer_program_waits_for_the_migration(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = migrations.migrations()[-1].name
    migrations.await_migrated(0)
    row = db.all("delete from schema_migration where name = %s returning name, digest", (newest,))
    assert migrations.missing() == [newest]
    with pytest.raises(TransientError, match=f"{newest} is missing"):
        migrations.await_migrated(0)

    def migrated_meanwhile(_seconds: float) -> None:
        with db.conn.cursor() as cur:
            cur.execute("insert into schema_migration (name, digest) values (%s, %s)", row[0])

    monkeypatch.setattr("time.sleep", migrated_meanwhile)
    migrations.await_migrated(600)


def test_a_database_that_was_never_migrated_misses_all(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", empty_database)
    assert migrations.missing() == [m.name for m in migrations.migrations()]


def test_the_pipelines_role_may_not_define_or_rewrite(db: Database) -> None:
    with db.conn.cursor() as cur:
        cur.execute("insert into client (code, name) values ('c', 'C') returning client_id")
        (client_id,) = cur.fetchone() or (None,)
        cur.execute("set role smsswitch_app")
        cur.execute(
            "insert into ledger_entry (client_id, kind, amount) values (%s, 'topup', 10)",
            (client_id,),
        )
        for statement in (
            "create table t (a int)",
            "drop table contact",
            "alter table client add column x int",
            "update ledger_entry set amount = 1000",
            "delete from audit_entry",
            "create role r",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cur.execute(statement)


def test_the_ledger_is_append_only_even_for_its_owner(db: Database) -> None:
    with db.conn.cursor() as cur:
        cur.execute("insert into client (code, name) values ('c', 'C') returning client_id")
        (client_id,) = cur.fetchone() or (None,)
        cur.execute(
            "insert into ledger_entry (client_id, kind, amount) values (%s, 'topup', 10)",
            (client_id,),
        )
        for statement in (
            "update ledger_entry set amount = 1000",
            "delete from ledger_entry",
            "truncate ledger_entry",
        ):
            with pytest.raises(psycopg2.Error, match="append-only"):
                cur.execute(statement)


def test_row_59_the_database_refuses_a_negative_balance(db: Database) -> None:
    with db.conn.cursor() as cur:
        cur.execute("insert into client (code, name) values ('c', 'C') returning client_id")
        (client_id,) = cur.fetchone() or (None,)
        cur.execute(
            "insert into ledger_entry (client_id, kind, amount) values (%s, 'topup', 10)",
            (client_id,),
        )
        reserve = (
            "insert into ledger_entry (client_id, kind, amount, held) values (%s, 'reserve', -6, 6)"
        )
        cur.execute(reserve, (client_id,))
        with pytest.raises(psycopg2.Error) as refused:
            cur.execute(reserve, (client_id,))
        assert refused.value.pgcode == "SM402"
    assert db.all("select balance, held from client_balance") == [(4, 6)]
