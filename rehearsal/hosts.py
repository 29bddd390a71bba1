"""Two modem hosts beside the running stack: what each can see and do with what it was given."""

import json
from typing import Any

from include.demo.hosts import start_modems
from rehearsal.production import FOLDER, Production, want
from rehearsal.senders import Sender, start_sender

MACS = {3: "64:31:50:1b:e9:0a", 4: "64:31:50:1b:e9:0b"}  # beside those of a day
GIVEN = ["ca_certificate", "sender_database_url"]
NOT_THEIRS = ("redis", "bucket", "api-server", "proxy", "scheduler")
# Asked inside a host's container, with its own credential; the answers as one JSON document.
LOOK = """
import json, os, socket, sys
import psycopg2
url = open("/run/secrets/sender_database_url").read().strip()
def tried(query, address=url):
    try:
        conn = psycopg2.connect(address)
        with conn.cursor() as cur:
            cur.execute(query)
            return str(cur.fetchone()[0]) if cur.description else "done"
    except psycopg2.Error as error:
        return type(error).__name__
def found(name):
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False
queries = ("select current_user", "select count(*) from public.message", "select count(*) from public.client",
           "update public.message set text = ''", "set role smsswitch_app",
           "select count(*) from pg_catalog.pg_authid", "create table public.mine (a int)")
print(json.dumps({
    "secrets": sorted(os.listdir("/run/secrets")),
    "environment": sorted(os.environ.values()),
    "queries": {q: tried(q) for q in queries},
    "airflow": tried("select 1", url.replace("/smsswitch", "/airflow", 1)),
    "names": {name: found(name) for name in sys.argv[1:]},
}))
"""


def start(production: Production) -> list[Sender]:
    """Two groups, each with a sender in a container and one emulated modem."""
    senders = []
    for number, mac in MACS.items():
        alias = f"rehearsal-{number}"
        options = ("--mac", mac, "--alias", alias, "--modems", "1", "--json")
        group = json.loads(production.smsswitch("groups", "add", *options))
        modems = start_modems(FOLDER / alias, 1, latency_ms=50, seed=1, offset=100 * number)
        senders.append(start_sender(production, number, group, modems))
    return senders


def own_credential_only(production: Production) -> str:
    """Each host sees its own credential, PostgreSQL, and what the functions for hosts give it."""
    senders = start(production)
    try:
        logins = []
        for sender in senders:
            seen = _look(production, sender)
            want(seen["secrets"] == GIVEN, f"{sender.service} is given {seen['secrets']}")
            queries = dict(seen["queries"])
            logins.append(queries.pop("select current_user"))
            open_ = [query for query in queries if queries[query] != "InsufficientPrivilege"]
            want(not open_, f"{sender.service} may: {'; '.join(open_)}")
            want(seen["airflow"] == "OperationalError", f"{sender.service} is let into airflow")
            reached = [name for name, there in seen["names"].items() if there]
            want(not reached, f"{sender.service} finds {', '.join(reached)}")
            want(
                not [v for v in seen["environment"] if "://" in v], "an address in its environment"
            )
        want(len(set(logins)) == len(senders), f"hosts log in as {logins}")
    finally:
        for sender in senders:
            sender.stop()
    return (
        f"{len(logins)} hosts, each with its own login only; {len(queries)} orders refused; "
        f"none of {len(NOT_THEIRS)} other services is found"
    )


def _look(production: Production, sender: Sender) -> dict[str, Any]:
    words = ("exec", sender.state()["Name"].lstrip("/"), "python3", "-c", LOOK, *NOT_THEIRS)
    document: dict[str, Any] = json.loads(production.engine.docker(*words))
    return document
