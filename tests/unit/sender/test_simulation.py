"""The real service on a virtual clock: many histories, each the same again, none that breaks a rule."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chaos import c5_simulation
from chaos.simulation.mutants import MUTANTS, Mutant, put_back
from chaos.simulation.world import live


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """What goes wrong there is meant."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(900)
def test_a_thousand_histories() -> None:
    outcome = c5_simulation.run(None, c5_simulation.SHORT)
    assert outcome.misses == []
    counted = outcome.counted
    assert counted["histories"] >= 1000
    # They are worth something: processes died in them, and messages ended in every way.
    assert counted["kills"] > 500
    assert {"sent", "delivered", "undelivered", "failed", "uncertain", "skipped"} <= set(
        counted["messages"]
    )
    assert set(counted["scenes"]) == {"alone", "usurper", "clone", "two groups", "burnt"}


@pytest.mark.parametrize("seed", [4, 35, 65, 95, 323])
def test_a_seed_is_the_same_history_again(seed: int) -> None:
    first, second = live(seed), live(seed)
    assert first.trace == second.trace
    assert len(first.trace) > 20


@pytest.mark.parametrize(
    "seed",
    [
        8664,  # what a late proof had settled was still another lease's to send, opted out meanwhile
        50126,  # the disk had room again between an answer and its release
        100300,  # the original claimed after its disk was copied: nobody knows of that lease
        100811,  # one group of two is stopped
        102838,  # a modem that lost power before a late answer
        103071,  # what the original gave back is no longer the copy's to send
        104693,  # somebody said STOP, and the process that knew it died
        105028,  # a report that fits two sends to one number
        124206,  # an answer that was not yet on the disk when its process had been fenced off
    ],
)
def test_a_seed_that_once_failed(seed: int) -> None:
    assert live(seed).violations == []


def test_a_seed_is_the_same_history_in_another_process() -> None:
    """Whatever the order in which that process iterates over sets of text."""
    program = (
        "import hashlib, logging\nlogging.disable(50)\nfrom chaos.simulation.world import live\n"
        "print(hashlib.sha256(repr([live(s).trace for s in range(40, 50)]).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
            timeout=240,
        ).stdout
        for number in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_put_back_is_seen(mutant: Mutant) -> None:
    assert live(mutant.seed).violations == []
    with put_back(mutant):
        violations = live(mutant.seed).violations
    assert any(mutant.shows in violation for violation in violations), violations
    assert live(mutant.seed).violations == []


def test_a_failing_seed_fails_the_same_way_again() -> None:
    mutant = next(m for m in MUTANTS if m.name == "resend on silence")
    with put_back(mutant):
        first, second = live(mutant.seed), live(mutant.seed)
    assert first.violations
    assert first.violations == second.violations
    assert first.trace == second.trace


def test_a_bug_that_has_moved_is_not_put_back_silently() -> None:
    gone = MUTANTS[0].edits[0]
    moved = Mutant("moved", 1, "", (type(gone)(gone.owner, gone.function, "no such line", "pass"),))
    with pytest.raises(ValueError, match="no such line"), put_back(moved):
        pass
