"""The five functions of docs/host-protocol.md, called as the host that they are for."""

import json
import select
import uuid
from typing import Any

import psycopg2
import pytest

from tests.integration.sender.hosts import Fleet, Host, call

JOURNAL = str(uuid.UUID(int=1))
OTHER_JOURNAL = str(uuid.UUID(int=2))


def register(host: Host, journal: str = JOURNAL) -> dict[str, Any]:
    found = call(
        host, "select api.register_host_v1(%s, %s, 'boot', '{\"name\": \"pc\"}')", host.mac, journal
    )
    assert isinstance(found, dict)
    return found


def claim(
    host: Host, epoch: int = 1, journal: str = JOURNAL, token: str | None = None
) -> dict[str, Any]:
    found = call(
        host, "select api.claim_batch_v1(%s, %s, %s)", epoch, journal, token or str(uuid.uuid4())
    )
    assert isinstance(found, dict)
    return found


def report(host: Host, *results: dict[str, Any], epoch: int = 1) -> dict[str, Any]:
    found = call(
        host, "select api.report_results_v1(%s, %s, %s)", epoch, JOURNAL, json.dumps(results)
    )
    assert isinstance(found, dict)
    return found


def heartbeat(host: Host, epoch: int = 1, **status: Any) -> dict[str, Any]:
    found = call(host, "select api.heartbeat_v1(%s, %s, %s)", epoch, JOURNAL, json.dumps(status))
    assert isinstance(found, dict)
    return found


def result(
    batch: dict[str, Any],
    index: int,
    kind: str,
    *,
    part: int = 1,
    attempt: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    message_id = batch["messages"][index]["message_id"]
    identity = (
        uuid.UUID(int=attempt) if attempt is not None else uuid.UUID(int=message_id * 10 + part)
    )
    return {
        "batch_id": batch["batch"],
        "message_id": message_id,
        "part": part,
        "attempt_id": str(identity),
        "kind": kind,
        **more,
    }


@pytest.fixture
def host(fleet: Fleet) -> Host:
    """A registered host with one planned batch: two single texts and one of two parts."""
    host = fleet.host()
    fleet.campaign()
    fleet.batch(host, [("un", 1), ("long", 2), ("deux", 1)])
    register(host)
    return host


def code(error: pytest.ExceptionInfo[psycopg2.Error]) -> str | None:
    return error.value.pgcode


def test_a_claim_numbers_the_segments_and_repeats(fleet: Fleet, host: Host) -> None:
    token = str(uuid.uuid4())
    batch = claim(host, token=token)
    assert [(m["seq"], m["segments"], m["text"]) for m in batch["messages"]] == [
        (1, 1, "un"),
        (2, 2, "long"),
        (4, 1, "deux"),
    ]
    assert (batch["segments"], batch["permit_seq"], batch["revoked"]) == (4, 4, False)
    assert set(batch["messages"][0]) == {
        "message_id", "seq", "msisdn", "text", "text_md5", "encoding", "segments", "parts_done",
    }  # fmt: skip
    assert claim(host, token=token) == batch
    assert fleet.states() == {"leased": 3}
    assert claim(host)["reason"] == "nothing"


def test_two_leases_at_most(fleet: Fleet, host: Host) -> None:
    fleet.batch(host, [("trois", 1)])
    fleet.batch(host, [("quatre", 1)])
    assert claim(host)["batch"] and claim(host)["batch"]
    assert claim(host)["reason"] == "lease_limit"


def test_nothing_for_a_group_or_campaign_that_does_not_send(fleet: Fleet, host: Host) -> None:
    for state in ("stopped", "draining"):
        fleet.db.conn.cursor().execute("update modem_group set state = %s", (state,))
        assert claim(host)["reason"] == f"group_{state}"
    fleet.db.conn.cursor().execute("update modem_group set state = 'started'")
    for change in (
        "state = 'paused'",
        "state = 'sending', expire_at = now() - interval '1 second'",
        "expire_at = null, window_from = now() + interval '1 hour'",
        "window_from = null, window_until = now() - interval '1 second'",
    ):
        fleet.db.conn.cursor().execute(f"update campaign set {change}")
        assert claim(host)["reason"] == "nothing", change
    fleet.db.conn.cursor().execute("update campaign set window_until = null")
    assert claim(host)["batch"]


def test_commercial_texts_wait_for_a_right_clock(fleet: Fleet, host: Host) -> None:
    fleet.db.conn.cursor().execute("update campaign set purpose = 'marketing'")
    heartbeat(host, host_time="2026-01-01T00:00:00Z")
    assert claim(host)["reason"] == "nothing"
    now = fleet.db.one("select now()::text")
    heartbeat(host, host_time=now)
    assert claim(host)["batch"]


def test_opted_out_numbers_are_left_out_of_a_claim(fleet: Fleet, host: Host) -> None:
    fleet.db.conn.cursor().execute(
        "insert into opt_out (msisdn, source) select msisdn, 'stop' from message where text = 'long'"
    )
    batch = claim(host)
    assert [m["text"] for m in batch["messages"]] == ["un", "deux"]
    assert [m["seq"] for m in batch["messages"]] == [1, 2]
    assert fleet.states() == {"leased": 2, "skipped": 1}


def test_a_batch_is_done_when_every_segment_has_its_result(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    answer = report(host, result(batch, 0, "sent", reference=7), result(batch, 1, "sent"))
    assert answer["accepted"] == 2 and not answer["fenced"]
    assert fleet.states() == {"leased": 2, "sent": 1}
    report(host, result(batch, 1, "sent", part=2), result(batch, 2, "failed", error="30"))
    assert fleet.states() == {"sent": 2, "failed": 1}
    assert fleet.db.one("select state::text from send_batch") == "done"
    report(
        host,
        result(batch, 0, "delivered"),
        result(batch, 1, "delivered"),
        result(batch, 1, "undelivered", part=2),
    )
    assert fleet.states() == {"delivered": 1, "undelivered": 1, "failed": 1}
    assert fleet.db.one("select reason from message where state = 'failed'") == "30"


def test_sent_and_delivered_in_one_report(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    report(host, result(batch, 0, "sent"), result(batch, 0, "delivered"))
    assert fleet.states() == {"leased": 2, "delivered": 1}


def test_row_90_sent_then_failed(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    report(host, result(batch, 0, "sent"))
    assert report(host, result(batch, 0, "failed"))["conflicts"] == 1
    assert fleet.states() == {"leased": 2, "sent": 1}
    assert fleet.db.all("select kind, conflict from attempt order by kind") == [
        ("failed", True),
        ("sent", False),
    ]


def test_a_terminal_state_never_moves(fleet: Fleet, host: Host) -> None:
    later = ("sent", "failed", "retryable", "not_sent", "uncertain", "delivered", "undelivered")
    terminal = ("delivered", "undelivered", "failed")
    fleet.batch(host, [(f"{one} {two}", 1) for one in terminal for two in later])
    claim(host)
    batch = claim(host)
    for message in batch["messages"]:
        first, second = message["text"].split()
        index = batch["messages"].index(message)
        report(host, result(batch, index, first))
        report(host, result(batch, index, second), result(batch, index, second, attempt=99))
    rows = fleet.db.all("select text, state::text from message where text like '%% %%'")
    assert [text for text, state in rows if str(text).split()[0] != state] == []
    assert len(rows) == 21


def test_row_91_a_repeated_report_is_a_no_op(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    for _ in range(3):
        report(host, result(batch, 0, "retryable", error="38"))
    assert fleet.db.all("select state::text, attempts from message where text = 'un'") == [
        ("planned", 1)
    ]
    assert fleet.db.one("select count(*) from attempt") == 1
    assert fleet.db.one("select reported from send_batch") == 1


def test_what_may_work_later_is_planned_again_then_given_up(fleet: Fleet, host: Host) -> None:
    for attempt in range(1, 6):
        batch = claim(host)
        index = [m["text"] for m in batch["messages"]].index("un")
        report(host, result(batch, index, "retryable", attempt=attempt, error="38"))
        row = fleet.db.all(
            "select state::text, attempts, batch_id is null, not_before > now()"
            " from message where text = 'un'"
        )
        assert row == [
            ("planned", attempt, True, True) if attempt < 5 else ("failed", 5, False, None)
        ]
        batch_id = fleet.db.one("select max(batch_id) + 1 from send_batch")
        fleet.db.conn.cursor().execute(
            "update send_batch set state = 'returned', done_at = now();"
            " insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
            " select activation_month, campaign_id, group_id, 1, 1 from send_batch limit 1;"
            " update message set batch_id = %s where text = 'un' and state = 'planned'",
            (batch_id,),
        )


def test_parts_that_went_out_are_not_given_again(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    report(
        host,
        result(batch, 0, "sent"),
        result(batch, 2, "sent"),
        result(batch, 1, "sent"),
        result(batch, 1, "retryable", part=2),
    )
    assert fleet.states() == {"sent": 2, "planned": 1}
    assert fleet.db.one("select state::text from send_batch") == "returned"
    fleet.db.conn.cursor().execute(
        "insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
        " select activation_month, campaign_id, group_id, 1, 1 from send_batch;"
        " update message set batch_id = (select max(batch_id) from send_batch)"
        " where state = 'planned'"
    )
    again = claim(host)
    assert again["segments"] == 1
    assert again["messages"][0]["parts_done"] == [1]
    report(host, result(again, 0, "sent", part=2, attempt=5))
    assert fleet.states() == {"sent": 3}


def test_uncertain_waits_for_proof(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    report(host, *(result(batch, index, "uncertain") for index in (0, 2)))
    report(host, result(batch, 1, "sent"), result(batch, 1, "sent", part=2))
    assert fleet.states() == {"uncertain": 2, "sent": 1}
    report(host, result(batch, 0, "delivered"), result(batch, 2, "not_sent"))
    assert fleet.states() == {"delivered": 1, "planned": 1, "sent": 1}


def test_on_uncertain_resend_plans_it_again(fleet: Fleet, host: Host) -> None:
    fleet.db.conn.cursor().execute("update campaign set on_uncertain = 'resend'")
    batch = claim(host)
    report(host, result(batch, 0, "uncertain"))
    assert fleet.states() == {"leased": 2, "planned": 1}
    assert fleet.db.one("select kind from attempt") == "uncertain"


def test_what_is_given_back_follows_its_campaign(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    report(host, result(batch, 0, "not_sent"))
    assert fleet.db.all(
        "select state::text, batch_id, attempts from message where text = 'un'"
    ) == [("planned", None, 0)]
    fleet.db.conn.cursor().execute("update campaign set state = 'cancelled'")
    report(host, result(batch, 2, "not_sent"))
    assert fleet.states() == {"planned": 1, "leased": 1, "cancelled": 1}


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
