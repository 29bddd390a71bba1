"""The roll-up: money, completion and alerts follow the states of messages."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from include.campaigns.control import order
from include.campaigns.status import COUNTS
from include.fleet.uncertain import list_uncertain, resolve_uncertain
from tests.integration.campaigns.scene import Scene
from tests.integration.fleet.host import Host

PRICE = Decimal("0.06")


def host_of(scene: Scene, number: int = 0, modems: int = 1) -> Host:
    group = scene.group(number, modems)
    host = Host(group["database_url"], group["mac"])
    host.register()
    host.heartbeat(modems)
    return host


def check_ledger(scene: Scene) -> None:
    """What is held is what is open; what was captured is what was sent."""
    open_price = scene.db.one("select coalesce(sum(price), 0) from message where not settled")
    available, held = scene.balance()
    captured = scene.db.one(
        "select coalesce(-sum(held), 0) from ledger_entry where kind = 'capture'"
    )
    assert held == open_price
    assert available + held + Decimal(str(captured)) == 100


def test_a_campaign_from_claim_to_completion(scene: Scene) -> None:
    scene.contacts(4)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    assert scene.status()["counts"]["leased"] == 4
    host.report(batch, "sent")
    done = scene.rollup()
    assert done["settled"]["messages"] == 4
    assert [one["campaign"] for one in done["finished"]] == ["hello"]
    host.report(batch, "delivered", only=slice(0, 3))
    scene.rollup()
    status = scene.status()
    assert status["state"] == "completed"
    counts = {state: number for state, number in status["counts"].items() if number}
    assert counts == {"sent": 1, "delivered": 3}
    assert scene.balance() == (100 - 4 * PRICE, Decimal(0))
    assert scene.db.all("select kind::text, held from ledger_entry order by entry_id") == [
        ("topup", 0),
        ("reserve", 4 * PRICE),
        ("capture", -4 * PRICE),
    ]
    assert scene.db.all("select sent, delivered from modem") == [(4, 3)]


def test_every_batch_that_is_over_has_one_line_in_the_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.contacts(4)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()

    def told() -> list[str]:
        caplog.clear()
        with caplog.at_level("INFO", logger="include.fleet.rollup"):
            scene.rollup()
        return [r.getMessage() for r in caplog.records if getattr(r, "event", "") == "batch"]

    assert told() == []
    host.report(batch, "sent")
    (line,) = told()
    assert line.startswith(f"batch batch_id={batch['batch']} client=acme campaign=hello group=")
    assert " state=done messages=4 segments=4 reported=4 waited=" in line
    assert told() == []


def test_every_message_is_in_exactly_one_count(scene: Scene) -> None:
    numbers = scene.contacts([(f"N{n}", None, None) for n in range(11)] + [(None, None, None)])
    scene.db.conn.cursor().execute(
        "insert into opt_out (msisdn, source) values (%s, 'stop')", (numbers[0],)
    )
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    for place, kind in enumerate(["sent", "delivered", "undelivered", "failed", "uncertain"]):
        host.report(batch, kind, only=slice(place, place + 1))
    host.report(batch, "not_sent", only=slice(5, 7))
    order("acme", "hello", "cancel", "ops:jane")
    host.report(batch, "not_sent", only=slice(7, 9))
    scene.rollup()
    status = scene.status()
    assert tuple(status["counts"]) == COUNTS
    assert status["counts"] == {
        "planned": 0,
        "leased": 1,
        "sent": 1,
        "delivered": 1,
        "undelivered": 1,
        "failed": 1,
        "uncertain": 1,
        "written_off": 0,
        "skipped": 2,
        "expired": 0,
        "cancelled": 4,
    }
    assert status["total"] == 12
    check_ledger(scene)


def test_what_fails_is_given_back_and_rollups_at_once_settle_once(scene: Scene) -> None:
    scene.contacts(6)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "failed", only=slice(0, 2))
    host.report(batch, "sent", only=slice(2, 6))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _n: scene.rollup(), range(6)))
    assert scene.balance() == (100 - 4 * PRICE, Decimal(0))
    entries = scene.db.all(
        "select kind::text, count(*) from ledger_entry where campaign_id is not null "
        "group by 1 order by 1"
    )
    assert entries == [("capture", 1), ("release", 1), ("reserve", 1)]


def test_parts_that_went_out_before_a_failure_are_paid_for(scene: Scene) -> None:
    scene.contacts(1)
    host = host_of(scene)
    scene.apply(message="x" * 400)
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent", parts=2)
    text = [{**batch["messages"][0]}]
    host.call(
        "report_results_v1",
        host.epoch,
        host.journal,
        f'[{{"batch_id": {batch["batch"]}, "message_id": {text[0]["message_id"]}, "part": 3, '
        f'"attempt_id": "{host.journal}", "kind": "failed"}}]',
    )
    scene.rollup()
    assert scene.status()["counts"]["failed"] == 1
    assert scene.balance() == (100 - 2 * PRICE, Decimal(0))


def test_row_91_a_report_repeated_changes_nothing(scene: Scene) -> None:
    scene.contacts(3)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    for _ in range(3):
        host.report(batch, "sent")
        scene.rollup()
    assert scene.status()["counts"]["sent"] == 3
    assert scene.balance() == (100 - 3 * PRICE, Decimal(0))
    assert scene.db.one("select count(*) from attempt") == 3


def test_row_90_a_terminal_state_never_moves_back(scene: Scene) -> None:
    scene.contacts(2)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent")
    scene.rollup()
    answer = host.report(batch, "failed", attempt=host.journal)
    assert answer["conflicts"] == 2
    scene.rollup()
    assert scene.status()["counts"]["sent"] == 2
    assert scene.db.one("select count(*) from attempt where conflict") == 2
    assert scene.balance() == (100 - 2 * PRICE, Decimal(0))


def test_uncertain_keeps_a_campaign_open_until_a_person_says(scene: Scene) -> None:
    scene.contacts(3)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "uncertain")
    scene.rollup()
    assert (scene.status()["state"], scene.status()["counts"]["uncertain"]) == ("sending", 3)
    assert scene.balance()[1] == 3 * PRICE
    found = list_uncertain("acme", "hello")
    assert [m["msisdn"][-4:] for m in found] == ["••••"] * 3
    first, second, third = [m["message_id"] for m in found]
    assert resolve_uncertain([first], "sent", "ops:jane")["resolved"] == [first]
    assert resolve_uncertain([second], "written_off", "ops:jane")["resolved"] == [second]
    assert resolve_uncertain([third], "planned", "ops:jane")["resolved"] == [third]
    assert resolve_uncertain([first, second], "planned", "ops:jane")["resolved"] == []
    assert scene.expand()["batched"] == 1
    again = host.claim()
    assert [m["message_id"] for m in again["messages"]] == [third]
    host.report(again, "sent", attempt=host.journal)
    scene.rollup()
    status = scene.status()
    assert status["state"] == "completed"
    assert (status["counts"]["sent"], status["counts"]["written_off"]) == (2, 1)
    assert scene.balance() == (100 - 2 * PRICE, Decimal(0))


def test_pause_takes_back_and_resume_goes_on(scene: Scene) -> None:
    scene.contacts(3)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent", only=slice(0, 1))
    order("acme", "hello", "pause", "ops:jane")
    assert host.heartbeat()["work"] is False
    assert host.claim()["batch"] is None
    host.report(batch, "not_sent", only=slice(1, 3))
    scene.rollup()
    assert scene.status()["state"] == "paused"
    assert scene.status()["counts"]["planned"] == 2
    assert scene.expand()["batched"] == 0
    order("acme", "hello", "resume", "ops:jane")
    assert scene.expand()["batched"] == 2
    again = host.claim()
    host.report(again, "sent", attempt=host.journal)
    scene.rollup()
    assert scene.status()["state"] == "completed"
    check_ledger(scene)


def test_cancel_gives_back_what_was_not_sent(scene: Scene) -> None:
    scene.contacts(3)
    host_of(scene)
    scene.apply()
    scene.expand()
    order("acme", "hello", "cancel", "ops:jane")
    order("acme", "hello", "cancel", "ops:jane")
    scene.rollup()
    assert scene.status()["counts"]["cancelled"] == 3
    assert scene.balance() == (Decimal(100), Decimal(0))
    assert scene.apply()["errors"][0]["code"] == "campaign_finished"


def test_cancelled_before_expansion_gives_everything_back(scene: Scene) -> None:
    scene.contacts(3)
    scene.apply(schedule={"start_at": "2031-01-01"})
    scene.apply(state="cancelled", schedule={"start_at": "2031-01-01"})
    assert scene.balance() == (Decimal(100), Decimal(0))
    assert scene.status()["state"] == "cancelled"


def test_after_its_limit_nothing_more_is_sent(scene: Scene) -> None:
    scene.contacts(3)
    host = host_of(scene)
    scene.apply(schedule={"expire_at": "2031-01-01"})
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent", only=slice(0, 1))
    scene.db.conn.cursor().execute("update campaign set expire_at = now()")
    host.report(batch, "not_sent", only=slice(1, 3))
    scene.rollup()
    status = scene.status()
    assert (status["state"], status["reason"]) == ("expired", "not_all_sent_in_time")
    assert (status["counts"]["sent"], status["counts"]["expired"]) == (1, 2)
    assert scene.balance() == (100 - PRICE, Decimal(0))


def test_what_was_never_expanded_in_time_expires_and_is_given_back(scene: Scene) -> None:
    scene.contacts(3)
    scene.apply(schedule={"start_at": "2030-12-31", "expire_at": "2031-01-01"})
    scene.db.conn.cursor().execute("update campaign set expire_at = now()")
    scene.rollup()
    assert scene.status()["state"] == "expired"
    assert scene.balance() == (Decimal(100), Decimal(0))


def alerts(scene: Scene) -> list[tuple[object, ...]]:
    return scene.db.all("select kind, subject from alert where over_at is null order by kind")


def test_a_silent_host_is_noticed_and_its_batch_stays_its_own(scene: Scene) -> None:
    scene.contacts(3)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    host.claim()
    cursor = scene.db.conn.cursor()
    cursor.execute("update modem_group set last_heartbeat = now() - interval '2 minutes'")
    assert scene.rollup()["batches_marked"] == 1
    assert alerts(scene) == [("batch_silent", "group 0"), ("group_silent", "group 0")]
    cursor.execute("update modem_group set last_heartbeat = now() - interval '6 minutes'")
    scene.rollup()
    assert alerts(scene) == [("batch_silent", "group 0"), ("group_lost", "group 0")]
    assert scene.expand()["moved"] == 0
    assert scene.status()["counts"]["leased"] == 3
    host.heartbeat()
    scene.rollup()
    assert alerts(scene) == []
    assert scene.db.one("select silent_at from send_batch") is None


def test_low_credit_is_noticed(scene: Scene) -> None:
    scene.client("poor", credit="5")
    scene.rollup()
    assert alerts(scene) == [("low_credit", "poor")]


@pytest.mark.parametrize("drained", [True, False])
def test_a_drained_group_stops_when_it_holds_nothing(scene: Scene, drained: bool) -> None:
    scene.contacts(3)
    host = host_of(scene)
    scene.apply()
    scene.expand()
    batch = host.claim()
    scene.db.conn.cursor().execute("update modem_group set state = 'draining'")
    if drained:
        host.report(batch, "sent")
    assert scene.rollup()["groups_stopped"] == (["group 0"] if drained else [])
