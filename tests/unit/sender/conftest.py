"""Emulated modems on real pseudo-terminals."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sms_sender.modem import Modem, Timeouts
from sms_sender.simulator import Farm, Options

# Where an answer comes: it may come late on a busy machine.
PATIENT = Timeouts(command=20.0, prompt=20.0, submit=30.0, settle=0.02, sync=30.0)
# Where none comes after Ctrl-Z, and the test has to wait for that.
QUICK = Timeouts(command=20.0, prompt=20.0, submit=1.0, settle=0.02, sync=30.0)

MakeFarm = Callable[..., Farm]
OpenModem = Callable[..., Modem]


def busy(farm: Farm) -> bool:
    """Whether a modem has something to say by now, or soon; not what it may repeat much later."""
    soon = time.monotonic() + 3
    return any(modem.output or (modem.wakes_at or soon) < soon for modem in farm.modems)


@pytest.fixture
def make_farm(tmp_path: Path) -> Iterator[MakeFarm]:
    """Start emulated modems; their network's log is network.jsonl in tmp_path."""
    with ExitStack() as stack:

        def make(**options: object) -> Farm:
            options.setdefault("network_log", tmp_path / "network.jsonl")
            return stack.enter_context(Farm(Options(**options)))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def open_modem() -> Iterator[OpenModem]:
    """Open a modem; closed at the end of the test."""
    with ExitStack() as stack:

        def make(port: str, timeouts: Timeouts = PATIENT, **options: object) -> Modem:
            modem = Modem(port, timeouts=timeouts, **options)  # type: ignore[arg-type]
            stack.callback(modem.close)
            modem.open()
            return modem

        yield make
