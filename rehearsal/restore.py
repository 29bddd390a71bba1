"""A backup while hosts send, everything of the centre burnt, and a restore: the hosts tell what it missed."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg2

from include.db import connect
from include.demo import summary
from include.demo.day import Size
from include.demo.texts import CAMPAIGNS
from include.errors import TransientError
from include.fleet.restore import fence_state
from include.settings import ROOT
from rehearsal.day import SEED, ProductionDay
from rehearsal.production import FOLDER, Production, ProductionError

SIZE = Size(insured=300, reminders=60, patients=100, tickets=50, latency_ms=300)
CENTRE = (
    "postgres redis bucket proxy migrate api-server scheduler dag-processor triggerer worker worker-heavy"
).split()
VOLUMES = "postgres-data redis-data bucket-data bucket-logins airflow-logs".split()
PATIENCE = 900.0
BACKUP = FOLDER / "backup"
OPEN = "select count(*) from message where state in ('planned', 'leased')"
AWAITED = "select count(*) from message where state = 'sent'"
TAKEN = "select count(*) from message where state not in ('planned', 'leased', 'skipped')"


def rehearse(production: Production) -> dict[str, Any]:
    """Play it on a stack that is up; what was seen."""
    day = ProductionDay(production, production.say, SEED, lambda *_: None, SIZE)
    try:
        return _play(production, day)
    finally:
        for host in day.hosts:
            host.kill()


def _play(production: Production, day: ProductionDay) -> dict[str, Any]:
    day.enrol()
    day.contacts()
    for client, name, text in CAMPAIGNS:
        day.drop(client, f"campaigns/{name}.yaml", text.encode())
    _until("sending", lambda: _count(TAKEN) > 20)
    seconds = {"backup": _script(production, "backup.sh")}
    at_backup = _count(TAKEN)
    size = sum(file.stat().st_size for file in BACKUP.iterdir())
    production.say(f"backup of {size:,} bytes; the hosts go on sending")
    _until("more to be sent", lambda: _count(TAKEN) > at_backup + 30)
    _burn(production)
    began = time.monotonic()
    seconds["restore"] = _script(production, "restore.sh")
    restored = _count(TAKEN)
    raised = fence_state()
    production.say(f"{restored} messages were taken, says the backup; fence: {raised}")
    _until("every host to be heard", lambda: not fence_state()["fenced"])
    seconds["until_claims_go_on"] = round(time.monotonic() - began, 1)
    production.await_healthy(time.monotonic())
    _until("every message to be sent", lambda: _count(OPEN) == 0)
    _until("delivery reports", lambda: _count(AWAITED) == 0)
    day.stop_hosts()
    network = summary.read_network(host.network_log for host in day.hosts)
    with connect() as conn:
        messages = summary.counts(conn)
        wrong = summary.disagreements(conn, network, messages)
    if wrong:
        raise ProductionError("; ".join(wrong))
    return {
        "backup_bytes": size,
        "taken_at_backup": at_backup,
        "taken_after_restore": restored,
        "fence": raised,
        "messages": messages,
        "network": network.figures(),
        "seconds": seconds,
    }


def _burn(production: Production) -> None:
    """Every container and volume of the centre; the modem hosts are elsewhere and go on."""
    production.compose("rm", "--stop", "--force", "--volumes", *CENTRE, seconds=300)
    names = [f"smsswitch-rehearsal_{volume}" for volume in VOLUMES]
    production.engine.docker("volume", "rm", *names)
    production.say("the centre is burnt: containers, databases, buckets")


def _script(production: Production, name: str) -> float:
    """Run docker/backup.sh or restore.sh as a person would; its seconds."""
    if name == "backup.sh":
        shutil.rmtree(BACKUP, ignore_errors=True)
    began = time.monotonic()
    done = subprocess.run(
        ["sh", str(Path("docker") / name), str(BACKUP)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            **production.engine.environment(),
            "COMPOSE": " ".join(production.command()),
        },
    )
    if done.returncode:
        raise ProductionError(f"{name}: {(done.stderr or done.stdout).strip()[-1500:]}")
    production.say(done.stdout.strip().splitlines()[-1])
    return round(time.monotonic() - began, 1)


def _count(query: str) -> int:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(query)
        return int((cur.fetchone() or (0,))[0])


def _until(what: str, holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except (TransientError, psycopg2.Error):
            pass
        time.sleep(1.0)
    raise ProductionError(f"waited {PATIENCE:.0f} s for {what}")
