"""P4 and P5 in small: that they measure what they say, not how much."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import p4_hosts, p5_sender
from benchmarks.peers.contestants import CONTESTANTS, PEERS, Contestant
from chaos.world import World
from tests.conftest import Database
from tests.integration.sender.hosts import Fleet


@pytest.fixture
def world(db: Database, tmp_path: Path) -> Iterator[World]:
    made = World(Fleet(db), tmp_path)
    made.fleet.campaign()
    yield made
    made.end()


def test_hosts_claim_and_report(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p4_hosts, "HOSTS", 4)
    monkeypatch.setattr(p4_hosts, "PROCESSES", 2)
    monkeypatch.setattr(p4_hosts, "SECONDS", 1.0)
    hosts = [world.fleet.host(number, modems=8) for number in range(1, 5)]
    for host in hosts:
        p4_hosts.plan(world, host, 4)
    found = p4_hosts.run(world, hosts)
    assert found["messages"] > 0
    assert found["sent_says_the_database"] >= found["messages"]
    assert len(found["dead_rows"]) == p4_hosts.SAMPLES


@pytest.mark.parametrize("name", ["ours", *p5_sender.BARE])
def test_a_contestant_is_watched(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p5_sender, "SECONDS", 1.0)
    monkeypatch.setattr(p5_sender, "WARM_UP", 0.5)
    found = p5_sender.one(world, name, CONTESTANTS[name], 2, 0)
    assert found["per_second"] > 20
    assert found["cpu_ms_per_message"] > 0


@pytest.mark.parametrize("name", [name for name, peer in PEERS.items() if not peer.missing()])
def test_a_peer_that_is_installed_can_be_driven(
    name: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(p5_sender, "SECONDS", 4.0)
    monkeypatch.setattr(p5_sender, "WARM_UP", 0.1)
    assert p5_sender.one(world, name, CONTESTANTS[name], 1, 0)["per_second"] > 0


def test_a_peer_that_is_absent_is_named() -> None:
    absent = Contestant(("no-such-daemon",), CONTESTANTS["ours"].start, "no-such-package")
    assert absent.missing() == ["no-such-daemon"]
    assert shutil.which("no-such-daemon") is None
    assert {"gammu-smsd", "smstools", "kannel"} == set(PEERS)
