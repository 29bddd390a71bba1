"""What raises an alert, and what ends it, by the roll-up over real rows."""

import json
from collections.abc import Iterator

import pytest

from tests.integration.campaigns.scene import Scene, scene
from tests.integration.fleet.host import IMEI, Host

__all__ = ["scene"]


@pytest.fixture
def host(scene: Scene) -> Iterator[Host]:
    group = scene.group(0, 1, alias="machine 1")
    host = Host(group["database_url"], group["mac"])
    host.register()
    host.heartbeat(1)
    yield host


def raised(scene: Scene) -> dict[str, tuple[str, str]]:
    """kind -> (subject, detail) of the open alerts, after a roll-up."""
    told = {row["kind"]: (row["subject"], row["detail"]) for row in scene.rollup()["alerts"]}
    rows = scene.db.all("select kind, subject from alert where over_at is null")
    assert {str(kind): subject for kind, subject in rows} == {k: s for k, (s, _) in told.items()}
    return told


def beat(host: Host, **modem: object) -> None:
    status = {"modems": [{"imei": IMEI, "in_service": True, **modem}], "batches": []}
    host.call("heartbeat_v1", host.epoch, host.journal, json.dumps(status))


def run(scene: Scene, statement: str, *values: object) -> None:
    with scene.db.conn.cursor() as cur:
        cur.execute(statement, values)


def test_a_sim_that_fails_and_is_mended(scene: Scene, host: Host) -> None:
    assert raised(scene) == {}
    beat(host, sim_state="puk", in_service=False)
    assert raised(scene) == {"sim_failure": (f"machine 1/{IMEI}", "SIM puk")}
    beat(host, sim_state="ready", registration="denied")
    assert raised(scene) == {"sim_failure": (f"machine 1/{IMEI}", "registration denied")}
    beat(host, sim_state="ready", registration="home")
    assert raised(scene) == {}
    assert scene.db.one("select count(*) from alert where over_at is not null") == 1


def test_a_signal_that_is_very_bad_until_it_is_a_step_better(scene: Scene, host: Host) -> None:
    def samples(rssi: int) -> None:
        run(scene, "delete from modem_sample")
        run(scene, "select ensure_sample_months(now() - interval '1 hour')")
        for minutes in (1, 3, 5, 7):
            run(
                scene,
                "insert into modem_sample (group_id, imei, at, rssi) "
                "select group_id, imei, now() - make_interval(mins => %s), %s from modem",
                minutes,
                rssi,
            )

    samples(8)
    assert raised(scene) == {}
    samples(4)
    assert raised(scene) == {"low_signal": (f"machine 1/{IMEI}", "-105 dBm")}
    samples(8)
    assert list(raised(scene)) == ["low_signal"]
    samples(12)
    assert raised(scene) == {}


def test_a_quota_at_eighty_percent(scene: Scene, host: Host) -> None:
    quota = {"today": 79, "per_day": 100, "month": 10, "per_month": None}
    beat(host, quota=quota)
    assert raised(scene) == {}
    beat(host, quota=quota | {"today": 80})
    assert raised(scene) == {"quota_near": (f"machine 1/{IMEI} day", "80 / 100")}
    beat(host, quota=quota | {"today": 0})
    assert raised(scene) == {}


def test_a_campaign_that_does_not_move(scene: Scene, host: Host) -> None:
    scene.contacts(3)
    scene.apply()
    scene.expand()
    assert raised(scene) == {}
    run(
        scene, "update campaign set expanded_at = now() - interval '40 minutes', window_from = null"
    )
    assert raised(scene)["campaign_stuck"][0] == "acme/hello"
    batch = host.claim()
    host.report(batch, "sent", only=slice(0, 1))
    assert raised(scene) == {}
    run(scene, "update segment set updated_at = now() - interval '31 minutes'")
    assert raised(scene)["campaign_stuck"][0] == "acme/hello"
    run(
        scene,
        "update campaign set window_until = now() - interval '1 minute', window_from = "
        "now() - interval '2 hours'",
    )
    assert "campaign_stuck" not in raised(scene), "outside its window it may rest"


def test_uncertain_messages_wait_for_a_person(scene: Scene, host: Host) -> None:
    scene.contacts(3)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "uncertain", only=slice(0, 2))
    host.report(batch, "sent", only=slice(2, 3))
    assert raised(scene) == {"uncertain_waiting": ("acme/hello", "2")}
    run(scene, "update message set state = 'written_off' where state = 'uncertain'")
    assert raised(scene) == {}


def test_a_refused_file_until_a_better_one_is_loaded(scene: Scene) -> None:
    def upload(token: str, state: str) -> None:
        run(
            scene,
            "insert into upload (import_id, client_id, kind, key, sha256, bytes, state, reason) "
            "select 'imp_' || %s, client_id, 'contacts', 'clients/acme/inbox/contacts/a.xlsx', "
            "repeat(%s, 64), 1, %s::upload_state, 'empty_file' from client",
            token * 12, token, state,
        )  # fmt: skip

    upload("1", "quarantined")
    assert raised(scene) == {"file_rejected": ("acme/a.xlsx", "empty_file")}
    upload("2", "loaded")
    assert raised(scene) == {}


def test_a_new_layout_and_news_that_nobody_takes(scene: Scene) -> None:
    run(scene, "insert into pbx (code) values ('siege')")
    run(
        scene,
        "insert into ticket_layout (layout, ticket_version, columns, record_length, first_pbx) "
        "values (repeat('a', 64), '5.1', 47, 600, 'siege')",
    )
    assert raised(scene) == {"new_ticket_layout": ("siege/5.1/aaaaaaaaaaaa", "47 / 600")}
    run(scene, "update ticket_layout set approved_at = now(), approved_by = 'ops:jane'")
    run(
        scene,
        "insert into alert_delivery (alert_id, news, receiver, language, attempts, last_error) "
        "select alert_id, 'raised', 'ops@a.example', 'fr', 3, 'no route' from alert",
    )
    assert raised(scene) == {"news_undelivered": ("ops@a.example", "no route")}
