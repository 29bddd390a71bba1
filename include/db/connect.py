"""Connections to the business database."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection

from include.errors import TransientError
from include.settings import settings

APPLICATION = "smsswitch"


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
                cur.execute(pgsql.SQL("set role {}").format(pgsql.Identifier(role)))
        conn.autocommit = autocommit
        yield conn
        if not autocommit:
            conn.commit()
    finally:
        conn.close()
