"""Campaign files from the drop to the receipt."""

import json

from tests.integration.campaigns.scene import Scene


def test_a_draft_gets_a_quote_and_nothing_is_held(scene: Scene) -> None:
    scene.contacts(3)
    receipt = scene.apply(state="draft")
    quote = receipt["quote"]
    assert receipt["state"] == "quoted"
    assert receipt["errors"] == []
    assert (quote["recipients"], quote["segments"], quote["encoding"]) == (3, 3, "gsm7")
    assert quote["skipped"] == {}
    assert float(quote["cost"]) > 0
    assert scene.balance()[1] == 0
    assert json.loads(scene.outbox("campaigns/hello/quote.json")) == quote
    assert "hello" in scene.outbox("campaigns/hello/quote.html")
    assert json.loads(scene.outbox("receipts/hello.yaml.json"))["state"] == "quoted"
    assert json.loads(scene.outbox("campaigns/hello/status.json"))["state"] == "quoted"
    assert scene.db.all("select in_inbox, state from upload where kind = 'campaign'") == [
        (False, "loaded")
    ]


def test_an_activation_holds_the_whole_price_and_expansion_plans_every_contact(
    scene: Scene,
) -> None:
    scene.contacts(5)
    scene.group()
    receipt = scene.apply()
    assert receipt["state"] == "scheduled"
    held = scene.balance()[1]
    assert str(held.quantize(held)) == str(held)
    assert float(receipt["quote"]["cost"]) == float(held)
    done = scene.expand()
    assert done["expanded"][0]["messages"] == 5
    status = scene.status()
    assert status["state"] == "sending"
    assert status["counts"]["planned"] == 5
    assert status["total"] == 5
    assert scene.db.all("select text from message order by message_id")[0] == ("Bonjour Anna0",)
    assert scene.db.all("select group_id, messages, segments from send_batch") == [(1, 5, 5)]
