"""Commercial texts to people who live under other hours than the client."""

from typing import Any

from include.campaigns import control
from tests.integration.campaigns.scene import Scene

MARKETING = {
    "purpose": "marketing",
    "message": "Acme : soldes demain",
    "sender_name": "Acme",
    "stop_mention": "STOP au 36111",
}


def marketing(scene: Scene, away: dict[str, str], **changes: Any) -> dict[str, Any]:
    """Four contacts, some of whom have these numbers instead; quoted, allowed, activated, expanded."""
    scene.contacts(4)
    scene.group()
    for instead, number in away.items():
        scene.db.conn.cursor().execute(
            "update contact set msisdn = %s where msisdn = %s", (number, instead)
        )
    scene.apply(**MARKETING, **changes, state="draft")
    control.exempt("acme", "hello", "own_recipients", "test")
    receipt = scene.apply(**MARKETING, **changes)
    scene.db.conn.cursor().execute("update campaign set start_at = now()")
    scene.expand()
    return receipt


def test_each_place_has_its_own_batches_and_window(scene: Scene) -> None:
    receipt = marketing(scene, {"+33639980001": "+262692000001", "+33639980002": "+590690000002"})
    assert {w["code"] for w in receipt["warnings"]} >= {"elsewhere"}
    assert scene.db.all(
        "select b.region, count(*) from message join send_batch as b using (batch_id)"
        " group by 1 order by 1"
    ) == [("GP:America/Guadeloupe", 1), ("RE:Indian/Reunion", 1), (None, 2)]
    assert scene.db.all(
        "select region, to_char(window_until at time zone split_part(region, ':', 2), 'HH24:MI')"
        " from campaign_region order by 1"
    ) == [("GP:America/Guadeloupe", "20:00"), ("RE:Indian/Reunion", "20:00")]


def test_hours_that_never_meet_are_told_before_anything_is_paid(scene: Scene) -> None:
    receipt = marketing(
        scene,
        {"+33639980001": "+687750001"},
        schedule={"window": ["14:00", "18:00"], "timezone": "Europe/Paris"},
    )
    assert receipt["quote"]["skipped"] == {"no_window": 1}
    assert scene.db.all("select msisdn from message where reason = 'no_window'") == [
        ("+687750001",)
    ]
    assert scene.db.one("select count(*) from campaign_region") == 0


def test_what_comes_back_is_shared_out_by_place_again(scene: Scene) -> None:
    marketing(scene, {"+33639980001": "+262692000001"})
    scene.db.conn.cursor().execute(
        "update message set batch_id = null; delete from send_batch;"
        "update campaign_region set window_from = now() - interval '2 day',"
        " window_until = now() - interval '1 day'"
    )
    scene.expand()
    assert scene.db.all(
        "select b.region, count(*) from message join send_batch as b using (batch_id)"
        " group by 1 order by 1"
    ) == [("RE:Indian/Reunion", 1), (None, 3)]
    assert scene.db.one("select bool_and(window_until > now()) from campaign_region")


def test_a_transactional_text_goes_at_any_hour_wherever(scene: Scene) -> None:
    scene.contacts(2)
    scene.group()
    scene.db.conn.cursor().execute(
        "update contact set msisdn = '+262692000001' where msisdn = '+33639980001'"
    )
    scene.apply()
    scene.expand()
    assert scene.db.all("select distinct region from send_batch") == [(None,)]
