"""Fixtures for everyone: one PostgreSQL a session, one database a test, cloned from a migrated template."""

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from include.db.migrate import migrate
from include.stack import postgres

TEMPLATE = "smsswitch_template"
_numbers = itertools.count(1)


#: What takes longest, and goes first: else one worker is left with it at the end.
LONGEST = (
    "tests/e2e/",
    "tests/dags/",
    "tests/integration/chaos/",
    "tests/integration/sender/",
    "tests/integration/",
    "",
)


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """Each file stays with one worker; those of one Airflow home too, since it is imported once.

    They are handed out in the order of collection.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return "tests/dags" if nodeid.startswith("tests/dags/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """How the tests are shared out among the workers of ``-n``."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders with the longest tests first, in each the files with the most tests."""
    tests = Counter(item.path for item in items)

    def rank(item: pytest.Item) -> tuple[int, int]:
        place = next(n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        return place, -tests[item.path]

    items.sort(key=rank)


@dataclass
class Database:
    """One test's own database; ``conn`` is a superuser's session in autocommit."""

    url: str
    conn: Connection

    def all(self, query: str, params: Any = None) -> list[tuple[object, ...]]:
        """Every row of a query."""
        with self.conn.cursor() as cur:
            cur.execute(query, params)
            return cur.fetchall()

    def one(self, query: str, params: Any = None) -> object:
        """The single value of a query."""
        return self.all(query, params)[0][0]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the checkout's var/, nor the settings of the person's shell."""
    for name in [n for n in os.environ if n.startswith("SMSSWITCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SMSSWITCH_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SMSSWITCH_EXTRA_VALID_PREFIXES", "+3363998")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A PostgreSQL of this test session, without durability."""
    folder = tmp_path_factory.mktemp("pg") / "data"
    running = postgres.start(folder, fast=True)
    try:
        yield running
    finally:
        postgres.stop(folder)


@pytest.fixture(scope="session")
def template(server: postgres.Server) -> str:
    """The name of a database with every migration applied; nobody may connect to it."""
    _create(server, TEMPLATE)
    migrate(server.database_url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_database(server: postgres.Server) -> str:
    """The address of a database with nothing in it."""
    name = f"empty_{next(_numbers)}"
    _create(server, name)
    return server.database_url(name)


@pytest.fixture
def db(
    server: postgres.Server, template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A migrated database of one's own; ``SMSSWITCH_DATABASE_URL`` names it."""
    name = f"test_{next(_numbers)}"
    _create(server, name, template)
    url = server.database_url(name)
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", url)
    conn = psycopg2.connect(url)
    conn.autocommit = True
    try:
        yield Database(url, conn)
    finally:
        conn.close()
        _drop(server, name)


def _create(server: postgres.Server, name: str, template: str = "template0") -> None:
    with closing(psycopg2.connect(server.url)) as conn:
        conn.autocommit = True
        conn.cursor().execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def _drop(server: postgres.Server, name: str) -> None:
    with closing(psycopg2.connect(server.url)) as conn:
        conn.autocommit = True
        conn.cursor().execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
