"""Whether the running stack is what docker-compose.yaml promises: looked at from outside and inside."""

import json
import os
from collections.abc import Callable

import psycopg2

from include.errors import SmsswitchError
from include.stack.airflow import AirflowError
from rehearsal import hosts, people, trouble
from rehearsal.day import TlsApi, stack_of
from rehearsal.engine import EngineError
from rehearsal.production import Production, ProductionError, want


def run(production: Production) -> dict[str, str]:
    """Every check by name, with what was seen; ProductionError names those that fail."""
    stack_of(production)
    checks: dict[str, Callable[[Production], str]] = {
        "containers": containers,
        "database in the clear": clear_database,
        "database with TLS": tls_database,
        "proxy": proxy,
        "roles": people.roles,
        "clients' logins": people.clients,
        "modem hosts": hosts.own_credential_only,
        "logs": trouble.logs,
        "health": trouble.health,
        "secrets": secrets,
    }
    seen, failed = {}, []
    for name, check in checks.items():
        try:
            seen[name] = check(production)
        except (SmsswitchError, OSError, psycopg2.Error) as error:
            failed.append(f"{name}: {error}")
        production.say(f"{name}: {seen.get(name, failed[-1:])}")
    if failed:
        raise ProductionError("; ".join(failed))
    return seen


def containers(production: Production) -> str:
    """Nobody is root, may gain privileges or write into its image; memory and logs have limits."""
    names = [c["Name"] for c in production.containers()]
    for one in json.loads(production.engine.docker("inspect", *names)):
        host, name = one["HostConfig"], one["Name"]
        want(host["ReadonlyRootfs"], f"{name}: the root file system is writable")
        want(host["CapDrop"] == ["ALL"], f"{name}: keeps capabilities")
        want("no-new-privileges:true" in host["SecurityOpt"], f"{name}: may gain privileges")
        want(host["Memory"] > 0, f"{name}: no memory limit")
        want(bool(host["LogConfig"]["Config"].get("max-size")), f"{name}: logs are not rotated")
    running = [c for c in production.containers() if c["State"] == "running"]
    for one in running:
        words = ("exec", one["Name"], "cat", "/proc/1/status")
        status = production.engine.docker(*words).splitlines()
        uid = next(line.split()[1] for line in status if line.startswith("Uid:"))
        held = next(line.split()[1] for line in status if line.startswith("CapEff:"))
        want(uid != "0" and int(held, 16) == 0, f"{one['Name']}: uid {uid}, capabilities {held}")
        want(not _writes(production, one["Name"]), f"{one['Name']}: writes into its image")
    return f"{len(running)} run without root, capabilities or a writable image"


def _writes(production: Production, name: str) -> bool:
    try:
        production.engine.docker("exec", name, "sh", "-c", ": >/usr/written || : >/etc/written")
    except EngineError:
        return False
    return True


def clear_database(production: Production) -> str:
    """A right password without TLS is not let in."""
    url = _database(production)
    try:
        psycopg2.connect(url.replace("sslmode=verify-full", "sslmode=disable")).close()
    except psycopg2.OperationalError as error:
        want("no pg_hba.conf entry" in str(error), f"another refusal: {error}")
        return "refused"
    raise ProductionError("PostgreSQL let a login in without TLS")


def tls_database(production: Production) -> str:
    """With TLS and the authority's certificate it is, by SCRAM."""
    conn = psycopg2.connect(_database(production))
    try:
        with conn.cursor() as cur:
            cur.execute("select version, cipher from pg_stat_ssl where pid = pg_backend_pid()")
            version, cipher = cur.fetchone() or ("", "")
    finally:
        conn.close()
    query = "select count(*) from pg_authid where rolcanlogin and rolpassword not like 'SCRAM-SHA-256$%'"
    words = ("exec", "-T", "postgres", "psql", "-U", "postgres", "-d", "postgres", "-Atc", query)
    want(production.compose(*words).strip() == "0", "a password is not kept as SCRAM")
    return f"{version}, {cipher}, every password kept as SCRAM-SHA-256"


def proxy(production: Production) -> str:
    """Airflow answers with a certificate that is verified, and tasks' interface is not to be had."""
    api = TlsApi(production, "nobody", "")
    health = api.ask_openly("/api/v2/monitor/health")
    for part in ("metadatabase", "scheduler", "triggerer", "dag_processor"):
        want(health[part]["status"] == "healthy", f"{part} is {health[part]['status']}")
    try:
        api.ask_openly("/execution/health")
    except AirflowError as error:
        want(": 404" in str(error), f"/execution/ answered {error}")
        return "healthy behind TLS; /execution/ is closed"
    raise ProductionError("/execution/ is open to the outside")


def secrets(production: Production) -> str:
    """No secret stands in what the engine tells of a container, nor in any log."""
    texts = {
        path.name: path.read_text(errors="replace").strip() for path in production.secrets.iterdir()
    }
    kept = {name: text for name, text in texts.items() if text and "certificate" not in name}
    names = [c["Name"] for c in production.containers()]
    told = production.engine.docker("inspect", *names) + production.compose("logs", "--no-color")
    for name, text in kept.items():
        want(text not in told, f"{name} can be read in `docker inspect` or in a log")
    return f"{len(kept)} secrets are in no environment and in no log"


def _database(production: Production) -> str:
    return os.environ["SMSSWITCH_DATABASE_URL"]
