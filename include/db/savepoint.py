"""A part of a transaction that can fail without ending the whole."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import connection as Connection


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """What is done inside is undone if an error leaves it; the error goes on."""
    with conn.cursor() as cur:
        cur.execute("savepoint part")
        try:
            yield
        except BaseException:
            cur.execute("rollback to savepoint part")
            cur.execute("release savepoint part")
            raise
        cur.execute("release savepoint part")
