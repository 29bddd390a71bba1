"""Retention: what is old goes, what is open stays, a dry run changes nothing, counts survive."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from include.db import connect
from include.operations.retention import months_before, run
from include.operations.settings import apply
from include.settings import settings
from include.storage import Storage
from tests.integration.campaigns.scene import Scene, scene
from tests.integration.fleet.host import Host

__all__ = ["scene"]
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=1500)


def put(scene: Scene, statement: str, *values: Any) -> Any:
    return scene.db.all(statement, values)[0][0]


def month(back: int) -> str:
    return f"{months_before(NOW, back):%Y-%m}-01"


@pytest.fixture
def old(scene: Scene) -> Scene:
    """Something of every kind, once old and once new."""
    scene.contacts(2, "old")
    scene.contacts(3, "new")
    put(scene, "update contact set updated_at = %s where list_id = 1 returning 1", OLD)
    group = scene.group(0)["group_id"]
    for at in (OLD, NOW):
        put(
            scene,
            "insert into inbound_message (group_id, journal_id, host_key, imei, sender, text, received_at) "
            "values (%s, gen_random_uuid(), 'k', 'i', '+33639980001', 'oui', %s) returning 1",
            group, at,
        )  # fmt: skip
        put(scene, "select 1 from ensure_sample_months(%s)", at)
        put(
            scene,
            "insert into modem_sample (group_id, imei, at, rssi) values (%s, 'i', %s, 9) returning 1",
            group, at,
        )  # fmt: skip
        put(
            scene,
            "insert into alert (kind, subject, raised_at, over_at) values ('x', 'y', %s, %s) returning 1",
            at, at,
        )  # fmt: skip
        put(
            scene,
            "insert into treatment_run (treatment, trigger, parameters, started_at, seconds, columns, "
            "result_rows) values ('call_types', 'manual', '{}', %s, 1, '{}', 0) returning 1",
            at,
        )
    spools(scene)
    return scene


def spools(scene: Scene) -> None:
    scene.db.all("insert into pbx (code) values ('siege') returning 1")
    spool = Storage(settings().spool_url)
    for at, digit in ((OLD, "a"), (NOW, "b")):
        file_id = put(
            scene,
            "insert into spooled_file (pbx, name, size, sha256, state, tickets, raw_key, processed_at) "
            "values ('siege', 'T', 1, repeat(%s, 64), 'loaded', 2, %s, %s) returning file_id",
            digit, f"raw/{digit}", at,
        )  # fmt: skip
        spool.write_bytes(f"raw/{digit}", b"x")
        for line in (1, 2):
            ticket = file_id * 100_000_000 + line
            put(
                scene,
                "insert into taxdata (ticket_id, file_id, line_number, content_digest, ambiguous_time) "
                "values (%s, %s, %s, gen_random_uuid(), false) returning 1",
                ticket, file_id, line,
            )  # fmt: skip
            put(
                scene,
                "insert into rated_ticket (ticket_id, tariff_id, cost, currency, explanation) "
                "values (%s, 1, 1, 'EUR', '{}') returning 1",
                ticket,
            )


def messages(scene: Scene, back: int, state: str, count: int = 3, *, settled: bool = True) -> int:
    campaign: int = put(
        scene,
        "insert into campaign (client_id, name, state, purpose, spec, activation_month, activated_at) "
        "select client_id, %s, 'completed', 'transactional', '{}', %s, %s from client returning campaign_id",
        f"c{back}", month(back), month(back),
    )  # fmt: skip
    put(scene, "select 1 from ensure_message_partitions(%s)", month(back))
    for number in range(count):
        put(
            scene,
            "insert into message (activation_month, campaign_id, contact_id, msisdn, text, segments, "
            "price, state, settled) values (%s, %s, %s, '+33639980001', 'x', 2, 0.1, %s, %s) returning 1",
            month(back), campaign, number, state, settled,
        )  # fmt: skip
    return campaign


COUNTED = (
    "contact", "inbound_message", "modem_sample", "alert", "treatment_run", "taxdata", "rated_ticket",
    "message",
)  # fmt: skip


def counts(scene: Scene) -> dict[str, Any]:
    return {table: scene.db.one(f"select count(*) from {table}") for table in COUNTED}


def gone(done: dict[str, Any]) -> dict[str, int]:
    kinds: Counter[str] = Counter()
    for policy in done["policies"]:
        kinds[policy["kind"]] += policy["gone"]
    return dict(kinds)


def test_a_dry_run_says_what_the_run_then_does(old: Scene) -> None:
    messages(old, 20, "delivered")
    messages(old, 2, "delivered")
    before = counts(old)
    told = gone(run(dry_run=True))
    assert counts(old) == before
    assert told == {
        "messages": 3, "contacts": 2, "inbound": 1, "signal": 1, "tickets": 2, "alerts": 1,
        "analyses": 1, "files": 0, "spool_files": 1,
    }  # fmt: skip
    assert gone(run(by="ops:jane")) == told
    left = {table: before[table] - counts(old)[table] for table in COUNTED}
    assert left == {
        "contact": 2, "inbound_message": 1, "modem_sample": 1, "alert": 1, "treatment_run": 1,
        "taxdata": 2, "rated_ticket": 2, "message": 3,
    }  # fmt: skip
    assert sum(gone(run()).values()) == 0, "the second run finds nothing"
    spool = Storage(settings().spool_url)
    assert (spool.exists("raw/a"), spool.exists("raw/b")) == (False, True)
    assert old.db.one("select count(*) from spooled_file") == 2
    assert old.db.all("select actor, action from audit_entry where action = 'retention'") == [
        ("ops:jane", "retention")
    ]


def test_the_partition_is_dropped_and_the_counts_stay(scene: Scene) -> None:
    campaign = messages(scene, 20, "delivered")
    before = scene.db.all("select * from campaign_count where campaign_id = %s", (campaign,))
    name = f"message_{months_before(NOW, 20):%Y%m}"
    run()
    assert scene.db.one(f"select to_regclass('{name}')") is None
    assert (
        scene.db.all("select * from campaign_count where campaign_id = %s", (campaign,)) == before
    )


@pytest.mark.parametrize(
    ("state", "settled"),
    [("planned", False), ("leased", False), ("uncertain", False), ("sent", False)],
)
def test_a_month_with_open_messages_stays_and_is_named(
    scene: Scene, state: str, settled: bool
) -> None:
    messages(scene, 20, state, settled=settled)
    for dry_run in (True, False):
        (policy,) = [p for p in run(dry_run=dry_run)["policies"] if p["kind"] == "messages"]
        assert policy["gone"] == 0
        assert policy["note"] == f"{month(20)[:7]} kept: 3 messages are open"
    assert scene.db.one("select count(*) from message") == 3


def test_the_pipelines_cannot_drop_a_month_that_is_not_over(scene: Scene) -> None:
    with connect() as conn, conn.cursor() as cur, pytest.raises(psycopg2.Error, match="is over"):
        cur.execute("select drop_message_partitions(%s)", (month(0),))
    with connect() as conn, conn.cursor() as cur, pytest.raises(psycopg2.Error, match="owner"):
        cur.execute("drop table message")


def test_contacts_of_a_list_in_use_stay(old: Scene) -> None:
    messages(old, 2, "delivered")
    old.db.all("update campaign set list_id = 1 returning 1")
    assert gone(run())["contacts"] == 0


def test_a_policy_of_the_settings_holds(old: Scene) -> None:
    messages(old, 5, "delivered")
    assert gone(run(dry_run=True))["messages"] == 0
    apply("version: 1\nretention: {messages: 3}\n", by="ops:jane")
    assert gone(run(dry_run=True))["messages"] == 3


def test_old_files_of_clients_go_their_inbox_and_reports_stay(scene: Scene, tmp_path: Path) -> None:
    bucket = Storage(settings().bucket_url)
    places = (
        "processed/2020/01/imp_1/a.xlsx",
        "quarantine/imp_2/b.csv",
        "outbox/imports/imp_1/receipt.html",
    )
    kept = ("inbox/contacts/c.csv", "outbox/campaigns/x/status.json", "outbox/index.html")
    for place in (*places, *kept):
        bucket.write_bytes(f"clients/acme/{place}", b"x")
    later = NOW + timedelta(days=200)
    assert gone(run(dry_run=True, at=later))["files"] == 3
    run(at=later)
    left = {file.key for file in bucket.list("clients")}
    assert left == {f"clients/acme/{place}" for place in kept}


@pytest.mark.parametrize(
    ("at", "months", "expected"),
    [("2026-03-31", 1, "2026-02-28"), ("2024-03-30", 1, "2024-02-29"), ("2026-11-22", 12, "2025-11-22"),
     ("2026-01-15", 1, "2025-12-15"), ("2026-12-31", 6, "2026-06-30")],
)  # fmt: skip
def test_months_back(at: str, months: int, expected: str) -> None:
    assert f"{months_before(datetime.fromisoformat(at), months):%Y-%m-%d}" == expected


def test_a_modems_totals_outlive_the_months_that_are_dropped(scene: Scene) -> None:
    scene.contacts(4)
    group = scene.group(0)
    host = Host(group["database_url"], group["mac"])
    host.register()
    host.heartbeat(1)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent", only=slice(0, 3))
    scene.rollup()
    put(
        scene,
        "insert into modem_month (group_id, imei, activation_month, sent, delivered, failed, uncertain) "
        "select group_id, imei, '2020-01-01', 1000, 900, 50, 0 from modem returning 1",
    )
    host.report(batch, "delivered", only=slice(0, 2))
    scene.rollup()
    totals = "select sent, delivered, failed, uncertain from modem"
    assert scene.db.all(totals) == [(1003, 902, 50, 0)]
    scene.rollup()
    assert scene.db.all(totals) == [(1003, 902, 50, 0)]
