"""Numbered plain SQL migrations, then the versioned functions for the hosts, as one transaction.

The login of ``SMSSWITCH_DATABASE_URL`` needs to be able to create roles (a superuser, or CREATEROLE
and CREATE on the database) the first time.
"""

import logging
import time
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import psycopg2
from psycopg2.extensions import connection as Connection

from include.db.connect import connect
from include.db.statements import SQL
from include.errors import SmsswitchError, TransientError

LOCK = 7_226_001  # any number of our own: two migrations never run at once
WAIT_SECONDS = 240.0
log = logging.getLogger(__name__)


class MigrationChangedError(SmsswitchError):
    """A migration that has run was changed afterwards; write a new one instead."""


@dataclass(frozen=True)
class Migration:
    """One file of ``include/sql/migrations``."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        """What the database remembers of it."""
        return sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All of them in the order in which they run, as they were when this process first asked."""
    return list(_migrations())


@cache
def _migrations() -> tuple[Migration, ...]:
    files = sorted((SQL / "migrations").glob("[0-9]*.sql"))
    return tuple(Migration(file.stem, file.read_text(encoding="utf-8")) for file in files)


def migrate(url: str | None = None) -> list[str]:
    """Bring the database up to date; the names of the migrations that ran. Safe to run twice."""
    with connect(role=None, url=url) as conn:
        with conn.cursor() as cur:
            cur.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            cur.execute((SQL / "bootstrap.sql").read_text(encoding="utf-8"))
        ran = [m.name for m in migrations() if _run(conn, m)]
        with conn.cursor() as cur:
            cur.execute("set local role smsswitch_owner")
            for file in sorted((SQL / "functions").glob("*.sql")):
                cur.execute(file.read_text(encoding="utf-8"))
    for name in ran:
        log.info("migration %s applied", name)
    return ran


def missing() -> list[str]:
    """Migrations of this program that the database has not had; all where nobody can tell."""
    wanted = [migration.name for migration in migrations()]
    try:
        with connect() as conn, conn.cursor() as cur:
            cur.execute("select name from schema_migration")
            ran = {name for (name,) in cur.fetchall()}
    except psycopg2.Error as error:
        log.info("the migrations of the database cannot be told: %s", str(error).strip())
        return wanted
    return [name for name in wanted if name not in ran]


def await_migrated(seconds: float = WAIT_SECONDS, *, pause: float = 1.0) -> None:
    """Return once the database is migrated as far as this program; TransientError if it is not in time."""
    deadline = time.monotonic() + seconds
    while waiting := missing():
        if time.monotonic() >= deadline:
            raise TransientError(
                f"the database is not migrated as far as this program: {', '.join(waiting)} "
                f"{'is' if len(waiting) == 1 else 'are'} missing (smsswitch db migrate)"
            )
        time.sleep(pause)


def _run(conn: Connection, migration: Migration) -> bool:
    with conn.cursor() as cur:
        cur.execute("set local role smsswitch_owner")
        cur.execute("select digest from schema_migration where name = %s", (migration.name,))
        row = cur.fetchone()
        if row is not None:
            if row[0] != migration.digest:
                raise MigrationChangedError(f"{migration.name} was changed after it had run")
            return False
        cur.execute(migration.text)
        cur.execute(
            "insert into schema_migration (name, digest) values (%s, %s)",
            (migration.name, migration.digest),
        )
    return True
