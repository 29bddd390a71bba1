"""C14: Airflow and its database are hit while they work; the business tables end as undisturbed.

One stack of its own. Each round begins with an empty business database, drops the same files, hits
Airflow in one way while it works on them, waits until everything is done, and compares a checksum of
contacts, campaigns, messages, ledger, tickets and prices with that of the undisturbed round.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from chaos import small_disk
from chaos.c14_scene import Scene
from chaos.scale import Outcome, Scale
from chaos.world import World
from include.errors import SmsswitchError
from include.stack import postgres, supervisor

FULL = Scale(times=360, messages=400)
SHORT = Scale(times=20, messages=40)
CLEARED = (
    "contacts_import",
    "campaign_intake",
    "campaign_expand",
    "taxation_ingest",
    "billing_daily",
)
DOUBLED = ("contacts_import", "campaign_intake", "taxation_ingest")
GIVEN_UP_AFTER = "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"
HITS = 3
AGAIN = 10


def run(world: World, scale: Scale) -> Outcome:
    """Every fault once; `times` is how many seconds a stopped task and a full disk stand still.

    Airflow gives a task up after 300 s without a sign of life: less than the six minutes of the full
    form, and as much less here where `times` is another.
    """
    outcome = Outcome(scale)
    os.environ.pop("SMSSWITCH_DATABASE_URL", None)
    os.environ[GIVEN_UP_AFTER] = str(scale.times * 5 // 6)
    os.environ["SMSSWITCH_VAR"] = str(world.folder / "c14")
    wanted = os.environ.get("C14_FAULTS", "").split() or list(FAULTS)
    with small_disk.mounted(world.folder / "c14") as no_disk:
        if no_disk and "disk_full" in wanted:
            wanted.remove("disk_full")
            outcome.counted["disk_full"] = f"left out: {no_disk}"
        try:
            outcome.counted["rounds"] = _rounds(Scene(scale.messages), wanted, scale, outcome)
        finally:
            supervisor.down(lambda _line: None)
    return outcome


def _rounds(scene: Scene, wanted: list[str], scale: Scale, outcome: Outcome) -> dict[str, Any]:
    rounds: dict[str, Any] = {"undisturbed": scene.round(_nothing)}
    print(f"undisturbed: {rounds['undisturbed']}", file=sys.stderr)
    expected = rounds["undisturbed"]["checksum"]
    outcome.expect(rounds["undisturbed"]["messages"] > 0, "the undisturbed round made nothing")
    for name in wanted:
        try:
            rounds[name] = scene.round(FAULTS[name], scale.times)
        except (SmsswitchError, OSError, psycopg2.Error) as error:
            rounds[name] = {"checksum": None, "error": str(error)[:300]}
        same = rounds[name]["checksum"] == expected
        outcome.expect(same, f"{name}: the tables differ from the undisturbed round's")
        outcome.misses += rounds[name].get("ledger", [])
        print(f"{name}: {rounds[name]}", file=sys.stderr)
    return rounds


def _nothing(_scene: Scene, _seconds: int) -> None:
    """The undisturbed round."""


def _task_killed(scene: Scene, _seconds: int) -> None:
    for _ in range(HITS):
        task = scene.running_task()
        if task is not None:
            task.kill()


def _task_stopped(scene: Scene, seconds: int) -> None:
    """With the worker that speaks for it: Airflow gives the task out again, then both go on."""
    task = scene.running_task()
    worker = task.parent() if task else None
    if task is None or worker is None:
        return
    worker.send_signal(signal.SIGSTOP)
    task.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    for process in (task, worker):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def _disk_full(scene: Scene, seconds: int) -> None:
    """Database, bucket, spool, reports and logs all stand on it."""
    scene.running_task()
    with small_disk.full(Path(os.environ["SMSSWITCH_VAR"])):
        time.sleep(seconds)
    scene.up()


def _component_killed(name: str) -> Callable[[Scene, int], None]:
    def hit(scene: Scene, _seconds: int) -> None:
        scene.running_task()
        scene.process(name).kill()
        scene.up()

    return hit


def _postgres_immediate(scene: Scene, _seconds: int) -> None:
    scene.running_task()
    server = scene.process("postgres")
    server.send_signal(signal.SIGQUIT)
    psutil.wait_procs([server], timeout=60)
    scene.up()


def _metadata_wiped(scene: Scene, _seconds: int) -> None:
    scene.running_task()
    supervisor.down(lambda _line: None)
    data = supervisor.Files.here().postgres
    server = postgres.start(data)
    try:
        with closing(psycopg2.connect(server.url)) as conn:
            conn.autocommit = True
            conn.cursor().execute("drop database airflow with (force)")
    finally:
        postgres.stop(data)
    Path(os.environ["SMSSWITCH_VAR"], "airflow", "migrated.json").unlink(missing_ok=True)
    scene.up()


def _triggered_again(scene: Scene, _seconds: int) -> None:
    scene.settle()
    for dag_id in DOUBLED:
        runs = [scene.trigger(dag_id) for _ in range(AGAIN)]
        scene.await_runs(dag_id, runs)


def _all_cleared(scene: Scene, _seconds: int) -> None:
    scene.settle()
    for dag_id in CLEARED:
        runs = scene.runs(dag_id)
        for run_id in runs:
            scene.clear(dag_id, run_id)
        scene.await_runs(dag_id, runs)


FAULTS: dict[str, Callable[[Scene, int], None]] = {
    "task_killed": _task_killed,
    "scheduler_killed": _component_killed("scheduler"),
    "api_server_killed": _component_killed("api-server"),
    "postgres_immediate": _postgres_immediate,
    "same_trigger_ten_times": _triggered_again,
    "every_task_cleared": _all_cleared,
    "task_stopped": _task_stopped,
    "disk_full": _disk_full,
    "metadata_wiped": _metadata_wiped,
}
