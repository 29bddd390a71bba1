"""A real pg_dump taken in mid-campaign, restored after more was sent: nothing is sent twice."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner

from include.cli import smsswitch
from include.db.migrate import migrate
from include.errors import InputError
from include.fleet.restore import fence, fence_state, write_off
from include.stack import postgres
from tests.conftest import Database
from tests.integration.sender.hosts import Fleet, Host, Machine, call, until
from tests.integration.sender.test_failures import accepted, went_out

CLAIM = "select api.claim_batch_v1(%s, %s, gen_random_uuid())"
REGISTER = "select api.register_host_v1(%s, %s, 'boot', '{}')"
JOURNAL = "00000000-0000-4000-8000-00000000000f"


def dumped(server: postgres.Server, db: Database, file: Path) -> Path:
    command = [str(server.bin_dir / "pg_dump"), "-Fc", "-f", str(file), "-d", db.url]
    subprocess.run(command, check=True)
    return file


@contextmanager
def restored(server: postgres.Server, db: Database, file: Path) -> Iterator[Database]:
    """The backup in a database of its own, as a new server would have it."""
    name = db.url.rsplit("/", 1)[-1] + "_restored"
    db.conn.cursor().execute(f"create database {name}")
    url = server.database_url(name)
    restore = [str(server.bin_dir / "pg_restore"), "-d", url, str(file)]
    subprocess.run(restore, check=True)
    migrate(url)
    conn = psycopg2.connect(url)
    conn.autocommit = True
    try:
        yield Database(url, conn)
    finally:
        conn.close()
        db.conn.cursor().execute(f"drop database {name} with (force)")


def moved(host: Host, db: Database) -> Host:
    """The same host, at the restored database."""
    url = host.url.rsplit("/", 1)[0] + "/" + db.url.rsplit("/", 1)[-1]
    return Host(host.group_id, host.mac, host.role, url)


def plan_again(db: Database) -> None:
    """What the planner does with messages that are in no batch."""
    db.conn.cursor().execute(
        "with again as (insert into send_batch (activation_month, campaign_id, group_id, messages,"
        " segments) select activation_month, min(campaign_id), 1, count(*), sum(segments)"
        " from message where state = 'planned' and batch_id is null group by 1"
        " returning batch_id)"
        " update message set batch_id = again.batch_id from again"
        " where state = 'planned' and message.batch_id is null"
    )


@pytest.mark.slow
def test_nothing_is_sent_twice_after_a_restore(
    fleet: Fleet, machine: Callable[[Host], Machine], server: postgres.Server, tmp_path: Path
) -> None:
    host = fleet.host()
    fleet.campaign()
    fleet.batches(host, 200, size=20)
    here = machine(host)
    here.simulate(4, "--latency", "20", "--report-delay", "0.1")
    running = here.run()
    until(lambda: accepted(here) >= 50)
    backup = dumped(server, fleet.db, tmp_path / "backup")
    until(lambda: accepted(here) >= 140)
    running.send_signal(signal.SIGTERM)
    assert running.wait(200) == 0, here.log()
    before = accepted(here)
    with restored(server, fleet.db, backup) as db:
        again = Fleet(db)
        forgotten = again.states()
        assert forgotten.get("planned", 0) + forgotten.get("leased", 0) > 200 - before
        here.host = moved(host, db)
        here.configure()
        here.run_until_idle()
        assert "the centre was restored from a backup" in here.log()
        assert accepted(here) == before
        assert db.one("select fenced_at from restore_fence") is None
        known = {str(t) for (t,) in db.all("select text from message where state <> 'planned'")}
        assert went_out(here) <= known
        plan_again(db)
        here.run_until_idle()
        network, states = here.count(), again.states()
        assert (network.accepted, network.duplicates) == (200, 0)
        assert states.keys() <= {"sent", "delivered"}, states
        assert sum(states.values()) == 200


def test_claims_stop_until_every_group_was_heard_or_written_off(
    fleet: Fleet, machine: Callable[[Host], Machine], server: postgres.Server, tmp_path: Path
) -> None:
    heard, burnt = fleet.host(1), fleet.host(2)
    fleet.campaign()
    fleet.batches(heard, 10)
    epoch = call(heard, REGISTER, heard.mac, JOURNAL)["epoch"]
    backup = dumped(server, fleet.db, tmp_path / "backup")
    with restored(server, fleet.db, backup) as db, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMSSWITCH_DATABASE_URL", db.url)
        there = moved(heard, db)
        answer = call(there, CLAIM, epoch, JOURNAL)
        assert answer == {"batch": None, "reason": "fenced"}
        assert fence_state() == {"fenced": True, "groups": ["machine 1", "machine 2"]}
        with pytest.raises(psycopg2.Error) as over:
            call(there, CLAIM, epoch, JOURNAL)
        assert over.value.pgcode == "SM409"
        registered = call(there, REGISTER, there.mac, JOURNAL)
        assert (registered["reconcile"], registered["leases"]) == (True, [])
        said = "select api.reconcile_v1(%s, %s, '[]', true)"
        assert call(there, said, registered["epoch"], JOURNAL)["fenced"] is True
        assert call(there, CLAIM, registered["epoch"], JOURNAL)["reason"] == "fenced"
        assert write_off("machine 2", "ops:jane") == {"fenced": False, "groups": []}
        assert db.one("select host_role from modem_group where alias = 'machine 2'") == burnt.role
        plan_again(db)
        assert call(there, CLAIM, registered["epoch"], JOURNAL)["segments"] == 12


def test_a_person_raises_the_fence(fleet: Fleet) -> None:
    host = fleet.host()
    epoch = call(host, REGISTER, host.mac, JOURNAL)["epoch"]
    assert call(host, CLAIM, epoch, JOURNAL)["reason"] == "nothing"
    assert fence("ops:jane") == {"fenced": True, "groups": ["machine 1"]}
    fresh = call(host, REGISTER, host.mac, JOURNAL)
    assert fresh["reconcile"] and fresh["epoch"] > epoch + 1000
    assert call(host, CLAIM, fresh["epoch"], JOURNAL)["reason"] == "fenced"


def test_the_command(fleet: Fleet) -> None:
    fleet.host()
    said = CliRunner().invoke(smsswitch, ["db", "fence"])
    assert said.output == "claims stopped; still to be heard: machine 1\n"
    unknown = CliRunner().invoke(smsswitch, ["db", "fence", "--write-off", "machine 9"])
    assert isinstance(unknown.exception, InputError)
    assert CliRunner().invoke(smsswitch, ["db", "fence", "--status"]).output == said.output
    done = CliRunner().invoke(smsswitch, ["db", "fence", "--write-off", "machine 1"])
    assert done.output == "claims go on; still to be heard: no group\n"


def test_evidence_of_what_another_group_holds_is_not_taken(fleet: Fleet) -> None:
    mine, other = fleet.host(1), fleet.host(2)
    fleet.campaign()
    batch = fleet.batch(other, [("Bonjour", 1)])
    fleet.db.conn.cursor().execute(
        "update send_batch set state = 'leased', lease_token = gen_random_uuid()"
    )
    fence("ops:jane")
    epoch = call(mine, REGISTER, mine.mac, JOURNAL)["epoch"]
    (message,) = fleet.db.all("select message_id from message")
    claimed = {"batch_id": batch, "message_id": message[0], "part": 1, "kind": "sent"}
    results = json.dumps([claimed | {"attempt_id": JOURNAL}, {"message_id": 999_999}])
    said = call(mine, "select api.reconcile_v1(%s, %s, %s, false)", epoch, JOURNAL, results)
    assert said == {"accepted": 0, "fenced": True}
    assert fleet.segments() == {}
