"""Figures and orders of the monitoring page, on a real database, counted again from raw rows."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from include.db import connect, sql
from include.fleet.groups import delete_group
from include.web import figures
from include.web.visitor import Visitor, make_token
from tests.integration.campaigns.scene import Scene
from tests.integration.fleet.host import IMEI
from tests.integration.web.conftest import Site

KEYS = [
    "group_id", "mac", "alias", "modems", "state", "rate_limit", "rate", "sent", "delivered",
    "delivered_percent", "queued", "last_heartbeat",
]  # fmt: skip

ORDERS = ("stop", "stop", "drain", "start")


def test_the_document_has_the_contracts_keys_and_the_figures_of_the_rows(
    busy: Scene, site: Site
) -> None:
    document = site.get("/api/groups").json()
    assert list(document) == ["at", "tiles", "groups"]
    assert [list(group) for group in document["groups"]] == [KEYS] * 3
    first = document["groups"][0]
    assert (first["mac"], first["alias"]) == ("64:31:50:1b:e9:e9", "group 0")
    assert (first["sent"], first["delivered"], first["delivered_percent"]) == (4, 3, 75.0)
    assert (first["queued"], first["rate"], first["rate_limit"]) == (6, 0.8, None)
    assert datetime.fromisoformat(first["last_heartbeat"]) <= datetime.fromisoformat(document["at"])
    tiles = document["tiles"]
    assert (tiles["queued"], tiles["sent_today"], tiles["delivered_percent"]) == (6, 4, 75.0)
    assert (tiles["rate"], tiles["questions_waiting"]) == (0.8, 0)


def test_yesterdays_messages_are_in_the_totals_and_not_in_todays_tile(
    busy: Scene, site: Site
) -> None:
    busy.db.conn.cursor().execute(
        "update segment set submitted_at = now() - interval '30 hours' where part = 1 and "
        "message_id = (select min(message_id) from segment)"
    )
    document = site.get("/api/groups").json()
    assert document["groups"][0]["sent"] == 4
    assert document["tiles"]["sent_today"] == 3
    assert document["groups"][0]["rate"] == 0.6


def test_a_group_not_heard_of_is_lost_and_a_deleted_one_gone(busy: Scene, site: Site) -> None:
    busy.db.conn.cursor().execute(
        "update modem_group set last_heartbeat = now() - interval '6 minutes' "
        "where alias = 'group 0'"
    )
    delete_group("porta_tony")
    groups = site.get("/api/groups").json()["groups"]
    assert [(g["alias"], g["state"]) for g in groups] == [
        ("group 0", "lost"),
        ("notebook", "started"),
    ]
    assert "perdu" in site.get("/").text


def test_the_details_of_a_group(busy: Scene, site: Site) -> None:
    document = site.get("/api/groups/1").json()
    assert list(document["group"]) == [*KEYS, "sent_24h"]
    assert (sum(document["group"]["sent_24h"]), document["group"]["sent_24h"][23]) == (4, 4)
    first, second = document["modems"]
    assert (first["imei"], first["sent"], first["delivered"]) == ("356938035643809", 4, 3)
    assert (first["rssi"], first["dbm"], first["signal"]) == (20, -73, 4)
    assert (first["quota"], second["quota"]["used"]) == ({"used": 4, "limit": None}, 0)
    assert first["queued"] + second["queued"] == document["group"]["queued"] == 6
    assert (len(first["rssi_24h"]), first["rssi_24h"][23]) == (24, 20.0)
    assert second["delivered_percent"] is None


def test_a_quota_is_what_the_host_says_of_its_sim(busy: Scene, site: Site) -> None:
    told = [{"imei": IMEI, "quota": {"today": 90, "per_day": 200}, "balance": "Solde 4,20 EUR"}]
    cur = busy.db.conn.cursor()
    cur.execute("select take_modems(1, %s)", (json.dumps(told),))
    first = site.get("/api/groups/1").json()["modems"][0]
    assert (first["quota"], first["balance"]) == ({"used": 90, "limit": 200}, "Solde 4,20 EUR")
    assert "limite 200" in site.get("/groups/1").text
    for quota in ({"today": "<b>", "per_day": []}, {"x": "y" * 2000}, [1], "many"):
        cur.execute("select take_modems(1, %s)", (json.dumps([{"imei": IMEI, "quota": quota}]),))
        assert site.get("/api/groups/1").json()["modems"][0]["quota"] == {"used": 4, "limit": None}


def test_questions_are_counted(busy: Scene, site: Site) -> None:
    busy.db.conn.cursor().execute(
        "update upload set state = 'awaiting_mapping' where upload_id = 1"
    )
    busy.db.conn.cursor().execute("update message set state = 'uncertain' where message_id = 10")
    tiles = site.get("/api/groups").json()["tiles"]
    assert tiles["questions_waiting"] == 2
    assert tiles["questions"] == {"mappings": 1, "approvals": 0, "uncertain": 1}
    assert "colonnes d&#39;un fichier, messages incertains d&#39;une campagne" in site.get("/").text


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("2026-11-23T06:00:00", 720),  # Monday before eight in Paris: the whole window
        ("2026-11-23T12:00:00", 420),
        ("2026-11-23T19:30:00", 0),
        ("2026-11-22T12:00:00", 0),  # a Sunday
        ("2026-11-11T12:00:00", 0),  # a public holiday
    ],
)
def test_minutes_left_of_todays_window(
    monkeypatch: pytest.MonkeyPatch, at: str, left: float
) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://unused")
    assert figures.minutes_left(datetime.fromisoformat(at).replace(tzinfo=UTC)) == left


def test_without_a_legal_window_the_day_ends_at_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://unused")
    monkeypatch.setenv("SMSSWITCH_COMPLIANCE_PROFILE", "none")
    assert figures.minutes_left(datetime(2026, 11, 22, 22, 0, tzinfo=UTC)) == 60


def test_orders_change_the_group_and_are_audited(busy: Scene, site: Site) -> None:
    said = [site.post(f"/api/groups/3/{action}").json()["message"] for action in ORDERS]
    assert said == [
        f"notebook\u00a0: {word}" for word in ("arrêté", "arrêté", "en vidange", "démarré")
    ]
    assert busy.db.one("select state::text from modem_group where group_id = 3") == "started"
    kept = busy.db.all(
        "select action, detail ->> 'before' from audit_entry where actor = 'ops:jane' and "
        "subject = 'group:e8:11:32:c9:ab:36' order by entry_id"
    )
    assert kept == [
        ("group_stopped", "started"),
        ("group_stopped", "stopped"),  # a double click: nothing more happens
        ("group_draining", "stopped"),
        ("group_started", "draining"),
    ]


def test_a_stale_page_of_a_deleted_group_gets_clear_words(busy: Scene, site: Site) -> None:
    delete_group("notebook")
    for answer in (site.post("/api/groups/3/start"), site.get("/api/groups/3")):
        assert answer.status_code == 404
        assert answer.json()["detail"] == "il n'y a pas (ou plus) de groupe 3"
    assert busy.db.one("select count(*) from audit_entry where action = 'group_started'") == 0


def test_what_is_not_a_group_or_an_order_is_refused(busy: Scene, site: Site) -> None:
    token = site.token()
    for path in ("/api/groups/0/stop", "/api/groups/1/explode", "/api/groups/x/stop"):
        assert site.post(path, token).status_code == 422, path
    assert site.post(f"/api/groups/{2**64}/stop", token).status_code == 422
    assert site.get("/api/groups/1/stop").status_code == 405


def test_without_a_database_the_page_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    answer = site.get("/", "en")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        ("web/groups", {"segment_modem", "imei_updated_at"}),
        ("web/sent_by_hour", {"segment_modem", "imei_updated_at"}),
        ("web/signal_by_hour", {"modem_sample_earlier_pkey", "_pkey on modem_sample_2"}),
    ],
)
def test_the_queries_take_the_day_from_the_index(
    busy: Scene, statement: str, indexes: set[str]
) -> None:
    now = datetime.now(UTC)
    values = {"lost_after": timedelta(minutes=5), "midnight": now, "at": now, "group_id": 1}
    with connect() as conn, conn.cursor() as cur:
        cur.execute("set local enable_seqscan = off")
        cur.execute("explain " + sql(statement), values)
        plan = "\n".join(row[0] for row in cur.fetchall())
    assert any(index in plan for index in indexes), plan
    assert "Index Cond" in plan


def test_a_token_is_one_persons_and_ends() -> None:
    jane, joe = Visitor("ops:jane", True), Visitor("ops:joe", True)
    token = make_token(b"secret", jane)
    from include.web.visitor import token_holds

    assert token_holds(b"secret", jane, token)
    assert not token_holds(b"secret", joe, token)
    assert not token_holds(b"other", jane, token)
    until, _, signature = token.partition(".")
    for wrong in (None, "", ".", "x.y", f"{int(until) + 1}.{signature}", f"1.{signature}", "é.é"):
        assert not token_holds(b"secret", jane, wrong), wrong
