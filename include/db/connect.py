"""Connections to the business database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection

from include.errors import ConfigurationError, TransientError
from include.settings import settings

APPLICATION = "smsswitch"
UNMIGRATED = "this database is not set up for this program, run `smsswitch db migrate`"


class _Kept(threading.local):
    """Sessions of this thread that wait for the next who asks; ``None`` = none are kept."""

    idle: dict[str, list[Connection]] | None = None


_kept = _Kept()


@contextmanager
def connect(
    role: str | None = "smsswitch_app", *, url: str | None = None, autocommit: bool = False
) -> Iterator[Connection]:
    """A connection and one transaction: committed at the end, rolled back on any error.

    The session takes ``role`` at once, so that it can do no more than that role may, whoever's
    address ``url`` (by default ``SMSSWITCH_DATABASE_URL``) is. ``None`` keeps the login's own rights.
    Raises ``TransientError`` if the server cannot be reached.
    """
    address = url or settings().database_url
    conn = _known(address, role) or _new(address, role)
    try:
        conn.autocommit = autocommit
        yield conn
        if not autocommit:
            conn.commit()
        kept = _kept.idle if _kept.idle is not None and _is_as_new(conn) else None
    except BaseException:
        conn.close()
        raise
    if kept is None:
        conn.close()
    else:
        kept.setdefault(address, []).append(conn)


@contextmanager
def kept_sessions() -> Iterator[None]:
    """Within, this thread's connections that follow each other are sessions used again.

    Whoever asks finds each as a new one: no settings, locks or tables of who had it before. To log
    in takes eight milliseconds of the processor, and one import asks a dozen times.
    """
    if _kept.idle is not None:
        yield
        return
    _kept.idle = {}
    try:
        yield
    finally:
        sessions, _kept.idle = _kept.idle, None
        for conn in (one for some in sessions.values() for one in some):
            conn.close()


def _known(address: str, role: str | None) -> Connection | None:
    """A session that was kept, if it still lives."""
    waiting = (_kept.idle or {}).get(address)
    while waiting:
        conn = waiting.pop()
        try:
            _take_role(conn, role)
        except (psycopg2.Error, ConfigurationError):  # a new one tells what is wrong
            conn.close()
        else:
            return conn
    return None


def _new(address: str, role: str | None) -> Connection:
    try:
        conn = psycopg2.connect(address, application_name=APPLICATION, connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise TransientError(f"PostgreSQL cannot be reached: {str(error).strip()}") from error
    try:
        conn.autocommit = True
        _take_role(conn, role)
    except BaseException:
        conn.close()
        raise
    return conn


def _take_role(conn: Connection, role: str | None) -> None:
    with conn.cursor() as cur:
        cur.execute("set time zone 'UTC'")
        if role is None:
            return
        try:
            cur.execute(pgsql.SQL("set role {}").format(pgsql.Identifier(role)))
        except psycopg2.errors.InvalidParameterValue as error:
            raise ConfigurationError(f"{str(error).strip()}: {UNMIGRATED}") from error


def _is_as_new(conn: Connection) -> bool:
    """Make a session forget all that was done in it; false if that cannot be."""
    with suppress(psycopg2.Error):
        conn.autocommit = True
        with conn.cursor() as cur:
            cur.execute("discard all")
        return True
    return False
