"""C12: a host that was broken into. It can speak for its own group, and do nothing else."""

import json
import random
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

import include
from chaos.scale import Outcome, Scale
from chaos.world import World
from tests.integration.sender.hosts import Host

FULL = Scale(times=20_000, messages=200)
SHORT = Scale(times=300, messages=20)
"""`times`: calls of the functions, with ids, epochs, journals and tokens that are not its own."""
SECRET = "#"  # every text of another group bears its number
JOURNAL = str(uuid.UUID(int=7))
"""The other group's: it is no secret between hosts that were copied from one another."""
KEYS = [f"key {number}" for number in range(20)]
KINDS = ("sent", "failed", "retryable", "not_sent", "uncertain", "delivered", "undelivered", "x")
STATEMENTS = [
    "create table public.mine (x int)",
    "create table api.mine (x int)",
    "create temporary table mine (x int)",
    "create schema mine",
    "create role mine",
    "create database mine",
    "create function public.f() returns int language sql as 'select 1'",
    "select * from public.schema_migration",
    "select public.host_group(0)",
    "select public.make_host_login('64:31:50:1b:e9:02')",
    "select public.disable_host_login('x')",
    "select public.settle_messages('2026-11-01', '{1}')",
    "select public.ensure_message_partitions('2026-11-01')",
    "select public.renew_permits(null, null)",
    "select public.take_results(null, 0, '[]', 1)",
    "set role smsswitch_owner",
    "set role smsswitch_app",
    "set session authorization postgres",
    "alter role current_user superuser",
    "alter role current_user connection limit 100",
    "grant smsswitch_app to current_user",
    "select pg_advisory_lock(7226001)",
    "select pg_advisory_xact_lock(7226002)",
    "select pg_try_advisory_lock(7226003)",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select pg_terminate_backend(pg_backend_pid() - 1) from pg_class, api.x",
    "select rolpassword from pg_authid",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/x'",
    "create extension dblink",
    "create trigger t before insert on public.message execute function public.refuse_change()",
    "lock table public.message",
    "vacuum full public.message",
    "alter table public.message disable trigger all",
    "select nextval('public.message_id_seq')",
    "refresh materialized view public.x",
    "do language plpgsql $$ begin perform from public.client; end $$",
]


def run(world: World, scale: Scale) -> Outcome:
    """Every statement, every table, every function; then calls in the dark."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    owner = world.fleet.db.conn.cursor()
    # A clone of the migrated template does not have its database privileges.
    owner.execute((Path(include.__path__[0]) / "sql" / "bootstrap.sql").read_text())
    owner.execute("reset role")
    thief, victim = world.fleet.host(1), world.fleet.host(2)
    world.campaign(victim, scale.messages)
    theirs = _claim_all(victim)
    before = _belongings(world, victim)
    with closing(psycopg2.connect(thief.url)) as conn:
        conn.autocommit = True
        tried = _statements(outcome, world, conn)
        answered = _calls(outcome, rng, conn, thief, theirs)
    outcome.counted |= {"statements": tried, "calls": scale.times, "answered": answered}
    outcome.expect(len(STATEMENTS) >= 40, "fewer than forty statements")
    outcome.expect(_belongings(world, victim) == before, "something of another group was changed")
    told = _inbound(victim)
    outcome.expect(told == len(KEYS), f"{len(KEYS) - told} inbound messages were forestalled")
    return outcome


def _inbound(victim: Host) -> int:
    """How many of the victim's inbound messages are taken, after the thief used all its keys."""
    messages = json.dumps([_message(key) for key in KEYS])
    with closing(psycopg2.connect(victim.url)) as conn, conn.cursor() as cur:
        conn.autocommit = True
        epoch = "(select api.register_host_v1(%s::macaddr, %s::uuid, 'boot', '{}') ->> 'epoch')"
        report = f"select api.report_inbound_v1({epoch}::bigint, %s::uuid, %s) ->> 'accepted'"
        cur.execute(report, (victim.mac, JOURNAL, JOURNAL, messages))
        (accepted,) = cur.fetchone() or (0,)
        return int(accepted)


def _message(key: str) -> dict[str, Any]:
    imei = "353000000000001"
    return {"host_key": key, "imei": imei, "sender": "+33639980001", "text": "Bonjour"}


def _statements(outcome: Outcome, world: World, conn: Any) -> int:
    tables: list[Any] = world.fleet.db.all(
        "select n.nspname, c.relname from pg_class as c"
        " join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not like 'pg\\_%%'"
        " and n.nspname <> 'information_schema'"
    )
    forms = ("select * from {}", "delete from {}", "insert into {} default values", "truncate {}")
    statements: list[Any] = [
        sql.SQL(form).format(sql.Identifier(*map(str, table))) for table in tables for form in forms
    ]
    for statement in [*STATEMENTS, *statements]:
        try:
            with conn.cursor() as cur:
                cur.execute(statement)
        except psycopg2.Error:
            continue
        outcome.expect(False, f"not refused: {statement}")
    return len(STATEMENTS) + len(statements)


def _claim_all(victim: Host) -> list[dict[str, Any]]:
    with closing(psycopg2.connect(victim.url)) as conn, conn.cursor() as cur:
        conn.autocommit = True
        register = "select api.register_host_v1(%s::macaddr, %s::uuid, 'boot', '{}')"
        cur.execute(register, (victim.mac, JOURNAL))
        found = []
        for number in (1, 2):
            token = str(uuid.UUID(int=100 + number))
            cur.execute("select api.claim_batch_v1(1, %s::uuid, %s::uuid)", (JOURNAL, token))
            (batch,) = cur.fetchone() or (None,)
            found.append({"journal": JOURNAL, "token": token, **(batch or {})})
        return found


def _calls(
    outcome: Outcome,
    rng: random.Random,
    conn: Any,
    thief: Host,
    theirs: list[dict[str, Any]],
) -> int:
    answered = 0
    for _ in range(outcome.scale.times):
        lease = rng.choice(theirs)
        statement, values = _call(rng, thief, lease)
        try:
            with conn.cursor() as cur:
                cur.execute(statement, values)
                found: Any = cur.fetchone()
        except psycopg2.Error:
            continue
        answered, answer = answered + 1, found[0]
        shown = json.dumps(answer)
        outcome.expect(SECRET not in shown, f"{statement} {values} told {shown[:200]}")
        ids = [str(entry["message_id"]) for entry in lease.get("messages", ())]
        told = answer.get("revoked_messages", []) + list(answer.get("permits", {}))
        outcome.expect(not set(map(str, told)) & set(ids), f"{statement} told an id of another")
    return answered


def _call(rng: random.Random, thief: Host, lease: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    epoch = rng.choice((0, 1, 1, 1, 2, 3, 10**9))
    journal = rng.choice((lease["journal"], str(uuid.UUID(int=8))))
    function = rng.choice(
        ("register", "claim", "report", "report", "heartbeat", "reconcile", "inbound")
    )
    if function == "register":
        mac = rng.choice((thief.mac, "64:31:50:1b:e9:02"))
        host = "select api.register_host_v1(%s::macaddr, %s::uuid, 'boot', '{}')"
        return host, (mac, journal)
    if function == "claim":
        token = rng.choice((lease["token"], str(uuid.UUID(int=rng.getrandbits(128)))))
        return "select api.claim_batch_v1(%s, %s::uuid, %s::uuid)", (epoch, journal, token)
    if function == "heartbeat":
        held = [lease.get("batch", 1), rng.randrange(50)]
        status = {"batches": held, "modems": [], "queued": 0}
        return "select api.heartbeat_v1(%s, %s::uuid, %s)", (epoch, journal, json.dumps(status))
    if function == "inbound":
        messages = json.dumps([_message(rng.choice(KEYS))])
        return "select api.report_inbound_v1(%s, %s::uuid, %s)", (epoch, journal, messages)
    message = rng.choice(lease.get("messages") or [{"message_id": 1}])
    results = [
        {
            "batch_id": rng.choice((lease.get("batch", 1), rng.randrange(50))),
            "message_id": rng.choice((message["message_id"], rng.randrange(500))),
            "part": rng.randrange(0, 4),
            "attempt_id": str(uuid.UUID(int=rng.getrandbits(128))),
            "kind": rng.choice(KINDS),
        }
    ]
    if function == "reconcile":
        call = "select api.reconcile_v1(%s, %s::uuid, %s, true)"
        return call, (epoch, journal, json.dumps(results))
    return "select api.report_results_v1(%s, %s::uuid, %s)", (epoch, journal, json.dumps(results))


def _belongings(world: World, victim: Host) -> list[Any]:
    """All that concerns a group, as text."""
    group = victim.group_id
    queries = (
        "select b.*::text from send_batch as b where group_id = %s order by batch_id",
        "select m.*::text from message as m where batch_id in"
        " (select batch_id from send_batch where group_id = %s) order by message_id",
        "select s.*::text from segment as s where group_id = %s order by message_id, part",
        "select a.*::text from attempt as a where group_id = %s order by 1",
        "select g.*::text from modem_group as g where group_id = %s",
        "select i.*::text from inbound_message as i where group_id = %s order by inbound_id",
    )
    return [world.fleet.db.all(query.replace(".*::text", "::text"), (group,)) for query in queries]
