"""Connections to the business database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from include.errors import ConfigurationError, TransientError
from include.settings import settings

APPLICATION = "smsswitch"
UNMIGRATED = "this database is not set up for this program, run `smsswitch db migrate`"


def _take(role: str, cur: Cursor) -> None:
    try:
        cur.execute(pgsql.SQL("set role {}").format(pgsql.Identifier(role)))
    except psycopg2.errors.InvalidParameterValue as error:
        raise ConfigurationError(f"{str(error).strip()}: {UNMIGRATED}") from error


@contextmanager
def connect(
    role: str | None = "smsswitch_app", *, url: str | None = None, autocommit: bool = False
) -> Iterator[Connection]:
    """A connection and one transaction: committed at the end, rolled back on any error.

    The session takes ``role`` at once, so that it can do no more than that role may, whoever's
    address ``url`` (by default ``SMSSWITCH_DATABASE_URL``) is. ``None`` keeps the login's own rights.
    Raises ``TransientError`` if the server cannot be reached.
    """
    try:
        conn = psycopg2.connect(
            url or settings().database_url, application_name=APPLICATION, connect_timeout=10
        )
    except psycopg2.OperationalError as error:
        raise TransientError(f"PostgreSQL cannot be reached: {str(error).strip()}") from error
    try:
        conn.autocommit = True
        with conn.cursor() as cur:
            cur.execute("set time zone 'UTC'")
            if role is not None:
                _take(role, cur)
        conn.autocommit = autocommit
        yield conn
        if not autocommit:
            conn.commit()
    finally:
        conn.close()
