"""A host that was broken into: it can speak for its own group, and do nothing else."""

import json
import uuid
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

import include
from chaos.c12_hostile import STATEMENTS
from tests.integration.sender.hosts import Fleet, Host, call
from tests.integration.sender.protocol import JOURNAL, claim, code, register, result


@pytest.fixture
def two(fleet: Fleet) -> tuple[Host, Host]:
    """Two registered hosts, each with a batch."""
    hosts = (fleet.host(1), fleet.host(2))
    fleet.campaign()
    for host in hosts:
        fleet.batch(host, [("secret", 1)])
        register(host)
    return hosts


def test_forty_statements_that_are_refused(fleet: Fleet) -> None:
    host = fleet.host()
    assert len(STATEMENTS) >= 40
    # A clone of the migrated template does not have its database privileges.
    with fleet.db.conn.cursor() as cur:
        cur.execute((Path(include.__path__[0]) / "sql" / "bootstrap.sql").read_text())
        cur.execute("reset role")
    conn = psycopg2.connect(host.url)
    conn.autocommit = True
    for statement in STATEMENTS:
        try:
            conn.cursor().execute(statement)
        except psycopg2.Error:
            continue
        pytest.fail(f"not refused: {statement}")
    conn.close()


def test_no_table_can_be_read_or_changed(fleet: Fleet, two: tuple[Host, Host]) -> None:
    tables = fleet.db.all(
        "select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname not like 'pg\\_%%'"
        " and n.nspname <> 'information_schema'"
    )
    assert len(tables) > 20
    conn = psycopg2.connect(two[0].url)
    conn.autocommit = True
    for name in tables:
        table = sql.Identifier(*map(str, name))
        for statement in ("select * from {}", "delete from {}", "insert into {} default values"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                conn.cursor().execute(sql.SQL(statement).format(table))
    conn.close()


def test_it_may_call_six_functions_and_no_other_of_ours(
    fleet: Fleet, two: tuple[Host, Host]
) -> None:
    allowed = fleet.db.all(
        "select n.nspname || '.' || p.proname from pg_proc as p"
        " join pg_namespace as n on n.oid = p.pronamespace"
        " where n.nspname in ('public', 'api') and has_schema_privilege(%(host)s, n.oid, 'usage')"
        " and has_function_privilege(%(host)s, p.oid, 'execute') order by 1",
        {"host": two[0].role},
    )
    ours = [str(name) for (name,) in allowed if str(name).startswith("api.")]
    assert ours == [
        "api.claim_batch_v1",
        "api.heartbeat_v1",
        "api.reconcile_v1",
        "api.register_host_v1",
        "api.report_inbound_v1",
        "api.report_results_v1",
    ]
    assert not [name for (name,) in allowed if not str(name).startswith("api.")]


def test_row_89_foreign_and_unknown_look_the_same(fleet: Fleet, two: tuple[Host, Host]) -> None:
    mine, theirs = two
    own, foreign = claim(mine), claim(theirs)
    unknown = {**foreign, "batch": 10**9, "messages": [{"message_id": 10**9}]}
    mixed = {**own, "messages": foreign["messages"]}
    answers = []
    for batch in (foreign, unknown, mixed):
        with pytest.raises(psycopg2.Error) as error:
            call(
                mine,
                "select api.report_results_v1(1, %s, %s)",
                JOURNAL,
                json.dumps([result(own, 0, "sent"), result(batch, 0, "failed")]),
            )
        answers.append((code(error), error.value.diag.message_primary))
    assert set(answers) == {("P0002", "unknown group, batch or message")}
    assert fleet.states() == {"leased": 2}


def test_another_groups_token_is_any_token(fleet: Fleet, two: tuple[Host, Host]) -> None:
    mine, theirs = two
    token = str(uuid.uuid4())
    assert claim(theirs, token=token)["batch"] != claim(mine, token=token)["batch"]


def test_another_groups_inbound_messages_cannot_be_forestalled(
    fleet: Fleet, two: tuple[Host, Host]
) -> None:
    thief, victim = two
    message = {
        "host_key": "k1",
        "imei": "353000000000001",
        "sender": "+33639980001",
        "sent_at": None,
    }
    told = []
    for host, text in ((thief, "rien"), (victim, "STOP"), (victim, "STOP")):
        inbound = json.dumps([{**message, "text": text}])
        told.append(call(host, "select api.report_inbound_v1(1, %s, %s)", JOURNAL, inbound))
    assert told == [
        {"accepted": 1, "opted_out": 0},
        {"accepted": 1, "opted_out": 1},
        {"accepted": 0, "opted_out": 0},
    ]
    assert fleet.db.one("select msisdn from opt_out") == "+33639980001"


def test_a_mac_that_is_not_its_own(two: tuple[Host, Host]) -> None:
    mine, theirs = two
    with pytest.raises(psycopg2.Error) as error:
        call(mine, "select api.register_host_v1(%s, %s, 'b')", theirs.mac, JOURNAL)
    assert code(error) == "P0002"


def test_an_epoch_from_the_future(two: tuple[Host, Host]) -> None:
    with pytest.raises(psycopg2.Error) as error:
        claim(two[0], epoch=2**40)
    assert code(error) == "SM409"


def test_four_connections(fleet: Fleet) -> None:
    host = fleet.host()
    held = [psycopg2.connect(host.url) for _ in range(4)]
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host.url)
    settings = dict.fromkeys(("statement_timeout", "lock_timeout"))
    with held[0].cursor() as cur:
        for name in settings:
            cur.execute(sql.SQL("show {}").format(sql.Identifier(name)))
            settings[name] = cur.fetchone()[0]  # type: ignore[index]
    assert settings == {"statement_timeout": "20s", "lock_timeout": "10s"}
    for conn in held:
        conn.close()


def test_a_host_that_is_shut_out(fleet: Fleet, two: tuple[Host, Host]) -> None:
    mine, theirs = two
    conn = psycopg2.connect(mine.url)
    fleet.db.all("select disable_host_login(%s)", (mine.role,))
    with pytest.raises(psycopg2.Error):
        conn.cursor().execute("select 1")
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(mine.url)
    assert claim(theirs)["batch"]


def test_a_new_password_makes_the_old_one_void(fleet: Fleet) -> None:
    host = fleet.host()
    again = fleet.db.all("select * from make_host_login(%s)", (host.mac,))
    assert again[0][0] == host.role
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(host.url)
