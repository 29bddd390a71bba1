"""Emulated modems on real pseudo-terminals."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sms_sender.modem import Modem, Timeouts
from sms_sender.simulator import Farm, Options

QUICK = Timeouts(command=2.0, prompt=0.5, submit=0.5, settle=0.02, sync=3.0)

MakeFarm = Callable[..., Farm]
OpenModem = Callable[..., Modem]


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
    """Open a modem with short deadlines; closed at the end of the test."""
    with ExitStack() as stack:

        def make(port: str, timeouts: Timeouts = QUICK, **options: object) -> Modem:
            modem = Modem(port, timeouts=timeouts, **options)  # type: ignore[arg-type]
            stack.callback(modem.close)
            modem.open()
            return modem

        yield make
