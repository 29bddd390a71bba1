"""What dies in the middle of the day, each at a moment that is looked for, and how long it is felt."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from include.db import connect
from include.demo.telling import TAKEN, Campaign
from include.errors import SmsswitchError, TransientError
from include.stack.airflow import Api
from rehearsal.production import Production, ProductionError, Say

PATIENCE = 600.0
LOOK_SECONDS = 300.0


@dataclass
class Faults:
    """The four faults of the day; `recoveries` says what each cost, in seconds."""

    production: Production
    api: Api
    say: Say
    recoveries: dict[str, dict[str, float]] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    logs: Callable[[], list[Path]] = list
    _done: set[str] = field(default_factory=set)
    _watchers: list[threading.Thread] = field(default_factory=list)
    _failures: list[str] = field(default_factory=list)

    def at(self, moment: str, rows: object = None) -> None:
        """Called at each step of the day: does what is due at that moment, once."""
        if moment == "dropped contacts/assures.xlsx":
            self._once("worker", self._kill_worker)
        if moment == "campaigns" and isinstance(rows, list):
            taken, total = _progress(rows)
            if taken:
                self._once("scheduler", self._stop_scheduler)
            if taken > total * 0.25:
                self._once("postgresql", self._restart_postgresql)
            if taken > total * 0.5:
                self._once("sender", self._kill_sender)

    def finish(self) -> None:
        """Wait for every recovery and start the stopped scheduler again; all must have happened."""
        for watcher in self._watchers:
            watcher.join()
        for name in self.stopped:
            self.production.engine.docker("start", name)
        missing = {"worker", "scheduler", "postgresql", "sender"} - set(self.recoveries)
        if missing or self._failures:
            told = [*self._failures, *(f"{name} was never hurt" for name in sorted(missing))]
            raise ProductionError("; ".join(told))

    def _once(self, name: str, act: Callable[[], dict[str, Callable[[], bool]]]) -> None:
        if name in self._done:
            return
        self._done.add(name)
        signs = act()
        began = time.monotonic()
        watcher = threading.Thread(target=self._watch, args=(name, began, signs), daemon=True)
        watcher.start()
        self._watchers.append(watcher)

    def _watch(self, name: str, began: float, signs: dict[str, Callable[[], bool]]) -> None:
        """Note when each sign of life is seen again."""
        seen: dict[str, float] = {}
        while len(seen) < len(signs) and time.monotonic() - began < PATIENCE:
            for sign, shows in signs.items():
                if sign not in seen and _holds(shows):
                    seen[sign] = round(time.monotonic() - began, 1)
                    self.say(f"{name}: {sign} after {seen[sign]:.0f} s")
            time.sleep(0.5)
        self.recoveries[name] = seen
        if missing := sorted(set(signs) - set(seen)):
            self._failures.append(f"{name}: not within {PATIENCE:.0f} s: {', '.join(missing)}")

    def _kill_worker(self) -> dict[str, Callable[[], bool]]:
        """SIGKILL to the worker that is running an import at this moment."""
        task = self._running_import()
        service = "worker-heavy"
        state = self.production.container(service)
        os.kill(state["State"]["Pid"], signal.SIGKILL)
        self.say(f"{service} is killed with -9 while it runs {task['task_id']}")
        run = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}"
        return {
            "container healthy": lambda: self._is_well(service, state["State"]["StartedAt"]),
            "killed task done": lambda: bool(self.api.get(run)["state"] == "success"),
        }

    def _running_import(self) -> dict[str, Any]:
        path = "/dags/contacts_import/dagRuns/~/taskInstances?state=running"
        deadline = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < deadline:
            if found := self.api.get(path)["task_instances"]:
                return dict(found[0])
            time.sleep(0.2)
        raise ProductionError(f"no import ran within {LOOK_SECONDS:.0f} s")

    def _stop_scheduler(self) -> dict[str, Callable[[], bool]]:
        names = [c["Name"] for c in self.production.containers() if c["Service"] == "scheduler"]
        began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        name = sorted(names)[0]
        self.production.engine.docker("stop", "--time", "30", name)
        self.stopped.append(name)
        self.say(f"{name} is stopped, {len(names) - 1} goes on")
        path = f"/dags/fleet_monitor/dagRuns?state=success&run_after_gte={began}"
        return {"next run done": lambda: bool(self.api.get(path)["total_entries"] > 0)}

    def _restart_postgresql(self) -> dict[str, Callable[[], bool]]:
        taken = self._lines()
        self.production.compose("restart", "postgres")
        self.say("PostgreSQL is restarted")
        before = _reported()
        return {
            "query answered": lambda: _reported() >= 0,
            "sending goes on": lambda: self._lines() > taken,
            "results come in": lambda: _reported() > before,
        }

    def _kill_sender(self) -> dict[str, Callable[[], bool]]:
        service = "sender-2"
        state = self.production.container(service)
        os.kill(state["State"]["Pid"], signal.SIGKILL)
        self.say(f"{service} is killed with -9")
        time.sleep(0.2)
        taken = self._lines(1)
        return {
            "container healthy": lambda: self._is_well(service, state["State"]["StartedAt"]),
            "sending goes on": lambda: self._lines(1) > taken,
        }

    def _is_well(self, service: str, before: str) -> bool:
        state = self.production.container(service)["State"]
        return bool(state["StartedAt"] != before and state["Health"]["Status"] == "healthy")

    def _lines(self, host: int | None = None) -> int:
        """Parts that the emulated modems have taken, of one host or of all."""
        logs = self.logs() if host is None else [self.logs()[host]]
        return sum(line.count(b"\n") for log in logs for line in [log.read_bytes()])


def _holds(shows: Callable[[], bool]) -> bool:
    try:
        return shows()
    except (SmsswitchError, psycopg2.Error, OSError, KeyError, json.JSONDecodeError):
        return False


def _progress(rows: list[Any]) -> tuple[int, int]:
    campaigns = [row for row in rows if isinstance(row, Campaign)]
    taken = sum(row.messages.get(state, 0) for row in campaigns for state in TAKEN)
    return taken, max(1, sum(sum(row.messages.values()) for row in campaigns))


def _reported() -> int:
    """Messages whose outcome the centre knows; -1 while the database is away."""
    try:
        with connect() as conn, conn.cursor() as cur:
            cur.execute("select count(*) from message where state::text = any(%s)", (list(TAKEN),))
            return int((cur.fetchone() or (0,))[0])
    except (TransientError, psycopg2.OperationalError):
        return -1
