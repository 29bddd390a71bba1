"""Whether the stack says so when something of it is broken, and whether its logs stay small."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from rehearsal.production import PROJECT, Production, ProductionError, want

PATIENCE = 600.0
# What is made to hang, by the service and a word of its command line, and who must then say so.
HANG = {"redis": "redis-server", "dag-processor": "airflow", "bucket": "weed"}
SAY_SO = ("redis", "dag-processor", "bucket", "worker", "worker-heavy")
STAYS_WELL = ("postgres", "triggerer")
TALKER = f"{PROJECT}-talker"
SAID = 25_000_000


def health(production: Production) -> str:
    """Processes that hang: their containers, and those that need them, become unhealthy; then well again."""
    began = time.monotonic()
    with _hanging(production):
        _until(production, SAY_SO, "unhealthy")
        unhealthy = time.monotonic() - began
        wrong = _not(production, STAYS_WELL, "healthy")
        want(not wrong, f"nothing is wrong, and yet {', '.join(wrong)}")
    began = time.monotonic()
    _until(production, SAY_SO, "healthy")
    return (
        f"{', '.join(HANG)} hang: {len(SAY_SO)} services unhealthy after {unhealthy:.0f} s, "
        f"well again {time.monotonic() - began:.0f} s after"
    )


def logs(production: Production) -> str:
    """A container that says 25 MB leaves no file of more than 10 MB, and more than one."""
    words = ("run", "--detach", "--no-deps", "--name", TALKER, "operator", "sh", "-c")
    talk = f"yes '{'well ' * 20}' | head -c {SAID}"
    production.compose(*words, talk, profiles=("operator",))
    try:
        production.engine.docker("wait", TALKER)
        one = json.loads(production.engine.docker("inspect", TALKER))[0]
        path = Path(one["LogPath"])
        sizes = [file.stat().st_size for file in path.parent.glob(f"{path.name}*")]
    finally:
        production.engine.docker("rm", "--force", TALKER)
    want(len(sizes) > 1, f"{SAID} bytes stand in one file")
    want(max(sizes) < 11_000_000, f"a log has grown to {max(sizes)} bytes")
    limits = [one["HostConfig"]["Memory"] for one in _described(production)]
    held = [_limit_of(one) for one in _described(production)]
    want(limits == held, f"memory limits {limits}, kept by the kernel {held}")
    told = f"{SAID:,} bytes said: {len(sizes)} files of at most {max(sizes):,}"
    return f"{told}; {len(held)} memory limits kept by the kernel"


def _described(production: Production) -> list[dict[str, Any]]:
    names = [c["Name"] for c in production.containers() if c["State"] == "running"]
    described: list[dict[str, Any]] = json.loads(production.engine.docker("inspect", *names))
    return described


def _limit_of(container: dict[str, Any]) -> int:
    """The memory limit in the kernel's own book of that container's first process."""
    told = Path(f"/proc/{container['State']['Pid']}/cgroup").read_text().splitlines()
    for line in told:
        _number, controllers, path = line.split(":", 2)
        if controllers == "memory":
            file = Path(f"/sys/fs/cgroup/memory{path}/memory.limit_in_bytes")
            return int(file.read_text())
        if not controllers and (v2 := Path(f"/sys/fs/cgroup{path}/memory.max")).exists():
            return int(v2.read_text())
    raise ProductionError(f"no memory limit is kept for {container['Name']}")


@contextmanager
def _hanging(production: Production) -> Iterator[None]:
    stopped = []
    try:
        for service, word in HANG.items():
            first = psutil.Process(production.container(service)["State"]["Pid"])
            for process in (first, *first.children(recursive=True)):
                if any(word in part for part in process.cmdline()) and process.pid != first.pid:
                    os.kill(process.pid, signal.SIGSTOP)
                    stopped.append(process.pid)
        yield
    finally:
        for pid in stopped:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGCONT)


def _until(production: Production, services: tuple[str, ...], wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while waiting := _not(production, services, wanted):
        if time.monotonic() > deadline:
            raise ProductionError(f"not {wanted} after {PATIENCE:.0f} s: {', '.join(waiting)}")
        time.sleep(2.0)


def _not(production: Production, services: tuple[str, ...], wanted: str) -> list[str]:
    """Those services of which a container is otherwise than wanted."""
    states = {(c["Service"], c["Health"]) for c in production.containers()}
    return [
        f"{one} is {health}"
        for one, health in sorted(states)
        if one in services and health != wanted
    ]
