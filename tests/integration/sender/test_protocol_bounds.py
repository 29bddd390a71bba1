"""What holds hosts back: permits, epochs, leases, revocations, bounds; what wakes them; STOP."""

import json
import select
import uuid
from typing import Any

import psycopg2
import pytest

from tests.integration.sender.hosts import Fleet, Host, call
from tests.integration.sender.protocol import (
    JOURNAL,
    OTHER_JOURNAL,
    claim,
    code,
    heartbeat,
    register,
    report,
    result,
)


def test_permits_stay_k_times_modems_ahead(fleet: Fleet) -> None:
    host = fleet.host(modems=2, k=3)
    fleet.campaign()
    fleet.batch(host, [(str(n), 1) for n in range(10)])
    fleet.batch(host, [(str(n), 1) for n in range(10)])
    register(host)
    first, second = claim(host), claim(host)
    assert (first["permit_seq"], second["permit_seq"]) == (6, 0)

    def permits(answer: dict[str, Any]) -> tuple[Any, Any]:
        seqs = answer["permits"]
        return (seqs.get(str(first["batch"])), seqs.get(str(second["batch"])))

    assert permits(report(host, result(first, 0, "sent"))) == (7, 0)
    assert permits(report(host, *(result(first, n, "sent") for n in range(1, 6)))) == (10, 2)
    assert permits(report(host, *(result(first, n, "sent") for n in range(6, 10)))) == (None, 6)
    assert permits(heartbeat(host)) == (None, 6)


def test_without_k_a_whole_batch_is_permitted(fleet: Fleet) -> None:
    host = fleet.host(k=None)
    fleet.campaign()
    fleet.batch(host, [(str(n), 1) for n in range(150)])
    register(host)
    assert claim(host)["permit_seq"] == 150


def test_row_92_an_older_epoch_is_fenced(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    assert register(host)["epoch"] == 2
    for fenced in (claim, heartbeat):
        with pytest.raises(psycopg2.Error) as error:
            fenced(host)
        assert code(error) == "SM409"
    answer = report(host, result(batch, 0, "sent"))
    assert answer["fenced"] and answer["permits"] == {}
    assert fleet.states() == {"leased": 2, "sent": 1}


def test_the_same_journal_finds_its_leases_again(host: Host) -> None:
    batch = claim(host)
    assert register(host)["leases"] == [batch["batch"]]


def test_another_journal_gets_nothing_of_a_lease(host: Host) -> None:
    token = str(uuid.uuid4())
    batch = claim(host, token=token)
    assert register(host, OTHER_JOURNAL)["leases"] == []
    with pytest.raises(psycopg2.Error) as error:
        claim(host, epoch=2, journal=OTHER_JOURNAL, token=token)
    assert code(error) == "P0002"
    answer = call(
        host,
        "select api.heartbeat_v1(2, %s, %s)",
        OTHER_JOURNAL,
        json.dumps({"batches": [batch["batch"]]}),
    )
    assert answer["revoked"] == [batch["batch"]]


def test_revocations_reach_the_host(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    held = [batch["batch"]]
    assert heartbeat(host, batches=held)["revoked"] == []
    for change, back in (
        ("update campaign set state = 'paused'", "update campaign set state = 'sending'"),
        ("update send_batch set revoked = true", "update send_batch set revoked = false"),
        ("update modem_group set state = 'stopped'", "update modem_group set state = 'started'"),
    ):
        fleet.db.conn.cursor().execute(change)
        assert heartbeat(host, batches=held)["revoked"] == held
        fleet.db.conn.cursor().execute(back)
    fleet.db.conn.cursor().execute("update modem_group set state = 'draining'")
    assert heartbeat(host, batches=held)["revoked"] == []
    stopped = batch["messages"][2]
    inbound = [{"host_key": "1", "imei": "1", "sender": stopped["msisdn"], "text": "Stop!"}]
    call(host, "select api.report_inbound_v1(1, %s, %s)", JOURNAL, json.dumps(inbound))
    assert heartbeat(host, batches=held)["revoked_messages"] == [stopped["message_id"]]
    report(host, result(batch, 2, "not_sent", error="opted_out"))
    assert fleet.states() == {"leased": 2, "skipped": 1}


def test_a_heartbeat_shows_the_modems(fleet: Fleet, host: Host) -> None:
    modem = {"imei": "353000000000001", "port": "/dev/ttyUSB0", "rssi": 20, "operator": "orange"}
    for rssi in (20, 11):
        heartbeat(host, modems=[{**modem, "rssi": rssi}], queued=3)
    assert fleet.db.all("select imei, rssi, operator, in_service from modem") == [
        ("353000000000001", 11, "orange", True)
    ]
    assert fleet.db.one("select count(*) from modem_sample") == 1


ABSURD: list[dict[str, Any]] = [
    {"queued": -1},
    {"queued": 10**12},
    {"modems": [{"imei": "353000000000001", "rssi": 99}]},
    {"modems": [{"imei": "'; drop table message; --"}]},
    {"modems": [{"imei": "353000000000001"}] * 65},
    {"modems": "none"},
    {"modems": [{"imei": "353000000000001", "rssi": 31.5}]},
    {"host_time": "not a time"},
    {"batches": ["x"]},
    {"modems": [{"imei": "353000000000001", "last_error": "x" * 5_000_000}]},
]
MALFORMED: list[dict[str, Any]] = [
    {"kind": "delivered by hand"},
    {"kind": None},
    {"attempt_id": "no uuid"},
    {"attempt_id": None},
    {"part": 0},
    {"part": None},
    {"part": 100_000},
    {"reference": 256},
    {"error": "x" * 301},
    {"at": "not a time"},
    {"imei": "1" * 21},
]


def test_row_93_absurd_heartbeats(host: Host) -> None:
    for status in ABSURD:
        with pytest.raises(psycopg2.Error) as error:
            heartbeat(host, **status)
        assert code(error) == "22023", str(status)[:80]


def test_row_93_malformed_results(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    for change in MALFORMED:
        with pytest.raises(psycopg2.Error) as error:
            report(host, {**result(batch, 0, "sent"), **change})
        assert code(error) == "22023", change
    with pytest.raises(psycopg2.Error) as error:
        report(host, *[result(batch, 0, "sent")] * 1001)
    assert code(error) == "22023"
    assert fleet.states() == {"leased": 3}


STOP_WORDS = [
    # text, whether it opts out, whether a person should read it
    ("STOP", True, False),
    ("stop ", True, False),
    ("Arrêt", True, False),
    ("ARRE\u0302T.", True, False),
    ("STOP 36123", True, False),
    ("Stopppp", True, False),
    ("«Désabonner»", True, False),
    ("unsubscribe!!", True, False),
    ("Merci de ne pas vous arrêter", False, True),
    ("Non stop", False, True),
    ("Bonjour", False, False),
]


def test_row_88_stop_words(fleet: Fleet, host: Host) -> None:
    inbound = [
        {
            "host_key": f"k{number}",
            "imei": "353000000000001",
            "sender": f"+3363998{number:04d}",
            "text": text,
        }
        for number, (text, _, _) in enumerate(STOP_WORDS)
    ]
    inbound.append({**inbound[0], "host_key": "name", "sender": "Orange"})
    for _ in range(2):
        call(host, "select api.report_inbound_v1(1, %s, %s)", JOURNAL, json.dumps(inbound))
    rows = fleet.db.all("select text, opt_out, review from inbound_message order by inbound_id")
    assert rows == [*STOP_WORDS, ("STOP", False, True)]
    wanted = sum(opt_out for _, opt_out, _ in STOP_WORDS)
    assert fleet.db.one("select count(*) from opt_out where client_id is null") == wanted
    assert fleet.db.one("select count(*) from audit_entry where action = 'opt_out'") == wanted


def test_a_host_is_woken_by_new_batches_and_by_changes(fleet: Fleet, host: Host) -> None:
    conn = psycopg2.connect(host.url)
    conn.autocommit = True
    channel = register(host)["channel"]
    conn.cursor().execute(f'listen "{channel}"')
    fleet.batch(host, [("encore", 1)])
    assert woken(conn)
    fleet.db.conn.cursor().execute("update campaign set state = 'paused'")
    assert woken(conn)
    fleet.db.conn.cursor().execute("update modem_group set state = 'stopped'")
    assert woken(conn)
    fleet.db.conn.cursor().execute("update modem_group set last_heartbeat = now()")
    assert not woken(conn, 0.3)
    conn.close()


def woken(conn: Any, timeout: float = 10) -> bool:
    select.select([conn], [], [], timeout)
    conn.poll()
    payloads = [notify.payload for notify in conn.notifies]
    conn.notifies.clear()
    assert not any(payloads)
    return bool(payloads)
