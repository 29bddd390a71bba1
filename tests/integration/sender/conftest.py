"""Fixtures: a fleet in the test's database, and machines whose processes end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.integration.sender.hosts import Fleet, Host, Machine
from tests.integration.sender.protocol import register


@pytest.fixture
def fleet(db: Database) -> Fleet:
    """Groups, campaigns and batches."""
    return Fleet(db)


@pytest.fixture
def host(fleet: Fleet) -> Host:
    """A registered host with one planned batch: two single texts and one of two parts."""
    host = fleet.host()
    fleet.campaign()
    fleet.batch(host, [("un", 1), ("long", 2), ("deux", 1)])
    register(host)
    return host


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[[Host], Machine]]:
    """Make machines; whatever they started is ended with the test."""
    made: list[Machine] = []

    def make(host: Host) -> Machine:
        folder = tmp_path / f"machine{len(made)}"
        folder.mkdir()
        made.append(Machine(folder, host))
        return made[-1]

    yield make
    for one in made:
        one.end()
