"""The databases of the stack and their owners, made where they are missing."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection

from include.stack.errors import StackError


def metadata(business_url: str, name: str, password: str) -> str:
    """SQLAlchemy's address of Airflow's own database, beside the business one.

    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN wins; else role and database `name` are made if missing.
    """
    if given := os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", ""):
        return given
    _make_role(business_url, name, password)
    make(business_url, name, owner=name)
    where = urlsplit(business_url)
    at = f"{where.hostname}:{where.port or 5432}"
    return f"postgresql+psycopg2://{name}:{password}@{at}/{name}"


def make(url: str, name: str, owner: str | None = None) -> None:
    """Make the database on the server of `url` unless it is there."""
    if _exists(url, "select from pg_database where datname = %s", name):
        return
    statement: pgsql.Composable = pgsql.SQL("create database {}").format(pgsql.Identifier(name))
    if owner is not None:
        # A login that is no superuser must belong to the role it gives a database to.
        _administer(url, pgsql.SQL("grant {} to current_user").format(pgsql.Identifier(owner)))
        statement += pgsql.SQL(" owner {}").format(pgsql.Identifier(owner))
    _administer(url, statement)


def name_of(url: str) -> str:
    """The database that the address names."""
    return urlsplit(url).path.lstrip("/") or "postgres"


def _make_role(url: str, role: str, password: str) -> None:
    there = _exists(url, "select from pg_roles where rolname = %s", role)
    verb = pgsql.SQL("alter" if there else "create")
    _administer(
        url,
        pgsql.SQL("{} role {} login password {}").format(
            verb, pgsql.Identifier(role), pgsql.Literal(password)
        ),
    )


def _exists(url: str, query: str, name: str) -> bool:
    conn = _connect(url)
    try:
        with conn.cursor() as cur:
            cur.execute(query, (name,))
            return cur.fetchone() is not None
    finally:
        conn.close()


def _administer(url: str, statement: pgsql.Composable) -> None:
    conn = _connect(url)
    try:
        conn.autocommit = True
        with conn.cursor() as cur:
            cur.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise StackError(
            "the login of SMSSWITCH_DATABASE_URL may not make a role and a database for Airflow: "
            "make them, and name them in AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
        ) from error
    finally:
        conn.close()


def _connect(url: str) -> Connection:
    try:
        return psycopg2.connect(url, connect_timeout=10)
    except psycopg2.OperationalError as error:
        line = str(error).strip().splitlines()[0]
        raise StackError(f"PostgreSQL cannot be reached: {line}") from error
