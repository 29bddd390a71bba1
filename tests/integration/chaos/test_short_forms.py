"""Every figure of `make chaos` in its short form."""

import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from chaos.__main__ import FIGURES, run
from chaos.money import agree
from chaos.scale import Outcome, Scale
from chaos.truth import find
from chaos.world import World
from sms_sender.centre import Centre
from sms_sender.link import Wake
from tests.conftest import Database
from tests.integration.sender.hosts import Fleet


@pytest.fixture
def world(db: Database, tmp_path: Path) -> Iterator[World]:
    made = World(Fleet(db), tmp_path)
    yield made
    made.end()


# c5 needs no database: tests/unit/sender/test_simulation.py. c14 starts Airflow again and again.
@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("c5", "c14")])
def test_nothing_is_missed(name: str, world: World) -> None:
    outcome = run(name, world, import_module(FIGURES[name][0]).SHORT)
    assert outcome.misses == [], outcome.document()


def test_the_count_sees_what_is_wrong(world: World) -> None:
    """A part sent twice, one told sent that never was, one that was and is not told."""
    host = world.fleet.host(modems=2)
    world.campaign(host, 20)
    machine = world.machine(host)
    machine.simulate(2, "--delivered", "0")
    machine.run_until_idle()
    good = find(world, [machine])
    assert not (good.duplicated or good.lost or good.told_sent_but_not or good.sent_but_not_told)
    lines = machine.network.read_text().splitlines(keepends=True)
    machine.network.write_text("".join([*lines[1:], lines[1]]))
    world.fleet.db.conn.cursor().execute(
        "update segment set state = 'planned' where message_id ="
        " (select min(message_id) from message where contact_id = 20)"
    )
    bad = find(world, [machine])
    assert len(bad.duplicated) == len(bad.told_sent_but_not) == 1
    assert len(bad.lost) == 1
    assert {number for number, _ in bad.sent_but_not_told} == {20}


def test_money_that_does_not_follow_the_messages_is_a_miss(world: World) -> None:
    """A part paid for and not sent, one sent and not paid for, a price that changed."""
    host = world.fleet.host(modems=2)
    world.campaign(host, 20)
    machine = world.machine(host)
    machine.simulate(2, "--delivered", "0")
    machine.run_until_idle()
    good = Outcome(Scale())
    agree(world, good)
    assert good.misses == []
    assert good.counted == {"paid_parts": 24, "captured_eur": "1.2000"}
    lines = machine.network.read_text().splitlines(keepends=True)
    machine.network.write_text("".join(lines[1:]))
    world.fleet.db.conn.cursor().execute("update message set price = 1 where contact_id = 3")
    bad = Outcome(Scale())
    agree(world, bad)
    assert len(bad.misses) == 2
    assert "captured: messages say 2.1500, the ledger 1.2000" in bad.misses[0]
    assert bad.misses[1] == "1.2000 EUR captured for 23 parts"


def test_a_connection_found_lost_before_the_wait(world: World) -> None:
    """Found by c6 with seed 4: the thread that talks to the centre died of it."""
    host = world.fleet.host()
    centre = Centre(host.url, uuid.uuid4())
    centre.connect()
    world.fleet.db.all(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s",
        (host.role,),
    )
    wake = Wake()
    while centre.connected:
        assert centre.wait(wake.read, 0.1) is False
    centre.connect()
    assert centre.connected
    centre.close()
