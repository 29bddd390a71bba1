"""``python -m rehearsal images|run|up|down|demo|full|restore``: see docs/runbooks/deployment.md."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from include.demo.day import Clock, play
from include.errors import SmsswitchError
from include.settings import ROOT
from rehearsal import checks, engine
from rehearsal.day import SEED, SIZE, ProductionDay, TlsApi, differences, pace
from rehearsal.faults import Faults
from rehearsal.production import FOLDER, Production, ProductionError, tell
from rehearsal.restore import rehearse


@contextmanager
def brought_up(*, keep: bool = False) -> Iterator[tuple[Production, dict[str, Any]]]:
    """The whole production file, up and well, with what was measured; taken away at the end."""
    with engine.engine(keep=keep) as found:
        production = Production(found, tell)
        production.prepare()
        try:
            healthy = production.up()
            yield production, {"seconds_to_healthy": healthy, "memory": production.memory()}
        except BaseException:
            if keep:
                raise
            production.keep_logs()
            raise
        finally:
            if not keep:
                production.down()


def images() -> int:
    """Pull or make every image and keep them, so that the other commands find them."""
    with engine.engine() as found:
        Production(found, tell).prepare()
    return 0


def run() -> int:
    """Bring everything up, look whether it is what docker-compose.yaml says, take it away again."""
    with brought_up() as (production, figures):
        figures["checks"] = checks.run(production)
        _write("run.json", figures)
    return 0


def up() -> int:
    """Bring everything up and leave it up: `down` takes it away."""
    with brought_up(keep=True) as (_production, figures):
        _write("run.json", figures)
    return 0


def down() -> int:
    """Take away what `up` has left."""
    with engine.engine() as found:
        production = Production(found, tell)
        production.load()
        production.down()
    return 0


def demo() -> int:
    """The demo's day with four faults in it, held against the same day on one machine."""
    reference = _reference()
    with brought_up() as (production, figures):
        return _day(production, figures, reference)


def full() -> int:
    """The day, and the checks of `run` on the same stack afterwards."""
    reference = _reference()
    with brought_up() as (production, figures):
        _day(production, figures, reference)
        _write("run.json", {"checks": checks.run(production)})
    return 0


def restore() -> int:
    """A backup while hosts send, the centre burnt, a restore."""
    with engine.engine() as found:
        production = Production(found, tell)
        production.prepare()
        try:
            _write("restore.json", {"restore": rehearse(production)})
        finally:
            production.down()
    return 0


def demo_here() -> int:
    """The same on what `up` has left."""
    reference = _reference()
    with engine.engine(keep=True) as found:
        production = Production(found, tell)
        production.load()
        return _day(production, {}, reference)


def _day(production: Production, figures: dict[str, Any], summary: Path) -> int:
    reference = json.loads(summary.read_text(encoding="utf-8"))
    api = TlsApi(production, "admin", production.secret("airflow_admin_password"))
    faults = Faults(production, api, tell)
    day = ProductionDay(production, tell, SEED, faults.at)
    faults.logs = lambda: [host.network_log for host in day.hosts]
    clock = Clock()
    outcome = play(day, clock)
    faults.finish()
    figures |= {
        "day": outcome.document,
        "recoveries": faults.recoveries,
        "memory_after": production.memory(),
        "disagreements": outcome.disagreements,
        "differences": differences(outcome.document, reference),
        "one_machine_seconds": reference["seconds"],
        "parts_a_second": pace(host.network_log for host in day.hosts),
        "one_machine_parts_a_second": pace(summary.parent.glob("*/network.jsonl")),
    }
    _write("demo.json", figures)
    wrong = [*outcome.disagreements, *figures["differences"]]
    if wrong:
        raise ProductionError("; ".join(wrong))
    tell("the same summary as on one machine; nothing lost, nothing twice")
    return 0


def _reference() -> Path:
    """The summary of `smsswitch demo` on this machine, played now unless SMSSWITCH_REFERENCE names one."""
    if given := os.environ.get("SMSSWITCH_REFERENCE"):
        return Path(given)
    tell("first the same day on one machine")
    var = FOLDER / "one-machine"
    subprocess.run(
        [sys.executable, "-m", "include.cli", "demo", "--latency", str(SIZE.latency_ms)],
        check=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SMSSWITCH_VAR": str(var)},
    )
    return var / "demo" / "summary.json"


def _write(name: str, figures: dict[str, Any]) -> None:
    text = json.dumps(
        {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **figures}, indent=2
    )
    (FOLDER / name).write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


TASKS = {
    "images": images,
    "run": run,
    "up": up,
    "down": down,
    "demo": demo,
    "full": full,
    "restore": restore,
    "demo-here": demo_here,
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in TASKS:
        sys.exit(f"usage: python -m rehearsal {'|'.join(TASKS)}")
    try:
        sys.exit(TASKS[sys.argv[1]]())
    except SmsswitchError as error:
        sys.exit(f"rehearsal: {error}")
