"""From version 0.1.0 to now, with a sender of that version at work: its real code, from an archive.

``tests/fixtures/version-0.1.0.tar.gz`` is ``git archive v0.1.0 sms_sender include/sql/functions LICENSE``.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from include.db import migrate as migrations_module
from include.db.migrate import migrate, migrations
from include.db.statements import SQL
from include.operations.retention import months_before
from include.operations.retention import run as retain
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


FILLED = """
    insert into pbx (code) values ('siege');
    alter table taxdata add column ticketversion text, add column callednumber text,
      add column calltype bigint, add column startdatetime timestamp, add column enddatetime timestamp,
      add column duration bigint;
    insert into spooled_file (pbx, name, size, sha256, state, tickets, raw_key, processed_at)
    select 'siege', 'F' || n, 1, lpad(n::text, 64, '0'), 'loaded', 50, 'k',
      now() - make_interval(months => 40 - n)
    from generate_series(1, 40) as n;
    insert into taxdata
    select f.file_id * 100000000 + n, f.file_id, n, md5((f.file_id * 50 + n % 49)::text)::uuid, false, '5.1',
      '063998' || lpad(n::text, 4, '0'), 0, f.processed_at, f.processed_at + interval '1 minute', 60
    from spooled_file as f, generate_series(1, 50) as n;
    insert into duplicate_ticket
    select max(ticket_id) from taxdata group by content_digest having count(*) > 1;
    insert into rated_ticket (ticket_id, tariff_id, cost, currency, explanation)
    select ticket_id, 1, 0.5, 'EUR', '{}' from taxdata;
    insert into modem_group (mac, alias, modems, host_role) values ('02:00:00:00:00:01', 'm', 1, 'host_m');
    insert into modem_sample (group_id, imei, at, rssi)
    select 1, 'i', now() - make_interval(days => n, hours => -1), n % 31 from generate_series(0, 400) as n;
"""
KEPT = {
    "taxdata": "select md5(string_agg(t::text, ',' order by ticket_id)) || count(*) from taxdata as t",
    "duplicate_ticket": "select array_agg(ticket_id order by 1)::text from duplicate_ticket",
    "rated_ticket": "select md5(string_agg(ticket_id || cost::text, ',' order by ticket_id)) "
    "from rated_ticket",
    "modem_sample": "select md5(string_agg(t::text, ',' order by at)) || count(*) from modem_sample as t",
}


def test_what_a_database_of_the_version_before_is_filled_with_is_in_partitions_after(
    old_database: Database,
) -> None:
    """Tickets, their prices and marks, the history of the signal: none lost, old ones let go by month."""
    db = old_database
    db.conn.cursor().execute(FILLED)
    before = {table: db.one(statement) for table, statement in KEPT.items()}
    assert db.one("select count(*) from duplicate_ticket") == 40

    migrate()

    assert {table: db.one(statement) for table, statement in KEPT.items()} == before
    assert db.all("select tableoid::regclass::text, count(*) from taxdata group by 1") == [
        ("taxdata_0", 2000)
    ]
    assert db.one("select count(*) from v_ticket where cost = 0.5") == 1960

    db.all("select ensure_sample_months(now() + make_interval(months => 1))")
    db.all(
        "insert into modem_sample (group_id, imei, at) "
        "values (1, 'i', now() + interval '40 days') returning 1"
    )
    dry, real = retain(dry_run=True), retain()
    gone = {p["kind"]: p["gone"] for p in real["policies"]}
    assert gone == {p["kind"]: p["gone"] for p in dry["policies"]}
    assert (gone["tickets"], gone["signal"]) == (27 * 50, 401 - kept_days())
    assert db.one("select count(*) from taxdata") == db.one("select count(*) from rated_ticket")
    assert db.one("select count(*) from duplicate_ticket") == 13


def kept_days() -> int:
    """Samples of a day each, three months back from now."""
    now = datetime.now(UTC)
    return sum(now - timedelta(days=n) >= months_before(now, 3) for n in range(401))
