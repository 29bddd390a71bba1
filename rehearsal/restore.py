"""A backup while hosts send, everything of the centre burnt, a restore: the hosts tell what it missed.

Without Airflow: what its DAGs call is typed here, so that this is about databases, bucket and hosts.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psycopg2

from include.db import connect
from include.demo import summary
from include.demo.hosts import start_modems
from include.errors import TransientError
from include.fleet.restore import fence_state
from include.settings import ROOT
from include.storage import Storage
from rehearsal.day import stack_of
from rehearsal.production import FOLDER, PROJECT, Production, ProductionError
from rehearsal.senders import Sender, start_sender

CENTRE = ("postgres", "redis", "bucket", "proxy", "migrate")
VOLUMES = ("postgres-data", "redis-data", "bucket-data", "bucket-logins", "airflow-logs")
PEOPLE = 400
PATIENCE = 900.0
BACKUP = FOLDER / "backup"
TYPING = f"{PROJECT}-typing"
TAKEN = "select count(*) from message where state not in ('planned', 'leased', 'skipped')"
OPEN = "select count(*) from message where state in ('planned', 'leased', 'sent')"
MAPPING = """\
version: 1
kind: contact-list
list: people
confirmed: true
columns: [{column: 1, to: first_name}, {column: 2, to: phone}]
"""
CAMPAIGN = """\
version: 1
kind: campaign
campaign: hello
list: people
state: active
purpose: transactional
message: "Bonjour {first_name}"
"""


def rehearse(production: Production) -> dict[str, Any]:
    """Play it; what was seen."""
    production.compose("up", "--detach", "--no-build", *CENTRE, seconds=900)
    production.await_healthy(time.monotonic(), CENTRE)
    senders: list[Sender] = []
    try:
        return _play(production, senders)
    finally:
        for sender in senders:
            sender.kill()
        _remove(production)


def _play(production: Production, senders: list[Sender]) -> dict[str, Any]:
    bucket = Storage(stack_of(production)["bucket_url"], **stack_of(production)["storage_options"])
    _typist(production)
    _type(production, "clients", "add", "acme", "--name", "Acme", "--credit", "500.00")
    for number in (1, 2):
        mac, alias = f"64:31:50:1b:e9:{number:02x}", f"machine-{number}"
        options = ("--mac", mac, "--alias", alias, "--modems", "1", "--json")
        group = json.loads(_type(production, "groups", "add", *options))
        modems = start_modems(FOLDER / alias, 1, latency_ms=400, seed=number)
        senders.append(start_sender(production, number, group, modems))
    rows = "".join(f"Ann;063998{n:04d}\n" for n in range(PEOPLE))
    inbox = "clients/acme/inbox"
    bucket.write_text(f"{inbox}/contacts/people.csv.mapping.yaml", MAPPING)
    bucket.write_text(f"{inbox}/contacts/people.csv", "prenom;telephone\n" + rows)
    _type(production, "scan")
    bucket.write_text(f"{inbox}/campaigns/hello.yaml", CAMPAIGN)
    _type(production, "scan")
    _type(production, "campaigns", "expand")
    _until("sending", lambda: _count(TAKEN) > PEOPLE // 10)
    seconds = _faults(production, senders)
    seconds["backup"] = _script(production, "backup.sh")
    at_backup = _count(TAKEN)
    objects = len(list(bucket.list()))
    size = sum(file.stat().st_size for file in BACKUP.iterdir())
    production.say(f"backup of {size:,} bytes; the hosts go on sending")
    _until("more to be sent", lambda: _count(TAKEN) > at_backup + 20)
    _burn(production)
    began = time.monotonic()
    seconds["restore"] = _script(production, "restore.sh", "proxy")
    raised, restored = fence_state(), _count(TAKEN)
    production.say(f"{restored} messages were taken, says the backup; fence: {raised}")
    _until("every host to be heard", lambda: not fence_state()["fenced"])
    seconds["until_claims_go_on"] = round(time.monotonic() - began, 1)
    _typist(production)

    def ended() -> bool:
        _type(production, "campaigns", "expand")
        _type(production, "monitor", "rollup")
        return _count(OPEN) == 0

    _until("every message to have its outcome", ended)
    for sender in senders:
        sender.stop()
    network = summary.read_network(sender.network_log for sender in senders)
    with connect() as conn:
        messages = summary.counts(conn)
        wrong = summary.disagreements(conn, network, messages)
    if len(list(bucket.list())) < objects:
        wrong.append("objects of the bucket are missing")
    if wrong:
        raise ProductionError("; ".join(wrong))
    return {
        "backup_bytes": size,
        "objects": objects,
        "taken_at_backup": at_backup,
        "taken_says_the_restored_database": restored,
        "fence": raised,
        "messages": messages,
        "network": network.figures(),
        "seconds": seconds,
    }


def _faults(production: Production, senders: list[Sender]) -> dict[str, float]:
    """PostgreSQL restarted and a sender killed while both send; seconds until each goes on."""
    taken = _lines(senders[0])
    began = time.monotonic()
    production.compose("restart", "postgres")
    _until("PostgreSQL to answer", lambda: _count(TAKEN) >= 0)
    answered = round(time.monotonic() - began, 1)
    _until("sending to go on", lambda: _lines(senders[0]) > taken)
    state = senders[1].state()["State"]
    began = time.monotonic()
    os.kill(state["Pid"], signal.SIGKILL)
    _until(
        "the killed sender to run",
        lambda: senders[1].state()["State"]["Pid"] not in (0, state["Pid"]),
    )
    taken = _lines(senders[1])
    _until("the killed sender to send", lambda: _lines(senders[1]) > taken)
    sends = round(time.monotonic() - began, 1)
    production.say(
        f"PostgreSQL restarted: answers after {answered} s; sender killed: sends after {sends} s"
    )
    return {"postgresql_restart": answered, "sender_killed": sends}


def _lines(sender: Sender) -> int:
    return sender.network_log.read_bytes().count(b"\n")


def _typist(production: Production) -> None:
    """A container of `operator` in which commands are typed."""
    _remove(production)
    words = ("run", "--detach", "--no-deps", "--name", TYPING, "operator", "sleep", "infinity")
    production.compose(*words, profiles=("operator",))


def _remove(production: Production) -> None:
    if production.engine.docker("ps", "--all", "--quiet", "--filter", f"name={TYPING}").strip():
        production.engine.docker("rm", "--force", TYPING)


def _type(production: Production, *arguments: str) -> str:
    return production.engine.docker("exec", TYPING, "smsswitch", *arguments)


def _burn(production: Production) -> None:
    """Every container and volume of the centre; the modem hosts are elsewhere and go on."""
    _remove(production)
    production.compose("rm", "--stop", "--force", "--volumes", *CENTRE, seconds=300)
    production.engine.docker("volume", "rm", *(f"{PROJECT}_{volume}" for volume in VOLUMES))
    production.say("the centre is burnt: containers, databases, buckets")


def _script(production: Production, name: str, *services: str) -> float:
    """Run docker/backup.sh or restore.sh as a person would; its seconds."""
    if name == "backup.sh":
        shutil.rmtree(BACKUP, ignore_errors=True)
    began = time.monotonic()
    done = subprocess.run(
        ["sh", f"docker/{name}", str(BACKUP), *services],
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


def _until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except (TransientError, psycopg2.Error):
            pass
        time.sleep(0.5)
    raise ProductionError(f"waited {PATIENCE:.0f} s for {what}")
