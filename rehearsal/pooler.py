"""A PgBouncer between PostgreSQL and everybody: what works through it, and what not. `make pooler-check`.

Needs Debian's `pgbouncer`. Three ways: without it, in session mode, in transaction mode. In each a real
sender sends real campaigns; in session mode the pipelines go through it too.
"""

import contextlib
import json
import os
import pwd
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from include.db import connect
from include.demo import summary
from include.demo.hosts import Host, start_host
from include.errors import SmsswitchError
from include.settings import ROOT, var_dir
from include.stack import databases, postgres
from include.stack.processes import end, free_ports, spawn
from rehearsal.production import tell
from rehearsal.upgrade import Version

FOLDER = var_dir() / "pooler"
MODES = ("direct", "session", "transaction")
CAMPAIGNS, PEOPLE = 4, 20
PATIENCE = 180.0
CONFIGURATION = """\
[databases]
session = host=127.0.0.1 port={port} dbname=smsswitch pool_mode=session
transaction = host=127.0.0.1 port={port} dbname=smsswitch pool_mode=transaction
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
"""


class PoolerError(SmsswitchError):
    """Something was lost through the pooler, or there is none."""


def main() -> dict[str, Any]:
    """Try each way; what was seen. PoolerError if a message was lost or sent twice."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise PoolerError("pgbouncer is missing (Debian: apt install pgbouncer)")
    centre = Version(ROOT, _prepare(), FOLDER)
    centre.smsswitch("db", "migrate")
    centre.smsswitch("clients", "add", "acme", "--name", "Acme", "--credit", "500.00")
    groups = {mode: _group(centre, mode, number) for number, mode in enumerate(MODES, start=1)}
    urls = [centre.database_url, *(group["database_url"] for group in groups.values())]
    with _pooler(program, urls) as port:
        seen = {mode: _send(centre, mode, groups[mode], port) for mode in MODES}
        for mode in MODES[1:]:
            seen[mode]["roles_stay_apart"] = _roles_stay_apart(_through(urls[0], port, mode))
    for mode, one in seen.items():
        tell(f"{mode}: {one}")
    if wrong := [fault for one in seen.values() for fault in one["wrong"]]:
        raise PoolerError("; ".join(wrong))
    return seen


def _prepare() -> str:
    postgres.stop(FOLDER / "postgres")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    server = postgres.start(FOLDER / "postgres")
    databases.make(server.url, "smsswitch")
    os.environ["SMSSWITCH_DATABASE_URL"] = server.database_url("smsswitch")
    return server.database_url("smsswitch")


def _group(centre: Version, mode: str, number: int) -> dict[str, Any]:
    options = ("--mac", f"64:31:50:1b:e9:{number:02x}", "--alias", mode, "--modems", "1", "--json")
    group: dict[str, Any] = json.loads(centre.smsswitch("groups", "add", *options))
    centre.smsswitch("groups", "stop", mode)  # until it is its turn
    return group


@contextmanager
def _pooler(program: str, urls: list[str]) -> Iterator[int]:
    """A running PgBouncer that knows those logins; its port. It refuses to be root."""
    folder = Path(tempfile.mkdtemp(prefix="smsswitch-pooler-"))
    (port,) = free_ports(1)
    users, ini = folder / "users", folder / "pgbouncer.ini"
    logins = {(urlsplit(url).username, urlsplit(url).password) for url in urls}
    users.write_text("".join(f'"{name}" "{password}"\n' for name, password in sorted(logins)))
    own = urlsplit(urls[0]).port
    ini.write_text(CONFIGURATION.format(port=own, own=port, users=users))
    for file in (folder, users, ini):
        shutil.chown(file, pwd.getpwuid(65534).pw_name)
    words = [program, *(("-u", pwd.getpwuid(65534).pw_name) if os.geteuid() == 0 else ()), str(ini)]
    mark = spawn(words, FOLDER / "pgbouncer.log", os.environ)
    try:
        _until("PgBouncer to answer", lambda: _answers(_through(urls[0], port, "session")))
        yield port
    finally:
        end([mark], grace=10.0)
        shutil.rmtree(folder)


def _through(url: str, port: int, mode: str) -> str:
    """The same address by way of the pooler."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}", path=f"/{mode}"))


def _send(centre: Version, mode: str, group: dict[str, Any], port: int) -> dict[str, Any]:
    """A sender sends campaigns one after the other; how soon after each was planned it was claimed."""
    way = group["database_url"] if mode == "direct" else _through(group["database_url"], port, mode)
    pipelines = centre
    if mode == "session":
        pipelines = Version(ROOT, _through(centre.database_url, port, mode), FOLDER)
    number = MODES.index(mode) + 1
    host = start_host(FOLDER / mode, {**group, "database_url": way}, 1, latency_ms=50, seed=number)
    waits = []
    centre.smsswitch("groups", "start", mode)
    try:
        _until("the host to be live", lambda: _live(group["mac"]))
        for campaign in range(CAMPAIGNS):
            before = _lines(host)
            first = 1000 * number + PEOPLE * campaign
            pipelines.campaign(f"{mode}{campaign}", first, PEOPLE)
            _until("a part to be sent", lambda before=before: _lines(host) > before)
            waits.append(_waited(f"{mode}{campaign}"))
            tell(f"{mode}: claimed {waits[-1]} s after it was planned")
            _until("all to be sent", lambda: _ended(pipelines))
    finally:
        host.stop()
    centre.smsswitch("groups", "stop", mode)
    pipelines.smsswitch("monitor", "rollup")
    return {"claimed_after": waits, "median": statistics.median(waits), **_counted(host, mode)}


def _waited(campaign: str) -> float:
    """Seconds from the plan of its first batch until a host had claimed it."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select extract(epoch from min(leased_at) - min(planned_at))"
            " from send_batch join campaign using (campaign_id) where campaign.name = %s",
            (campaign,),
        )
        return round(float((cur.fetchone() or (0,))[0]), 2)


def _counted(host: Host, mode: str) -> dict[str, Any]:
    network = summary.read_network([host.network_log])
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select message.state::text, count(*) from message join campaign using (campaign_id)"
            " where campaign.name like %s group by 1",
            (f"{mode}%",),
        )
        states = dict(cur.fetchall())
    done = sum(
        count for state, count in states.items() if state in ("sent", "delivered", "undelivered")
    )
    wrong = [f"{mode}: {network.duplicates} parts twice"] * bool(network.duplicates)
    wrong += [f"{mode}: {done} sent, the network knows {network.accepted}"] * (
        done != network.accepted
    )
    wrong += [f"{mode}: {states}"] * (sum(states.values()) != CAMPAIGNS * PEOPLE)
    return {"messages": states, "accepted": network.accepted, "wrong": wrong}


def _roles_stay_apart(url: str) -> bool:
    """Whether a session keeps its role while another one takes another."""
    with closing(psycopg2.connect(url)) as one, closing(psycopg2.connect(url)) as other:
        seen = []
        one.autocommit = other.autocommit = True
        with one.cursor() as mine, other.cursor() as theirs:
            mine.execute("set role smsswitch_app")
            theirs.execute("set role smsswitch_reader")
            mine.execute("select current_user")
            seen.append((mine.fetchone() or ("",))[0])
        return seen == ["smsswitch_app"]


def _live(mac: str) -> bool:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select count(*) from modem_group where mac = %s and last_heartbeat is not null", (mac,)
        )
        return bool((cur.fetchone() or (0,))[0] == 1)


def _ended(pipelines: Version) -> bool:
    """Whether all has been sent; the next batches are planned, as every minute."""
    pipelines.smsswitch("campaigns", "expand")
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select count(*) from message where state in ('planned', 'leased')")
        return cur.fetchone() == (0,)


def _lines(host: Host) -> int:
    with contextlib.suppress(FileNotFoundError):
        return host.network_log.read_bytes().count(b"\n")
    return 0


def _answers(url: str) -> bool:
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(url).close()
        return True
    return False


def _until(what: str, holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise PoolerError(f"waited {PATIENCE:.0f} s for {what}: see {FOLDER}")
        time.sleep(0.02)


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(main(), indent=2) + "\n")
    except SmsswitchError as error:
        sys.exit(f"pooler-check: {error}")
    finally:
        postgres.stop(FOLDER / "postgres")
