"""Test numbers: the text goes to them before activation, priced, once, and shows in the status."""

import json
from decimal import Decimal
from typing import Any

from include.campaigns.expand import expand_due
from tests.integration.campaigns.scene import Scene

OURS = ["+33639980901", "06 39 98 09 02"]


def told(receipt: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in receipt["warnings"] if warning["code"] != "no_modem"]


def draft(scene: Scene, **changes: Any) -> dict[str, Any]:
    return scene.apply(**{"state": "draft", "test_to": OURS, **changes})


def test_a_draft_sends_its_text_to_the_test_numbers_and_is_only_quoted_itself(scene: Scene) -> None:
    scene.contacts([("Zoé", "Martin", None), ("Léo", "Petit", None)])
    receipt = draft(scene)
    assert (receipt["state"], told(receipt)) == ("quoted", ["test_sending"])
    assert receipt["quote"]["recipients"] == 2
    scene.group()
    expand_due()
    assert scene.db.all("select msisdn, text, state::text from message order by 1") == [
        ("+33639980901", "Bonjour Zoé", "planned"),
        ("+33639980902", "Bonjour Léo", "planned"),
    ]
    status = scene.status()
    (test,) = status["tests"]
    assert (status["state"], status["total"], test["state"]) == ("quoted", 0, "sending")
    assert test["counts"]["planned"] == 2 and test["campaign"].startswith("test-hello-")
    cost = Decimal(receipt["quote"]["cost"])
    assert scene.balance() == (100 - cost, cost)
    assert Decimal(test["held"]) == cost
    assert json.loads(scene.outbox("campaigns/hello/status.json"))["tests"][0]["campaign"]


def test_the_same_draft_again_tests_nothing_anew_and_an_edited_text_does(scene: Scene) -> None:
    scene.contacts(1)
    draft(scene)
    assert told(draft(scene, on_missing_variable="skip_contact")) == ["test_sent"]
    assert told(draft(scene, message="Bonsoir {first_name}")) == ["test_sending"]
    expand_due()
    texts = [str(text) for (text,) in scene.db.all("select text from message order by message_id")]
    assert sorted(texts) == ["Bonjour Anna0"] * 2 + ["Bonsoir Anna0"] * 2
    assert len(scene.status()["tests"]) == 2


def test_activation_sends_no_test_and_costs_what_was_quoted(scene: Scene) -> None:
    scene.contacts(3)
    quote = draft(scene)["quote"]
    expand_due()
    receipt = draft(scene, state="active", quote_id=quote["quote_id"])
    assert (receipt["state"], told(receipt)) == ("scheduled", ["test_only_draft"])
    expand_due()
    assert scene.status()["total"] == 3
    assert len(scene.status()["tests"]) == 1


def test_a_test_waits_for_no_window_and_marketing_is_tested_before_it_is_allowed(
    scene: Scene,
) -> None:
    scene.contacts(1)
    receipt = draft(
        scene,
        purpose="marketing",
        message="Acme : bonjour {first_name}",
        sender_name="Acme",
        stop_mention="STOP au 36111",
        schedule={"start_at": "2099-01-01T10:00:00"},
    )
    assert "test_sending" in told(receipt)
    expand_due()
    assert scene.db.one("select min(text) from message") == "Acme : bonjour Anna0 STOP au 36111"


def test_too_little_credit_is_told_and_the_quote_stands(scene: Scene) -> None:
    scene.client("poor", credit="0")
    scene.contacts(1, client="poor")
    receipt = draft(scene, client="poor")
    assert (receipt["state"], told(receipt)) == ("quoted", ["test_not_sent"])
    assert scene.db.one("select count(*) from campaign where name like 'test-%%'") == 0
    assert scene.status(client="poor")["tests"] == []


def test_a_test_above_the_limit_waits_for_a_person_as_any_campaign(scene: Scene) -> None:
    scene.client("careful", approve_above=Decimal(0))
    scene.contacts(1, client="careful")
    assert told(draft(scene, client="careful")) == ["test_waits"]
    (test,) = scene.status(client="careful")["tests"]
    assert test["state"] == "awaiting_approval"


def test_a_number_that_is_none_refuses_the_file_at_its_line(scene: Scene) -> None:
    scene.contacts(1)
    raw = (
        b"version: 1\nkind: campaign\ncampaign: hello\nlist: members\nstate: draft\n"
        b"purpose: transactional\nmessage: Bonjour\ntest_to:\n- '+33639980901'\n- 'twelve'\n"
    )
    receipt = scene.apply_raw(raw)
    (error,) = receipt["errors"]
    assert (error["code"], error["line"], error["field"]) == ("bad_test_number", 10, "test_to")
    assert scene.db.one("select count(*) from campaign") == 0


def test_an_opted_out_test_number_gets_nothing(scene: Scene) -> None:
    scene.contacts(1)
    scene.db.all(
        "insert into opt_out (msisdn, source) values ('+33639980901', 'stop') returning opt_out_id"
    )
    draft(scene)
    expand_due()
    assert scene.db.all("select msisdn from message where state = 'planned'") == [("+33639980902",)]
