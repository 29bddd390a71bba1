"""P5: messages a second through emulated modems: ours, a bare client, and three peers, in one run."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Any

import psutil

from benchmarks.peers.contestants import CONTESTANTS, PEERS, Contestant, Running
from benchmarks.precedence import take_precedence
from chaos.world import Tail, World, made
from sms_sender.simulator import read_log
from tests.integration.sender.hosts import Machine

CASES = tuple(
    (int(modems), int(latency))
    for modems, latency in (
        case.split(":") for case in os.environ.get("P5_CASES", "1:0 8:0 1:100 8:100 64:100").split()
    )
)
CHOSEN = os.environ.get("P5_CONTESTANTS", " ".join(CONTESTANTS)).split()
BARE = ("bare", "bare-pyserial")
SECONDS = float(os.environ.get("P5_SECONDS", "20"))
START_SECONDS = 60.0
WARM_UP = 2.0
# More than each can send in the time that it is watched.
PLENTY = {
    "ours": 2500,
    "gammu-smsd": 5,
    "smstools": 100,
    "kannel": 8,
    "bare": 1,
    "bare-pyserial": 1,
}


def measure() -> dict[str, Any]:
    """Each in turn on modems of its own; the network's log says how many went out."""
    absent = {
        name: f"not installed (apt-get install {peer.package})"
        for name, peer in PEERS.items()
        if peer.missing()
    }
    precedence = take_precedence()
    cases = []
    with made(durable=True) as world:
        world.fleet.campaign()
        for modems, latency in CASES:
            found = {
                name: one(world, name, contestant, modems, latency)
                for name, contestant in CONTESTANTS.items()
                if name in CHOSEN and name not in absent and (modems <= 8 or name not in PEERS)
            }
            cases.append({"modems": modems, "latency_ms": latency, **found, **_ratios(found)})
    return {
        "seconds_each": SECONDS,
        "precedence": precedence,
        "absent": absent,
        "cases": cases,
        "reach": _reach(cases),
    }


def one(
    world: World, name: str, contestant: Contestant, modems: int, latency: int
) -> dict[str, Any]:
    """Messages a second of one contestant, and its processor time per message."""
    number = len(world.machines) + 1
    machine = world.machine(world.fleet.host(number, modems=modems))
    machine.simulate(
        modems, "--latency", str(latency), "--delivered", "0", "--offset", str(number * 100)
    )
    running = Running(machine.folder)
    try:
        contestant.start(world, machine, running, int(PLENTY[name] * (SECONDS + WARM_UP)))
        return _watch(machine, running, modems)
    finally:
        running.end()
        machine.end()


def _watch(machine: Machine, running: Running, modems: int) -> dict[str, Any]:
    tail = Tail(machine.network)
    if not tail.wait(1, START_SECONDS):
        output = (running.folder / "output").read_bytes()[-300:].decode("utf-8", "replace")
        return {"error": f"sent nothing within {START_SECONDS:g} s", "output": output}
    # Several start one after the other: measured once each could have sent.
    tail.wait(modems, 10)
    time.sleep(WARM_UP)
    began, cpu = time.time(), _cpu(running)
    time.sleep(SECONDS)
    cpu, seconds = _cpu(running) - cpu, time.time() - began
    sent = _between(machine, began, began + seconds)
    return {
        "per_second": round(sent / seconds, 2),
        "cpu_ms_per_message": round(1000 * cpu / sent, 3) if sent else None,
    }


def _between(machine: Machine, began: float, ended: float) -> int:
    times = (
        datetime.fromisoformat(line["at"]).timestamp()
        for line in read_log([machine.network])
        if line["event"] == "accepted"
    )
    return sum(began <= at < ended for at in times)


def _cpu(running: Running) -> float:
    """Seconds of processor time of its processes and their children; databases not counted."""
    total = 0.0
    for pid in running.pids():
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            for one in (root, *root.children(recursive=True)):
                with suppress(psutil.Error):
                    times = one.cpu_times()
                    total += times.user + times.system
    return total


def _ratios(found: dict[str, Any]) -> dict[str, Any]:
    rates = {name: found.get(name, {}).get("per_second", 0.0) for name in CONTESTANTS}
    best = max(rates[name] for name in PEERS)
    return {
        "to_best_peer": round(rates["ours"] / best, 1) if best else None,
        **{
            f"to_{bare}": round(rates["ours"] / rates[bare], 3) if rates[bare] else None
            for bare in BARE
        },
    }


def _reach(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """What was asked, and what came of it, of the cases that were run."""
    by = {(case["modems"], case["latency_ms"]): case for case in cases}
    asked: tuple[tuple[str, tuple[int, int], Callable[[dict[str, Any]], Any]], ...] = (
        ("8 modems 0 ms: >= 40 x the best peer", (8, 0), lambda case: case["to_best_peer"]),
        *(
            (f"8 modems {latency} ms: >= {least} of {bare}", (8, latency), itemgetter(f"to_{bare}"))
            for latency, least in ((0, 0.333), (100, 0.98))
            for bare in BARE
        ),
        ("64 modems 100 ms: >= 0.95 of 640/s", (64, 100), _of_640),
    )
    return {what: told(by[case]) for what, case, told in asked if case in by}


def _of_640(case: dict[str, Any]) -> float:
    return round(float(case.get("ours", {}).get("per_second", 0.0)) / 640, 3)
