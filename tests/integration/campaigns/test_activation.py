"""Activation: every check, and credit that concurrent activations can never overdraw."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from include.campaigns import control
from include.campaigns.faults import RefusedError
from tests.integration.campaigns.scene import Scene


def codes(receipt: dict[str, object]) -> list[str]:
    errors = receipt["errors"]
    assert isinstance(errors, list)
    return [error["code"] for error in errors]


def test_row_51_an_unknown_variable_is_refused_with_what_was_meant(scene: Scene) -> None:
    scene.contacts(2)
    receipt = scene.apply(message="Bonjour {prenmo}")
    assert codes(receipt) == ["unknown_variable"]
    error = receipt["errors"][0]
    assert (error["line"], error["field"]) == (7, "message")
    assert "Did you mean “prenom”?" in error["message_en"]
    assert receipt["state"] == "rejected"
    assert scene.db.one("select count(*) from campaign") == 0
    assert scene.db.all("select state, reason from upload where kind = 'campaign'") == [
        ("rejected", "unknown_variable")
    ]


def test_row_52_a_bad_placeholder_is_refused(scene: Scene) -> None:
    scene.contacts(2)
    assert codes(scene.apply(message="Bonjour {0.__class__}")) == ["bad_placeholder"]


def test_row_53_a_text_of_too_many_parts_is_refused(scene: Scene) -> None:
    scene.contacts(2)
    assert codes(scene.apply(message="x" * 1600)) == ["too_many_parts"]
    assert codes(scene.apply(message="x" * 170, max_segments=1)) == ["too_many_parts"]


def test_row_54_marketing_without_stop_is_refused(scene: Scene) -> None:
    scene.contacts(2)
    receipt = scene.apply(purpose="marketing", message="Promo", sender_name="Promo")
    assert codes(receipt) == ["stop_mention_required"]


def test_row_56_send_by_before_start_is_refused(scene: Scene) -> None:
    scene.contacts(2)
    schedule = {"start_at": "2031-01-02T10:00", "expire_at": "2031-01-01T10:00"}
    assert codes(scene.apply(schedule=schedule)) == ["expires_before_start"]


def test_row_55_a_start_outside_the_window_is_put_off_and_shown(scene: Scene) -> None:
    scene.contacts(2)
    receipt = scene.apply(
        state="draft",
        purpose="marketing",
        message="ACME : bonjour",
        sender_name="ACME",
        stop_mention="STOP 36123",
        schedule={"start_at": "2030-12-25T10:00"},
    )
    assert receipt["errors"] == []
    assert receipt["quote"]["starts_at"] == "2030-12-26T07:00:00+00:00"
    assert "start_moved" in [w["code"] for w in receipt["warnings"]]


def test_row_57_activated_twice_is_one_campaign_held_once(scene: Scene) -> None:
    scene.contacts(4)
    scene.group()
    first = scene.apply()
    held = scene.balance()
    again = scene.apply()
    assert (first["state"], again["state"]) == ("scheduled", "scheduled")
    assert again["errors"] == []
    assert scene.balance() == held
    scene.expand()
    assert scene.apply()["state"] == "sending"
    scene.expand()
    assert scene.db.one("select count(*) from message") == 4


def test_row_58_an_edited_text_counts_before_expansion_only(scene: Scene) -> None:
    scene.contacts(3)
    scene.group()
    scene.apply()
    scene.apply(state="paused")
    edited = scene.apply(message="Bonsoir {first_name}")
    assert edited["state"] == "scheduled"
    scene.expand()
    assert scene.apply(state="paused", message="Trop tard")["state"] == "paused"
    late = scene.apply(message="Trop tard")
    assert late["state"] == "sending"
    assert "text_frozen" in [warning["code"] for warning in late["warnings"]]
    assert scene.db.all("select distinct left(text, 7) from message") == [("Bonsoir",)]
    assert scene.balance()[1] == scene.db.one("select sum(price) from message")


def test_row_59_too_little_credit_refuses_the_whole(scene: Scene) -> None:
    scene.client("poor", credit="0.17")
    scene.contacts(3, client="poor")
    receipt = scene.apply(client="poor")
    assert codes(receipt) == ["credit_insufficient"]
    assert (receipt["state"], receipt["reason"]) == ("quoted", "credit_insufficient")
    assert receipt["quote"]["cost"] == "0.18"
    scene.expand()
    assert scene.db.one("select count(*) from message") == 0
    assert scene.balance("poor") == (Decimal("0.17"), Decimal(0))


def test_a_refused_change_leaves_what_was_active_as_it_was(scene: Scene) -> None:
    scene.client("poor", credit="0.18")
    scene.contacts(3, client="poor")
    assert scene.apply(client="poor")["state"] == "scheduled"
    receipt = scene.apply(client="poor", message="x" * 200)
    assert codes(receipt) == ["credit_insufficient"]
    assert receipt["state"] == "scheduled"
    assert scene.balance("poor") == (Decimal(0), Decimal("0.18"))


def test_24_activations_at_once_never_overdraw(scene: Scene) -> None:
    scene.client("busy", credit="1.00")  # enough for 16 campaigns of one message at 0.06
    scene.contacts(1, client="busy")
    files = [f"c{n}" for n in range(24)]
    with ThreadPoolExecutor(24) as pool:
        receipts = list(pool.map(lambda name: scene.apply(client="busy", campaign=name), files))
    states = [receipt["state"] for receipt in receipts]
    assert states.count("scheduled") == 16
    assert states.count("quoted") == 8
    assert {receipt["reason"] for receipt in receipts} == {None, "credit_insufficient"}
    assert scene.balance("busy") == (Decimal("0.04"), Decimal("0.96"))


def test_one_campaign_activated_by_20_at_once_is_held_once(scene: Scene) -> None:
    scene.contacts(2)
    with ThreadPoolExecutor(20) as pool:
        receipts = list(pool.map(lambda n: scene.apply_raw(raw(scene), f"f{n}.yaml"), range(20)))
    assert {receipt["state"] for receipt in receipts} == {"scheduled"}
    assert scene.balance() == (Decimal("99.88"), Decimal("0.12"))


def raw(scene: Scene) -> bytes:
    import yaml

    return yaml.safe_dump(scene.file()).encode()


def test_marketing_over_sim_modems_is_refused_in_france(scene: Scene) -> None:
    scene.contacts(2)
    marketing = {
        "purpose": "marketing",
        "message": "ACME : promo",
        "sender_name": "ACME",
        "stop_mention": "STOP 36123",
    }
    receipt = scene.apply(**marketing)
    assert codes(receipt) == ["marketing_over_sim_refused"]
    assert receipt["state"] == "quoted"
    assert "2022-1583" in receipt["errors"][0]["message"]
    assert scene.balance()[1] == 0
    control.exempt("acme", "hello", "own_recipients", "ops:jane")
    assert scene.apply(**marketing)["state"] == "scheduled"
    assert scene.db.one("select count(*) from audit_entry where action = 'campaign_exempt'") == 1


def test_above_the_clients_limit_a_person_approves(scene: Scene) -> None:
    scene.client("careful", approve_above=Decimal("0.10"))
    scene.contacts(2, client="careful")
    assert scene.apply(client="careful")["state"] == "awaiting_approval"
    assert scene.balance("careful")[1] == 0
    assert scene.apply(client="careful")["state"] == "awaiting_approval"
    done = control.approve("careful", "hello", "ops:jane")
    assert done["state"] == "scheduled"
    assert scene.balance("careful")[1] == Decimal("0.12")
    with pytest.raises(RefusedError):
        control.approve("careful", "hello", "ops:jane")


def test_an_approval_is_for_the_price_that_was_asked(scene: Scene) -> None:
    scene.client("careful", approve_above=Decimal("0.10"))
    scene.contacts(2, client="careful")
    scene.apply(client="careful")
    scene.db.all(
        "insert into contact (list_id, msisdn, first_name, upload_id, row_number) "
        "select list_id, '+33639989999', 'Zoé', upload_id, 9 from contact limit 1 returning 1"
    )
    done = control.approve("careful", "hello", "ops:jane")
    assert (done["state"], done["errors"][0]["code"]) == ("quoted", "quote_changed")


def test_a_cited_quote_must_still_be_true(scene: Scene) -> None:
    scene.contacts(2)
    quote = scene.apply(state="draft")["quote"]
    assert codes(scene.apply(quote_id="quo_00000000")) == ["unknown_quote"]
    assert codes(scene.apply(quote_id=quote["quote_id"], message="Bonsoir")) == ["quote_changed"]
    assert scene.apply(quote_id=quote["quote_id"])["state"] == "scheduled"


def test_a_client_may_want_every_activation_to_cite_its_quote(scene: Scene) -> None:
    scene.client("strict", quote_required=True)
    scene.contacts(2, client="strict")
    receipt = scene.apply(client="strict")
    assert codes(receipt) == ["quote_required"]
    cited = receipt["quote"]["quote_id"]
    assert scene.apply(client="strict", quote_id=cited)["state"] == "scheduled"


def test_a_budget_is_a_limit(scene: Scene) -> None:
    scene.contacts(3)
    assert codes(scene.apply(budget={"max_cost": "0.17"})) == ["budget_cost"]
    assert codes(scene.apply(budget={"max_messages": 2})) == ["budget_messages"]
    assert scene.apply(budget={"max_cost": "0.18", "max_messages": 3})["state"] == "scheduled"


def test_an_unknown_list_and_a_stranger_are_refused(scene: Scene) -> None:
    scene.contacts(1)
    receipt = scene.apply(list="member")
    assert codes(receipt) == ["unknown_list"]
    assert receipt["errors"][0]["line"] == 4
    assert "“members”" in receipt["errors"][0]["message_en"]
    with pytest.raises(RefusedError):
        scene.apply(client="nobody")


def test_nobody_to_send_to_is_refused(scene: Scene) -> None:
    scene.contacts(0)
    assert codes(scene.apply()) == ["no_recipients"]


def test_a_missing_variable_can_refuse_the_campaign(scene: Scene) -> None:
    scene.contacts([("Zoé", None, None), (None, "B", None)])
    refused = scene.apply(on_missing_variable="reject_campaign")
    assert codes(refused) == ["missing_variable"]
    skipped = scene.apply(on_missing_variable="skip_contact")
    assert skipped["quote"]["skipped"] == {"missing_variable": 1}
