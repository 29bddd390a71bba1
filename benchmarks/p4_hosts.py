"""P4: 200 hosts claim and report at one PostgreSQL. SQL only: the hosts send nothing.

``P4_SECONDS`` for an hour; ``P4_PACE``: so many messages a second in all, not as fast as they can.
"""

import json
import multiprocessing
import os
import threading
import time
import uuid
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from chaos.world import World, made, number_of
from tests.integration.sender.hosts import MONTH, Host

HOSTS = 200
PROCESSES = 4
MODEMS = 8
BATCH = 100
SECONDS = float(os.environ.get("P4_SECONDS", "180"))
PACE = float(os.environ.get("P4_PACE", "0"))
SAMPLES = 12
AHEAD = 2


def measure() -> dict[str, Any]:
    """Messages a second through claim, reports and heartbeats, and dead rows over the run."""
    with made(durable=True) as world:
        world.fleet.campaign()
        hosts = [world.fleet.host(number, modems=MODEMS) for number in range(1, HOSTS + 1)]
        for host in hosts:
            plan(world, host, AHEAD * 4)
        world.fleet.db.conn.cursor().execute("vacuum analyze")
        return run(world, hosts)


def run(world: World, hosts: list[Host]) -> dict[str, Any]:
    """All of `hosts` at once for SECONDS."""
    done = multiprocessing.Value("q", 0)
    ending = multiprocessing.Event()
    workers = [
        multiprocessing.Process(target=_serve, args=(hosts[n::PROCESSES], done, ending))
        for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    while done.value < len(hosts):  # every process is at work
        time.sleep(0.05)
    began, first, samples = time.monotonic(), done.value, []
    planner = threading.Thread(target=_keep_planned, args=(world, hosts, ending), daemon=True)
    planner.start()
    for number in range(1, SAMPLES + 1):
        time.sleep(max(0.0, began + SECONDS * number / SAMPLES - time.monotonic()))
        samples.append({"messages": done.value - first, **_dead(world)})
    seconds, reported = time.monotonic() - began, done.value - first
    ending.set()
    planner.join()
    for worker in workers:
        worker.join(60)
    states = world.fleet.states()
    half = samples[len(samples) // 2 :]
    return {
        "hosts": len(hosts),
        "seconds": round(seconds, 1),
        "messages": reported,
        "per_second": round(reported / seconds),
        "pace": PACE or None,
        "reach": 1000,
        "sent_says_the_database": states.get("sent", 0),
        "dead_rows": [sample["dead"] for sample in samples],
        "live_rows": [sample["live"] for sample in samples],
        "dead_share_later": max(round(s["dead"] / max(1, s["live"] + s["dead"]), 3) for s in half),
        "autovacuums": samples[-1]["autovacuums"],
    }


def _dead(world: World) -> dict[str, int]:
    rows: list[Any] = world.fleet.db.all(
        "select sum(n_dead_tup), sum(n_live_tup), sum(autovacuum_count) from pg_stat_user_tables"
    )
    dead, live, vacuums = rows[0]
    return {"dead": int(dead), "live": int(live), "autovacuums": int(vacuums)}


def _serve(hosts: list[Host], done: Any, ending: Any) -> None:
    """One thread a host: the calls that a sender makes, in its order."""
    threads = [threading.Thread(target=_host, args=(host, done, ending)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _host(host: Host, done: Any, ending: Any) -> None:
    journal = str(uuid.uuid4())
    with closing(psycopg2.connect(host.url)) as conn:
        conn.autocommit = True
        cur = conn.cursor()
        epoch = _call(
            cur,
            "register_host_v1(%s::macaddr, %s, %s, '{}')",
            (host.mac, journal, str(uuid.uuid4())),
        )["epoch"]
        beat_at, began, reported = 0.0, time.monotonic(), 0
        while not ending.is_set():
            if time.monotonic() >= beat_at:
                status = json.dumps({"host_time": None, "queued": 0, "batches": [], "modems": []})
                _call(cur, "heartbeat_v1(%s, %s, %s)", (epoch, journal, status))
                beat_at = time.monotonic() + 20
            batch = _call(cur, "claim_batch_v1(%s, %s, %s)", (epoch, journal, str(uuid.uuid4())))
            if batch["batch"] is None:
                ending.wait(0.1)
                continue
            for at in range(0, len(batch["messages"]), MODEMS * 10):
                some = batch["messages"][at : at + MODEMS * 10]
                results = json.dumps([_sent(batch["batch"], m["message_id"]) for m in some])
                _call(cur, "report_results_v1(%s, %s, %s)", (epoch, journal, results))
                with done.get_lock():
                    done.value += len(some)
                reported += len(some)
                if PACE:
                    ending.wait(max(0.0, began + reported * HOSTS / PACE - time.monotonic()))


def _call(cur: Any, call: str, values: tuple[object, ...]) -> Any:
    typed = call.replace("(%s, %s, ", "(%s, %s::uuid, ").replace(
        "v1(%s::macaddr, %s, %s", "v1(%s::macaddr, %s::uuid, %s"
    )
    if call.startswith("claim"):
        typed = typed.replace(", %s)", ", %s::uuid)")
    cur.execute(f"select api.{typed}", values)
    return cur.fetchone()[0]


def _sent(batch_id: int, message_id: int) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "message_id": message_id,
        "part": 1,
        "attempt_id": str(uuid.uuid4()),
        "kind": "sent",
        "imei": "860000000000000",
        "imsi": "208010000000000",
        "reference": message_id % 256,
    }


def _keep_planned(world: World, hosts: list[Host], ending: Any) -> None:
    """Plan for those that run short, as expansion would; its time is in the figure."""
    with closing(psycopg2.connect(world.fleet.db.url)) as conn:
        conn.autocommit = True
        while not ending.wait(0.5):
            with conn.cursor() as cur:
                cur.execute(
                    "select group_id, count(*) from send_batch where state = 'planned' group by 1"
                )
                planned = dict(cur.fetchall())
            for host in hosts:
                if planned.get(host.group_id, 0) < AHEAD and not ending.is_set():
                    plan(world, host, AHEAD * 2, conn)


def plan(world: World, host: Host, batches: int, conn: Connection | None = None) -> None:
    """Add batches for a host."""
    with (conn or world.fleet.db.conn).cursor() as cur:
        for _ in range(batches):
            cur.execute(
                "insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
                " values (%s, %s, %s, %s, %s) returning batch_id",
                (MONTH, world.fleet.campaign_id, host.group_id, BATCH, BATCH),
            )
            (batch_id,) = cur.fetchone() or (0,)
            execute_values(
                cur,
                "insert into message (activation_month, campaign_id, contact_id, msisdn, text,"
                " encoding, segments, batch_id) values %s",
                [
                    (
                        MONTH,
                        world.fleet.campaign_id,
                        batch_id * BATCH + n,
                        number_of(n),
                        f"#{batch_id * BATCH + n}# Bonjour",
                        "gsm7",
                        1,
                        batch_id,
                    )
                    for n in range(BATCH)
                ],
                page_size=BATCH,
            )
