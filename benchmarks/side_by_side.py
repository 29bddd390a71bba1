"""Two sides measured in turns against one database, by the clock and by the processor's time.

The clock of a machine that others use says little; the processor's time of both ends says more.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from include.db.migrate import migrate
from include.stack import postgres

Figures = dict[str, list[float]]
Side = tuple[Callable[[], Any], Callable[[], Any]]  # what is made ready, what is measured


@contextmanager
def database(figure: str) -> Iterator[postgres.Server]:
    """A migrated database of one's own with full durability; the settings name it meanwhile."""
    with tempfile.TemporaryDirectory(prefix=f"smsswitch-{figure}-") as folder:
        server = postgres.start(Path(folder) / "pg")
        os.environ |= {"SMSSWITCH_DATABASE_URL": server.url, "SMSSWITCH_VAR": folder}
        try:
            migrate(server.url)
            yield server
        finally:
            postgres.stop(Path(folder) / "pg")


def measured(server: postgres.Server, work: Callable[[], Any]) -> dict[str, float]:
    """Seconds by the clock, and of the processor: here, in processes and sessions that ended within."""
    began, used = time.monotonic(), _processor(server)
    work()
    return {
        "seconds": round(time.monotonic() - began, 3),
        "processor_seconds": round(_processor(server) - used, 3),
    }


def _processor(server: postgres.Server) -> float:
    postmaster = psutil.Process(server.pid)
    while any(_is_session(child) for child in postmaster.children()):
        time.sleep(0.01)
    ended = postmaster.cpu_times()
    here = os.times()
    return sum(here[:4]) + ended.children_user + ended.children_system


def _is_session(process: psutil.Process) -> bool:
    """Ending ones too: their time is not their parent's before they are gone."""
    try:
        title = "".join(process.cmdline())
    except psutil.Error:
        return True
    return not title or "127.0.0.1" in title


def in_turns(server: postgres.Server, rounds: int, sides: dict[str, Side]) -> dict[str, Figures]:
    """Every round of every side, in turns."""
    found: dict[str, Figures] = {name: {} for name in sides}
    for _ in range(rounds):
        for name, (make_ready, work) in sides.items():
            make_ready()
            figures = measured(server, work)
            print(f"{name}: {figures}", file=sys.stderr, flush=True)
            for key, value in figures.items():
                found[name].setdefault(key, []).append(value)
    return found


def ratio(found: dict[str, Figures], above: str, below: str, key: str = "seconds") -> float:
    """Of the two sides' medians."""
    return round(statistics.median(found[above][key]) / statistics.median(found[below][key]), 3)
