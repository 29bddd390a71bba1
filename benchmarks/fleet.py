"""The fleet of docs/scale.md at its own pace: what ten million messages a day ask of one PostgreSQL.

The modems are pauses; the calls are those of real hosts, in their order and as often as hosts make them:
results every second, a heartbeat every 20, a claim when less than 20 parts a modem wait.
"""

import json
import multiprocessing
import os
import statistics
import threading
import time
import uuid
from contextlib import closing
from typing import Any

import psutil
import psycopg2

from benchmarks.p4_hosts import BATCH, _call, _sent, plan
from chaos.world import World, made
from tests.integration.sender.hosts import Host

MESSAGES_A_DAY = 10_000_000
HOURS = 12
HOSTS = 54
MODEMS = 32
PROCESSES = 2
AHEAD = 20 * MODEMS
SECONDS = float(os.environ.get("FLEET_SECONDS", "100"))
TIMES = float(os.environ.get("FLEET_TIMES", "1"))  # of ten million a day


def measure() -> dict[str, Any]:
    """Messages a second that went through, and what PostgreSQL took for it."""
    pace = TIMES * MESSAGES_A_DAY / (HOURS * 3600)
    with made(durable=True) as world:
        world.fleet.campaign()
        hosts = [world.fleet.host(number, modems=MODEMS) for number in range(1, HOSTS + 1)]
        for host in hosts:
            plan(world, host, 2 + AHEAD // BATCH)
        world.fleet.db.conn.cursor().execute("vacuum analyze")
        return _run(world, hosts, pace)


def _run(world: World, hosts: list[Host], pace: float) -> dict[str, Any]:
    times: Any = multiprocessing.Queue()
    ending = multiprocessing.Event()
    workers = [
        multiprocessing.Process(
            target=_serve, args=(hosts[n::PROCESSES], pace / HOSTS, times, ending)
        )
        for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    planner = threading.Thread(target=_keep_planned, args=(world, hosts, ending), daemon=True)
    planner.start()
    time.sleep(SECONDS / 10)  # everybody is at work
    before, began = _taken(world), time.monotonic()
    time.sleep(SECONDS)
    after, seconds = _taken(world), time.monotonic() - began
    ending.set()
    planner.join()
    took: list[float] = []
    for _ in workers:
        took += times.get()
    for worker in workers:
        worker.join(60)
    gone = {name: (after[name] - before[name]) / seconds for name in before}
    return {
        "hosts": HOSTS,
        "modems": HOSTS * MODEMS,
        "asked_a_second": round(pace, 1),
        "messages_a_second": round(gone["sent"], 1),
        "postgresql_cores": round(gone["processor"], 2),
        "commits_a_second": round(gone["commits"], 1),
        "wal_kib_a_second": round(gone["wal"] / 1024),
        "calls_a_second": round(len(took) / (SECONDS * 1.1), 1),
        "call_ms_median": round(1000 * statistics.median(took), 1),
        "call_ms_p99": round(1000 * statistics.quantiles(took, n=100)[98], 1),
    }


def _taken(world: World) -> dict[str, float]:
    rows = world.fleet.db.all(
        "select (select count(*) from message where state = 'sent'),"
        " (select xact_commit from pg_stat_database where datname = current_database()),"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), pg_backend_pid()"
    )
    sent, commits, wal, pid = (float(str(value)) for value in rows[0])
    server = psutil.Process(int(pid)).parent()
    assert server is not None
    processor = 0.0
    for process in (server, *server.children()):
        try:
            used = process.cpu_times()
        except psutil.Error:
            continue  # it has ended: a worker of autovacuum
        processor += used.user + used.system
    return {"sent": sent, "commits": commits, "wal": wal, "processor": processor}


def _serve(hosts: list[Host], pace: float, times: Any, ending: Any) -> None:
    took: list[float] = []
    threads = [
        threading.Thread(target=_host, args=(host, number / len(hosts), pace, took, ending))
        for number, host in enumerate(hosts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.put(took)


def _host(host: Host, phase: float, pace: float, took: list[float], ending: Any) -> None:
    """One host: each second it tells what its modems have sent in that second."""
    ending.wait(phase)
    journal, due, beat_at = str(uuid.uuid4()), 0.0, 0.0
    left: list[tuple[int, int]] = []
    with closing(psycopg2.connect(host.url)) as conn:
        conn.autocommit = True
        cur = conn.cursor()

        def call(words: str, *values: object) -> Any:
            began = time.monotonic()
            answer = _call(cur, words, values)
            took.append(time.monotonic() - began)
            return answer

        register = "register_host_v1(%s::macaddr, %s, %s, '{}')"
        epoch = call(register, host.mac, journal, str(uuid.uuid4()))["epoch"]
        told_at = time.monotonic()
        while not ending.is_set():
            now = time.monotonic()
            if now >= beat_at:
                status: dict[str, Any] = {
                    "host_time": None,
                    "queued": len(left),
                    "batches": [],
                    "modems": [],
                }
                call("heartbeat_v1(%s, %s, %s)", epoch, journal, json.dumps(status))
                beat_at = now + 20
            if len(left) <= AHEAD:
                batch = call("claim_batch_v1(%s, %s, %s)", epoch, journal, str(uuid.uuid4()))
                left += [(batch["batch"], m["message_id"]) for m in batch.get("messages") or []]
            due, told_at = due + (now - told_at) * pace, now
            done, left = left[: int(due)], left[int(due) :]
            due -= len(done)
            if done:
                results = json.dumps([_sent(*one) for one in done])
                call("report_results_v1(%s, %s, %s)", epoch, journal, results)
            ending.wait(max(0.0, now + 1.0 - time.monotonic()))


def _keep_planned(world: World, hosts: list[Host], ending: Any) -> None:
    """Plan for those that run short, as expansion would; its time is in the figure."""
    query = "select group_id, count(*) from send_batch where state = 'planned' group by 1"
    with closing(psycopg2.connect(world.fleet.db.url)) as conn:
        conn.autocommit = True
        while not ending.wait(1.0):
            with conn.cursor() as cur:
                cur.execute(query)
                planned = dict(cur.fetchall())
            for host in hosts:
                if not planned.get(host.group_id) and not ending.is_set():
                    plan(world, host, 1, conn)
