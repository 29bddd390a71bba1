"""What hosts get and what their reports do: claims, results, states."""

import uuid

from tests.integration.sender.hosts import Fleet, Host
from tests.integration.sender.protocol import (
    claim,
    heartbeat,
    report,
    result,
)


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
        "parts_told",
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


def test_what_a_late_proof_settled_is_not_begun_under_another_lease(
    fleet: Fleet, host: Host
) -> None:
    fleet.db.conn.cursor().execute("update campaign set on_uncertain = 'resend'")
    first = claim(host)
    proved = first["messages"][0]["message_id"]
    report(host, result(first, 0, "uncertain"))
    again = fleet.batch(host, [("Bonjour", 1)])
    fleet.db.conn.cursor().execute(
        "update message set batch_id = %s where message_id = %s", (again, proved)
    )
    second = claim(host)
    held = [first["batch"], again]
    assert {m["message_id"] for m in second["messages"]} > {proved}
    assert heartbeat(host, batches=held)["revoked_messages"] == []
    report(host, result(first, 0, "delivered"))
    assert heartbeat(host, batches=held)["revoked_messages"] == [proved]
    index = [m["message_id"] for m in second["messages"]].index(proved)
    report(host, result(second, index, "not_sent", attempt=7), result(second, 1 - index, "sent"))
    assert fleet.db.one("select state::text from message where message_id = %s", (proved,)) == (
        "delivered"
    )
    assert (
        fleet.db.one("select state::text from send_batch where batch_id = %s", (again,)) == "done"
    )


def test_what_is_given_back_follows_its_campaign(fleet: Fleet, host: Host) -> None:
    batch = claim(host)
    report(host, result(batch, 0, "not_sent"))
    assert fleet.db.all(
        "select state::text, batch_id, attempts from message where text = 'un'"
    ) == [("planned", None, 0)]
    fleet.db.conn.cursor().execute("update campaign set state = 'cancelled'")
    report(host, result(batch, 2, "not_sent"))
    assert fleet.states() == {"planned": 1, "leased": 1, "cancelled": 1}
