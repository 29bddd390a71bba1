"""What clients find in their outbox, against the raw rows."""

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from include.campaigns.status import COUNTS, campaign_status
from include.errors import InputError
from include.reports.client_pages import write_pages
from include.reports.home import amount
from include.settings import settings
from include.storage import Storage
from tests.integration.reports.conftest import sheets_of
from tests.integration.reports.world import HOSTILE, NOW, World
from tests.unit.pages.html import check_page


def _read(code: str, name: str) -> bytes:
    return Storage(settings().bucket_url).read_bytes(f"clients/{code}/outbox/{name}")


def _states(world: World, campaign: str) -> Counter[str]:
    rows = world.run(
        "select message.state from message join campaign using (campaign_id) where name = %s",
        campaign,
    )
    return Counter(str(state) for (state,) in rows)


def test_status_json_has_each_message_in_one_count(world: World) -> None:
    write_pages(at=NOW)
    for client, campaign in (("dupont", "promo-noel"), ("dupont", "devis"), ("clinic", "rappel")):
        status = json.loads(_read(client, f"campaigns/{campaign}/status.json"))
        counts = _states(world, campaign)
        assert status["counts"] == {state: counts[state] for state in COUNTS}
        assert status == campaign_status(client, campaign)
        assert status["state"] == world.value(
            "select state from campaign where name = %s", campaign
        )
    assert set(COUNTS) == {
        str(s) for (s,) in world.run("select unnest(enum_range(null::message_state))")
    }


def test_deliveries_are_the_messages(world: World) -> None:
    write_pages(at=NOW)
    text = _read("dupont", "campaigns/promo-noel/deliveries.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    messages = world.run(
        "select msisdn, message.state::text, message.reason, segments, price from message "
        "join campaign using (campaign_id) where name = 'promo-noel' order by message_id"
    )
    assert [
        (
            r["phone"],
            r["state"],
            r["reason"].removeprefix("'"),
            int(r["segments"]),
            Decimal(r["price"]),
        )
        for r in rows
    ] == [(m[0], m[1], m[2] or "", m[3], m[4]) for m in messages]
    assert any(r["reason"].startswith("'=HYPERLINK") for r in rows)
    sheets = sheets_of(_read("dupont", "campaigns/promo-noel/report.xlsx"))
    assert [r["Téléphone"] for r in sheets["Messages"]] == [m[0] for m in messages]
    shown = {r["État"]: r["Messages"] for r in sheets["Où en sont les messages"]}
    assert shown["reçu par le destinataire"] == _states(world, "promo-noel")["delivered"]


def test_pages_of_the_outbox_stand_alone(world: World) -> None:
    keys = write_pages(at=NOW)
    pages = [key for key in keys if key.endswith(".html")]
    assert len(pages) == 2 + 5
    for key in pages:
        lang = "fr" if key.startswith("clients/dupont/") else "en"
        html = Storage(settings().bucket_url).read_bytes(key).decode()
        text = check_page(html, lang)
        if "promo-noel" in key:
            assert f"{HOSTILE} שלום" in text


def test_the_home_shows_credit_lists_campaigns_and_receipts(world: World) -> None:
    write_pages("dupont", at=NOW)
    html = _read("dupont", "index.html").decode()
    text = check_page(html, "fr")
    assert "358,78\u00a0€ de crédit, 300 contacts, 1 campagne en cours" in text
    assert 'href="campaigns/promo-noel/report.html"' in html
    assert "attendent que vous confirmiez" in text
    assert "rappel" not in text, "another client's campaign"
    balance = json.loads(_read("dupont", "account/balance.json"))
    assert (balance["balance"], balance["held"], balance["low"]) == ("358.78", "0.00", False)
    assert json.loads(_home(world)["balance"])["low"] is True
    history = sheets_of(_read("dupont", "account/history.xlsx"))["Historique"]
    assert [(r["Mouvement"], r["Effet sur le crédit"], r["Note"]) for r in history] == [
        ("Versement", 358.78, "'=1+1")
    ]


def _home(world: World) -> dict[str, Any]:
    write_pages("clinic")
    return {"balance": _read("clinic", "account/balance.json")}


def test_a_receipt_is_linked_once_it_exists(world: World) -> None:
    (import_id,) = world.run("select import_id from upload where key like '%%clients.xlsx'")[0]
    storage = Storage(settings().bucket_url)
    world.run(
        "update upload set updated_at = now() + interval '1 day' where import_id = %s", import_id
    )
    write_pages("dupont", at=NOW)
    assert b"receipt.html" not in _read("dupont", "index.html")
    storage.write_text(f"clients/dupont/outbox/imports/{import_id}/receipt.html", "x")
    write_pages("dupont", at=NOW)
    assert f'href="imports/{import_id}/receipt.html"'.encode() in _read("dupont", "index.html")


def test_only_what_changed_is_written_again(world: World) -> None:
    assert len(write_pages(at=NOW)) > 20
    assert write_pages(at=NOW) == []
    world.run(
        "update message set state = 'delivered' where message_id = (select m.message_id from message m "
        "join campaign c using (campaign_id) where c.name = 'rappel' and m.state = 'sent' limit 1)"
    )
    keys = write_pages(at=NOW)
    assert {key.split("/outbox/")[0] for key in keys} == {"clients/clinic"}
    assert {key.split("/")[4] for key in keys if "/campaigns/" in key} == {"rappel"}
    Storage(settings().bucket_url).delete("clients/dupont/outbox/campaigns/devis/report.html")
    assert any("devis/report.html" in key for key in write_pages(at=NOW))


def test_a_campaign_of_long_ago_is_counted_in_the_complete_pass_only(world: World) -> None:
    world.run(
        "update campaign set finished_at = now() - interval '25 hours' where name = 'octobre'"
    )
    write_pages(at=NOW)
    world.run(
        "update message set state = 'delivered' where message_id = (select m.message_id from message m "
        "join campaign c using (campaign_id) where c.name = 'octobre' and m.state = 'sent' limit 1)"
    )
    assert write_pages(at=NOW) == []
    keys = write_pages(complete=True, at=NOW)
    assert {key.split("/")[4] for key in keys if "/campaigns/" in key} == {"octobre"}
    assert b"octobre" in _read("dupont", "index.html")
    assert write_pages(at=NOW) == []


def test_what_a_campaign_came_to_outlives_its_messages(world: World) -> None:
    write_pages(at=NOW)
    status = campaign_status("dupont", "octobre")
    assert status["skipped"]
    world.drop_messages("octobre")
    assert campaign_status("dupont", "octobre") == status
    assert write_pages(complete=True, at=NOW) == []


def test_the_deliveries_of_a_large_running_campaign_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.reports.campaign.LIVE_DELIVERIES", 100)
    keys = write_pages(at=NOW)
    assert not any("promo-noel/deliveries.csv" in key for key in keys)
    assert b"deliveries.csv" not in _read("dupont", "campaigns/promo-noel/report.html")
    assert any("octobre/deliveries.csv" in key for key in keys), "complete: written at once"
    assert any("promo-noel/deliveries.csv" in key for key in write_pages(complete=True, at=NOW))


def test_a_history_is_read_only_where_it_has_grown_and_a_long_one_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages("dupont", at=NOW)
    entry = (
        "insert into ledger_entry (client_id, kind, amount) "
        "select client_id, 'topup', 5 from client where code = 'dupont'"
    )
    world.run(entry)
    assert any(key.endswith("history.xlsx") for key in write_pages("dupont", at=NOW))
    monkeypatch.setattr("include.reports.home.LIVE_ENTRIES", 1)
    world.run(entry)
    keys = [key.rpartition("/outbox/")[2] for key in write_pages("dupont", at=NOW)]
    assert keys == ["account/balance.json", "index.html"]
    keys = [key.rpartition("/outbox/")[2] for key in write_pages("dupont", complete=True, at=NOW)]
    assert keys == ["account/history.xlsx"]
    history = sheets_of(_read("dupont", "account/history.xlsx"))["Historique"]
    assert [row["Effet sur le crédit"] for row in history] == [5, 5, 358.78]


def test_an_unknown_client_is_said(world: World) -> None:
    with pytest.raises(InputError, match="unknown_client"):
        write_pages("nobody")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("358.7800", "358.78"),
        ("0.0450", "0.045"),
        ("1200", "1200.00"),
        ("0", "0.00"),
        ("-3.5", "-3.50"),
    ],
)
def test_amounts_are_exact(value: str, text: str) -> None:
    assert amount(Decimal(value)) == text
