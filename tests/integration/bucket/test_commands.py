"""Command files do what they say, for the client whose inbox they lie in and for nobody else."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml

from include.billing import ledger
from include.bucket import commands
from include.bucket.process import process
from include.db import connect
from tests.integration.client_files import Inbox, csv_bytes, mapping, people

TO = ["06 39 98 00 01", "+33 6 39 98 00 02", "0639980001"]


def command(inbox: Inbox, name: str, **document: Any) -> dict[str, Any]:
    text = yaml.safe_dump({"version": 1, "kind": "command", **document}, allow_unicode=True)
    inbox.put(f"commands/{name}.yaml", text)
    return process(inbox.register(f"commands/{name}.yaml"))


def code(receipt: dict[str, Any]) -> tuple[str, str | None]:
    return receipt["state"], receipt["reason"] and receipt["reason"]["code"]


def told(inbox: Inbox, name: str) -> Any:
    return json.loads((inbox.root / f"outbox/receipts/{name}.yaml.json").read_text())


def load(inbox: Inbox, count: int = 2) -> None:
    sidecar = mapping("guests", "first_name", "last_name", "phone")
    inbox.put("contacts/guests.csv.mapping.yaml", sidecar)
    inbox.put("contacts/guests.csv", csv_bytes(people(count)))
    process(inbox.register("contacts/guests.csv"))


@pytest.fixture
def payer(inbox: Inbox) -> Inbox:
    """Client dupont with 10 EUR."""
    with connect() as conn:
        client_id = inbox.db.one("select client_id from client where code = 'dupont'")
        ledger.topup(conn, client_id, Decimal(10))
    return inbox


def test_export_then_delete_of_a_list(inbox: Inbox) -> None:
    load(inbox)
    place = inbox.root / "outbox/lists/guests"
    (place / "contacts.xlsx").unlink()
    receipt = command(inbox, "out", command="export_list", list="guests")
    assert code(receipt) == ("loaded", None)
    assert all((inbox.root.parent.parent / name).exists() for name in receipt["files"])
    assert not (inbox.root / "inbox/commands/out.yaml").exists()
    assert code(command(inbox, "off", command="delete_list", list="guests")) == ("loaded", None)
    assert inbox.db.one("select count(*) from contact_list") == 0
    assert list(place.iterdir()) == []
    assert code(command(inbox, "off", command="delete_list", list="guests")) == (
        "rejected",
        "no_such_list",
    )
    assert code(told(inbox, "off")) == ("rejected", "no_such_list")


@pytest.mark.parametrize("state", ["awaiting_approval", "scheduled", "sending", "paused"])
def test_a_list_in_use_is_not_deleted_but_a_finished_campaign_lets_go(
    inbox: Inbox, state: str
) -> None:
    load(inbox)
    inbox.db.conn.cursor().execute(
        "insert into campaign (client_id, name, list_id, state, purpose, spec)"
        " select client_id, 'spring', list_id, %s, 'transactional', '{}' from contact_list",
        (state,),
    )
    receipt = command(inbox, "off", command="delete_list", list="guests")
    assert code(receipt) == ("rejected", "list_in_use")
    assert "spring" in receipt["reason"]["message_fr"]
    assert len(inbox.numbers("guests")) == 2
    inbox.db.conn.cursor().execute("update campaign set state = 'completed'")
    assert code(command(inbox, "off", command="delete_list", list="guests")) == ("loaded", None)
    assert inbox.db.all("select list_id from campaign") == [(None,)]


def test_nobody_reaches_another_client_s_list(
    inbox: Inbox, add_client: Callable[..., Inbox]
) -> None:
    load(inbox)
    other = add_client("autre")
    for what in ("export_list", "delete_list"):
        assert code(command(other, "x", command=what, list="guests")) == (
            "rejected",
            "no_such_list",
        )
    assert len(inbox.numbers("guests")) == 2
    assert not (other.root / "outbox/lists").exists()


def test_preferences_change_one_row_and_only_what_they_name(
    inbox: Inbox, add_client: Callable[..., Inbox]
) -> None:
    add_client("autre", alert_address="keep@autre.example")
    rows = (
        "select language, completion, auto_confirm, alert_address, max_columns, approve_above"
        " from client where code = %s"
    )
    before = inbox.db.all(rows, ("autre",))
    wanted = {"language": "en", "completion": "marker", "alert_address": "ops@dupont.example"}
    receipt = command(inbox, "prefs", command="preferences", preferences=wanted)
    unnamed = {"auto_confirm": "never", "holidays": "national", "formula_like_text": "accept"}
    assert receipt["preferences"] == {**wanted, **unnamed}
    assert inbox.db.all(rows, ("autre",)) == before
    assert inbox.db.all(rows, ("dupont",)) == [
        ("en", "marker", "never", "ops@dupont.example", 5, None)
    ]
    command(inbox, "prefs", command="preferences", preferences={"alert_address": ""})
    assert inbox.db.all(rows, ("dupont",)) == [("en", "marker", "never", None, 5, None)]
    refused = command(inbox, "prefs", command="preferences", preferences={"approve_above": "9"})
    assert code(refused) == ("rejected", "command_invalid")


def test_a_quick_send_is_a_list_and_a_campaign_once(payer: Inbox) -> None:
    receipt = command(payer, "quick", command="quick_send", send={"to": TO, "text": "Fermé à 18 h"})
    assert code(receipt) == ("loaded", None), receipt
    name = receipt["campaign"]
    assert receipt["quote"]["recipients"] == 2
    assert payer.numbers(name) == ["+33639980001", "+33639980002"]
    assert payer.db.all("select name, purpose, state::text from campaign") == [
        (name, "transactional", receipt["campaign_state"])
    ]
    assert receipt["campaign_state"] == "scheduled"
    for file in receipt["files"]:
        assert (payer.root.parent.parent / file).exists()
    assert code(told(payer, "quick")) == ("loaded", None)
    held = payer.db.one("select sum(held) from ledger_entry")
    again = command(payer, "quick", command="quick_send", send={"to": TO, "text": "Fermé à 18 h"})
    assert code(again) == ("duplicate", "quick_send_done")
    assert payer.db.one("select sum(held) from ledger_entry") == held


def test_without_credit_it_waits_as_a_quote_and_goes_when_dropped_again(inbox: Inbox) -> None:
    send = {"to": TO, "text": "Fermé", "name": "soir"}
    receipt = command(inbox, "quick", command="quick_send", send=send)
    assert code(receipt) == ("rejected", "credit_insufficient")
    assert inbox.db.all("select name, state::text from campaign") == [("quick-soir", "quoted")]
    with connect() as conn:
        ledger.topup(conn, int(inbox.db.one("select client_id from client")), Decimal(10))
    assert code(command(inbox, "quick", command="quick_send", send=send)) == ("loaded", None)


@pytest.mark.parametrize(
    ("send", "reason"),
    [
        ({"to": ["112"], "text": "x"}, "quick_send_number"),
        ({"to": [TO[0], "08 99 00 00 00"], "text": "x"}, "quick_send_number"),
        ({"to": ["=cmd()"], "text": "x"}, "quick_send_number"),
        ({"to": TO, "text": "Bonjour {prenom}"}, "missing_variable"),
        ({"to": TO, "text": "Bonjour {nimporte}"}, "unknown_variable"),
        ({"to": TO, "text": "{"}, "bad_placeholder"),
    ],
)
def test_a_quick_send_that_cannot_be_sends_nothing(
    payer: Inbox, send: dict[str, Any], reason: str
) -> None:
    receipt = command(payer, "quick", command="quick_send", send=send)
    assert code(receipt) == ("rejected", reason), receipt["reason"]
    assert payer.db.one("select coalesce(sum(held), 0) from ledger_entry") == 0
    assert payer.db.one("select count(*) from campaign where state <> 'quoted'") == 0


def test_a_quick_send_never_empties_a_list_of_files(payer: Inbox) -> None:
    sidecar = mapping("quick-noel", "first_name", "last_name", "phone")
    payer.drop("quick-noel.csv", csv_bytes(people(3, start=10)), sidecar)
    send = {"to": TO, "text": "x", "name": "noel"}
    receipt = command(payer, "quick", command="quick_send", send=send)
    assert code(receipt) == ("rejected", "quick_send_list_taken")
    assert len(payer.numbers("quick-noel")) == 3


def test_cut_off_before_its_receipt_it_is_told_without_being_done_again(
    payer: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(payer)
    text = "version: 1\nkind: command\ncommand: delete_list\nlist: guests\n"
    payer.put("commands/off.yaml", text)
    upload_id = payer.register("commands/off.yaml")
    with monkeypatch.context() as cut:
        cut.setattr(commands, "remove_list_files", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            process(upload_id)
    load(payer, 4)
    assert code(process(upload_id)) == ("loaded", None)
    assert process(upload_id) == process(upload_id)
    assert len(payer.numbers("guests")) == 4


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff\x00", "not_yaml"),
        (b"a: &a 1\nb: *a", "anchors_not_allowed"),
        (b"version: 1\nkind: command\ncommand: format_disk", "command_invalid"),
        (b"version: 1\nkind: command\ncommand: export_list\nlst: x", "command_invalid"),
    ],
)
def test_a_file_that_is_no_command_gets_its_receipt(inbox: Inbox, raw: bytes, reason: str) -> None:
    inbox.put("commands/x.yaml", raw)
    receipt = process(inbox.register("commands/x.yaml"))
    assert code(receipt) == ("rejected", reason)
    assert receipt["reason"]["message_fr"] and receipt["reason"]["message_en"]
    assert told(inbox, "x") == receipt
