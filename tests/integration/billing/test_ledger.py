"""The ledger against the messages, after real campaigns; what it refuses; the low-credit alert."""

import json
from typing import Any

import psycopg2
import pytest
from click.testing import CliRunner, Result

from include.billing.ledger import disagreements
from include.cli import smsswitch
from include.db import connect
from include.errors import InputError
from tests.integration.campaigns.scene import Scene, scene

__all__ = ["scene"]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, ["billing", "ledger", *arguments])


def _found() -> list[tuple[Any, Any]]:
    with connect() as conn:
        return [(row["campaign"], row["what"]) for row in disagreements(conn)]


def _settle_as(scene: Scene, *states: str) -> None:
    """Messages end in these states, one after the other; a half-sent one where it is `half`."""
    ids = scene.db.all("select activation_month, message_id, batch_id from message order by 2")
    for (month, message_id, batch_id), state in zip(ids, states, strict=True):
        fate = "failed" if state == "half" else state
        scene.db.all(
            "update message set state = %s where message_id = %s returning 1", (fate, message_id)
        )
        parts = ("sent", "failed") if state == "half" else ()
        for part, kind in enumerate(parts, 1):
            scene.db.all(
                "insert into segment (activation_month, message_id, part, state, group_id, batch_id, "
                "attempt_id) select %s, %s, %s, %s, group_id, batch_id, gen_random_uuid() "
                "from send_batch where batch_id = %s returning 1",
                (month, message_id, part, kind, batch_id),
            )


def test_the_ledger_is_what_the_messages_say_at_every_step(scene: Scene) -> None:
    scene.group()
    scene.contacts(6)
    assert _found() == []
    scene.apply(campaign="plain")
    scene.apply(campaign="long", message="x" * 200)
    scene.apply(campaign="never", schedule={"start": "2031-01-01T10:00:00+01:00"})
    assert _found() == []
    scene.expand()
    scene.db.all("delete from send_batch where batch_id not in (select batch_id from message "
                 "where batch_id is not null) returning 1")  # fmt: skip
    assert _found() == []
    _settle_as(
        scene,
        *("sent", "delivered", "undelivered", "failed", "uncertain", "planned"),
        *("half", "sent", "half", "uncertain", "failed", "skipped"),
    )
    assert _found() == []
    scene.rollup()
    assert _found() == []
    captured = scene.db.one("select -sum(held) from ledger_entry where kind = 'capture'")
    # 3 of one part at 0.06; one of two parts; two of two parts of which one went out
    assert str(captured) == "0.4200"
    scene.db.all("update message set state = 'sent' where state = 'uncertain' returning 1")
    scene.rollup()
    assert _found() == []
    assert scene.db.one("select -sum(held) from ledger_entry where kind = 'capture'") is not None


def test_a_disagreement_is_named_by_client_campaign_and_amount(scene: Scene) -> None:
    scene.group()
    scene.contacts(2)
    scene.apply()
    scene.expand()
    told = json.loads(_run("check", "--json").stdout)
    assert told == {"disagreements": []}
    assert "is what the messages say" in _run("check").stdout
    dearer = "update message set price = price + 1 where contact_id = %s returning 1"
    scene.db.all(dearer, (scene.db.one("select min(contact_id) from contact"),))
    refused = _run("check")
    assert isinstance(refused.exception, InputError)
    assert "acme hello: held: messages say 1.1200, the ledger 0.1200 EUR" in refused.stdout
    scene.db.all("update message set price = price - 1 where price > 1 returning 1")
    scene.db.all("update message set state = 'sent', settled = true returning 1")
    assert _found() == [("hello", "captured"), ("hello", "held")]


def test_the_command_shows_every_entry(scene: Scene) -> None:
    scene.contacts(2)
    scene.apply()
    told = json.loads(_run("show", "acme", "--json").stdout)
    assert [entry["kind"] for entry in told["entries"]] == ["topup", "reserve"]
    assert (told["available"], told["held"]) == ("99.8800", "0.1200")
    assert "99.8800 EUR to spend, 0.1200 EUR held" in _run("show", "acme").stdout
    assert "unknown_client" in str(_run("show", "nobody").exception)


def test_row_59_a_price_above_the_credit_plans_nothing_and_holds_nothing(scene: Scene) -> None:
    scene.client("poor", credit="0.17")
    scene.contacts(3, client="poor")
    receipt = scene.apply(client="poor")
    assert [error["code"] for error in receipt["errors"]] == ["credit_insufficient"]
    assert receipt["state"] == "quoted"
    scene.expand()
    assert scene.db.one("select count(*) from message") == 0
    assert scene.db.all("select kind::text from ledger_entry join client using (client_id) "
                        "where code = 'poor'") == [("topup",)]  # fmt: skip
    with connect() as conn, pytest.raises(psycopg2.Error) as refused:
        conn.cursor().execute(
            "insert into ledger_entry (client_id, kind, amount, held) "
            "select client_id, 'reserve', -0.18, 0.18 from client where code = 'poor'"
        )
    assert refused.value.pgcode == "SM402"


def test_the_low_credit_alert_opens_once_and_closes_with_a_topup(scene: Scene) -> None:
    scene.client("poor", credit="3")
    for _ in range(2):
        scene.rollup()
    alerts = "select subject, over_at is null from alert where kind = 'low_credit'"
    assert scene.db.all(alerts) == [("poor", True)]
    topped = CliRunner().invoke(smsswitch, ["clients", "topup", "poor", "50"])
    assert topped.exit_code == 0, topped.output
    scene.rollup()
    assert scene.db.all(alerts) == [("poor", False)]
