"""From version 0.1.0 to now, with a sender of that version at work: its real code, from an archive.

``tests/fixtures/version-0.1.0.tar.gz`` is ``git archive v0.1.0 sms_sender include/sql/functions LICENSE``.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from include.db import migrate as migrations_module
from include.db.migrate import migrate, migrations
from include.db.statements import SQL
from tests.conftest import Database
from tests.integration.sender.hosts import Fleet, Machine, until

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "version-0.1.0.tar.gz"
OF_VERSION_0_1 = 7  # migrations 0001 to 0007


class OldMachine(Machine):
    """A modem host whose programs are those of version 0.1.0."""

    def _start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sms_sender", *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder.parent / "old",  # first on the module path
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.processes.append(process)
        return process


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The tree of version 0.1.0, as far as a host sees it."""
    folder = tmp_path / "old"
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def old_database(
    empty_database: str, old: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database as version 0.1.0 migrated it, with its own functions for the hosts."""
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", empty_database)
    with closing(psycopg2.connect(empty_database)) as conn, conn, conn.cursor() as cur:
        cur.execute((SQL / "bootstrap.sql").read_text(encoding="utf-8"))
        for migration in migrations()[:OF_VERSION_0_1]:
            migrations_module._run(conn, migration)
        cur.execute("set local role smsswitch_owner")
        for file in sorted((old / "include/sql/functions").glob("*.sql")):
            cur.execute(file.read_text(encoding="utf-8"))
    with closing(psycopg2.connect(empty_database)) as conn:
        conn.autocommit = True
        yield Database(empty_database, conn)


def test_a_sender_of_the_version_before_works_through_the_upgrade(
    old_database: Database, tmp_path: Path
) -> None:
    fleet = Fleet(old_database)
    host = fleet.host(modems=2)
    fleet.campaign()
    fleet.batches(host, 60, size=10)
    (tmp_path / "machine").mkdir()
    machine = OldMachine(tmp_path / "machine", host)
    try:
        machine.simulate(2, "--latency", "20", "--report-delay", "0.1")
        running = machine.run()
        until(lambda: sum(n for s, n in fleet.states().items() if s in DONE) >= 10)
        before = fleet.states()
        assert before.get("planned", 0) + before.get("leased", 0) > 0, "it was too fast for a test"

        assert len(migrate()) == len(migrations()) - OF_VERSION_0_1

        fleet.batches(host, 40, size=10)  # planned by the new version
        until(lambda: fleet.states() == {"delivered": 100}, timeout=400)
        assert running.poll() is None, machine.log()
    finally:
        machine.end()
    network = machine.count()
    assert (network.accepted, network.duplicates, network.malformed) == (100, 0, 0)
    assert old_database.one("select count(*) from attempt where conflict") == 0


DONE = ("sent", "delivered")
