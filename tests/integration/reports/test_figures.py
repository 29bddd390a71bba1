"""Every figure of R1, R2, R6, R10 and T1, counted again here from the raw rows."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.reports.build import build
from tests.integration.reports.conftest import Book
from tests.integration.reports.world import NOW, World

PARIS = ZoneInfo("Europe/Paris")
PERIODS = {
    "2026-11": (datetime(2026, 11, 1, tzinfo=PARIS), datetime(2026, 12, 1, tzinfo=PARIS)),
    "2026-11-06": (datetime(2026, 11, 6, tzinfo=PARIS), datetime(2026, 11, 7, tzinfo=PARIS)),
    "2026": (datetime(2026, 1, 1, tzinfo=PARIS), datetime(2027, 1, 1, tzinfo=PARIS)),
}
TAKEN = ("sent", "delivered", "undelivered")
TRIED = (*TAKEN, "failed", "uncertain")
Read = Callable[[str], Book]


def _raw(world: World, table: str) -> list[dict[str, Any]]:
    with world.db.conn.cursor() as cur:
        cur.execute(f"select * from {table}")
        names = [column.name for column in cur.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]


def _within(at: datetime | None, period: str) -> bool:
    first, after = PERIODS[period]
    return at is not None and first <= at < after


def _percent(part: int, whole: int) -> float | None:
    if not whole:
        return None
    exact = Decimal(100 * part) / Decimal(whole)
    return float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _segments(world: World, period: str) -> list[dict[str, Any]]:
    return [
        s
        for s in _raw(world, "segment")
        if s["state"] in TRIED and _within(s["submitted_at"] or s["updated_at"], period)
    ]


def _book(read: Read, name: str, period: str) -> Book:
    keys = build([name], period, at=NOW)
    return read(next(key for key in keys if key.endswith(".xlsx")))


def test_r1_groups(world: World, book: Read) -> None:
    for period in PERIODS:
        _check_r1_groups(world, book, period)


def _check_r1_groups(world: World, book: Read, period: str) -> None:
    rows = {row["Numéro MAC"]: row for row in _book(book, "R1", period)["Groupes"]}
    groups = {g["group_id"]: g for g in _raw(world, "modem_group")}
    batches = {b["batch_id"]: b for b in _raw(world, "send_batch")}
    tried = defaultdict(list)
    for segment in _segments(world, period):
        tried[segment["group_id"]].append(segment)
    queued: Counter[int] = Counter()
    for message in _raw(world, "message"):
        if message["batch_id"] and message["state"] in ("planned", "leased"):
            queued[batches[message["batch_id"]]["group_id"]] += message["segments"]
    assert set(rows) == {g["mac"] for g in groups.values()}
    assert sum(row["SMS envoyés"] for row in rows.values()) > 0
    for group_id, group in groups.items():
        row, mine = rows[group["mac"]], tried[group_id]
        states = Counter(s["state"] for s in mine)
        sent = sum(states[s] for s in TAKEN)
        minutes = {s["submitted_at"].replace(second=0) for s in mine if s["state"] in TAKEN}
        assert row["SMS envoyés"] == sent
        assert row["SMS reçus"] == states["delivered"]
        assert row["% reçus"] == _percent(states["delivered"], sent)
        assert row["Non remis"] == states["undelivered"]
        assert row["Échoués"] == states["failed"]
        assert row["Incertains"] == states["uncertain"]
        assert row["Messages"] == len({s["message_id"] for s in mine})
        assert row["En queue"] == queued[group_id]
        assert row["Modems"] == group["modems"]
        expected = round(Decimal(sent) / len(minutes), 1) if minutes else None
        assert row["Vitesse (SMS/min)"] == pytest.approx(expected and float(expected), abs=0.1)
    states_shown = {row["Alias"]: row["État"] for row in rows.values()}
    assert states_shown["machine 1"] == "démarré"
    assert states_shown["porta_tony"] == "perdu"
    assert states_shown["notebook"] == "arrêté"


def test_r2_modems(world: World, book: Read) -> None:
    for period in PERIODS:
        _check_r2_modems(world, book, period)


def _check_r2_modems(world: World, book: Read, period: str) -> None:
    rows = {row["IMEI"]: row for row in _book(book, "R2", period)["Modems"]}
    modems = {m["imei"]: m for m in _raw(world, "modem")}
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for segment in _segments(world, period):
        states[segment["imei"]][segment["state"]] += 1
    labels = [(6, "très mauvais"), (12, "mauvais"), (18, "moyen"), (24, "bon"), (31, "très bon")]
    assert set(rows) == set(modems)
    for imei, modem in modems.items():
        row, mine = rows[imei], states[imei]
        sent = sum(mine[s] for s in TAKEN)
        assert row["SMS envoyés"] == sent
        assert row["SMS reçus"] == mine["delivered"]
        assert row["% reçus"] == _percent(mine["delivered"], sent)
        assert row["Non remis"] == mine["undelivered"]
        assert row["Échoués"] == mine["failed"]
        assert row["Incertains"] == mine["uncertain"]
        assert row["État"] == ("en service" if modem["in_service"] else "hors service")
        rssi = modem["rssi"]
        label = "introuvable" if rssi is None else next(w for top, w in labels if rssi <= top)
        assert row["Signal"] == label
        assert row["dBm"] == (None if rssi is None else -113 + 2 * rssi)


def test_r6_campaigns(world: World, book: Read) -> None:
    for period in PERIODS:
        _check_r6_campaigns(world, book, period)


def test_r6_is_the_same_once_messages_are_dropped(world: World, book: Read) -> None:
    before = _book(book, "R6", "2026-11")
    world.drop_messages("promo-noel")
    assert _book(book, "R6", "2026-11") == before


def _check_r6_campaigns(world: World, book: Read, period: str) -> None:
    sheets = _book(book, "R6", period)
    rows = {row["Campagne"]: row for row in sheets["Campagnes"]}
    by_campaign = defaultdict(list)
    for message in _raw(world, "message"):
        by_campaign[message["campaign_id"]].append(message)
    campaigns = {
        c["name"]: c
        for c in _raw(world, "campaign")
        if _within(c["activated_at"] or c["created_at"], period)
    }
    assert set(rows) == set(campaigns)
    assert "promo-noel" in rows
    reasons: Counter[tuple[str, str | None]] = Counter()
    for name, campaign in campaigns.items():
        row, messages = rows[name], by_campaign[campaign["campaign_id"]]
        states = Counter(m["state"] for m in messages)
        taken = [m for m in messages if m["state"] in TAKEN]
        assert row["Destinataires"] == len(messages)
        assert row["Retenus"] == len(messages) - states["skipped"]
        assert row["En attente"] == states["planned"] + states["leased"]
        assert row["Envoyés"] == len(taken)
        assert row["Sans accusé"] == states["sent"]
        assert row["Reçus"] == states["delivered"]
        assert row["% reçus"] == _percent(states["delivered"], len(taken))
        for title, state in (
            ("Non remis", "undelivered"), ("Échoués", "failed"), ("Incertains", "uncertain"),
            ("Abandonnés", "written_off"), ("Écartés", "skipped"), ("Expirés", "expired"),
            ("Annulés", "cancelled"),
        ):  # fmt: skip
            assert row[title] == states[state], title
        assert row["SMS facturés"] == sum(m["segments"] for m in taken)
        assert Decimal(str(row["Coût HT"])) == sum((m["price"] for m in taken), Decimal(0))
        for message in messages:
            if message["state"] in ("skipped", "failed", "undelivered"):
                reasons[message["state"], message["reason"]] += 1
    words = {"écarté": "skipped", "échoué": "failed", "non remis": "undelivered"}
    shown = {
        (words[r["État"]], (r["Code"] or "").removeprefix("'") or None): r["Messages"]
        for r in sheets["Messages écartés, échoués ou no"]
    }
    assert shown == dict(reasons)


def test_r10_imports(world: World, book: Read) -> None:
    for period in PERIODS:
        _check_r10_imports(world, book, period)


def _check_r10_imports(world: World, book: Read, period: str) -> None:
    sheets = _book(book, "R10", period)
    uploads = {u["import_id"]: u for u in _raw(world, "upload") if _within(u["created_at"], period)}
    rows = {row["Import"]: row for row in sheets["Fichiers de contacts"]}
    assert set(rows) == set(uploads)
    titles = {
        "Lignes": "rows", "Chargées": "loaded", "Modifiées": "updated", "Inchangées": "unchanged",
        "En double": "duplicates", "Opposées": "blocklisted", "Refusées": "rejected",
    }  # fmt: skip
    codes: Counter[str] = Counter()
    checks: dict[tuple[str, str], list[tuple[bool, int, int]]] = defaultdict(list)
    for import_id, upload in uploads.items():
        row, counts = rows[import_id], upload["counts"]
        for title, key in titles.items():
            assert row[title] == counts.get(key, 0), title
        assert row["% refusées"] == _percent(counts.get("rejected", 0), counts.get("rows", 0))
        assert row["Taille"] == upload["bytes"]
        assert row["Code"] == upload["reason"]
        codes.update({c: n for c, n in counts.get("rejected_by", {}).items() if n})
        for result in (upload["validation"] or {}).get("results", []):
            config = result["expectation_config"]
            checks[config["type"], config["kwargs"]["column"]].append(
                (
                    result["success"],
                    result["result"]["element_count"],
                    result["result"]["unexpected_count"],
                )
            )
    assert {r["Code"]: r["Refusées"] for r in sheets["Raisons des refus"]} == dict(codes)
    shown = {(r["Contrôle"], r["Colonne"]): r for r in sheets["Contrôles Great Expectations"]}
    assert set(shown) == set(checks)
    for check, results in checks.items():
        row = shown[check]
        assert row["Fichiers"] == len(results)
        assert row["Non tenu dans"] == sum(not ok for ok, _, _ in results)
        assert row["Valeurs contrôlées"] == sum(n for _, n, _ in results)
        assert row["Hors attente"] == sum(n for _, _, n in results)
        assert row["État"] == ("tenu" if all(ok for ok, _, _ in results) else "non tenu")


def test_t1_cost(world: World, book: Read) -> None:
    for period in PERIODS:
        _check_t1_cost(world, book, period)


def _check_t1_cost(world: World, book: Read, period: str) -> None:
    sheets = _book(book, "T1", period)
    rated = {r["ticket_id"]: r for r in _raw(world, "rated_ticket") if not r["superseded"]}
    doubled = {d["ticket_id"] for d in _raw(world, "duplicate_ticket")}
    calls = [
        t
        for t in _raw(world, "taxdata")
        if t["ticket_id"] not in doubled
        and _within(t["startdatetime"].replace(tzinfo=PARIS).astimezone(UTC), period)
    ]
    assert calls
    for sheet, title, field in (
        ("Par centre de coût", "Centre de coût", "chargedcostcenter"),
        ("Par société", "Société", "chargedcompany"),
        ("Par poste", "Poste", "chargednumber"),
    ):
        expected: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for call in calls:
            value = None if call[field] == "255" and field == "chargedcostcenter" else call[field]
            expected[value or "non renseigné"].append(call)
        shown = {str(r[title]).removeprefix("'"): r for r in sheets[sheet]}
        assert set(shown) == set(expected), sheet
        for key, mine in expected.items():
            row = shown[key]
            costs = [rated.get(c["ticket_id"], {}).get("cost") for c in mine]
            assert row["Appels"] == len(mine)
            assert row["dont sortants"] == sum(c["calltype"] == 0 for c in mine)
            assert row["Durée"] == sum(c["duration"] for c in mine)
            lacking = [c for c in mine if c["calltype"] == 0 or c["ticket_id"] in rated]
            assert row["Sans prix"] == sum(
                rated.get(c["ticket_id"], {}).get("cost") is None for c in lacking
            )
            total = sum((c for c in costs if c is not None), Decimal(0))
            assert Decimal(str(row["Coût HT"])) == total
    unrated = [c for c in calls if rated.get(c["ticket_id"], {}).get("cost") is None]
    assert sum(r["Appels"] for r in sheets["Appels sans prix"]) == len(unrated)
    never = [c for c in unrated if c["calltype"] != 0 and c["ticket_id"] not in rated]
    told = [r for r in sheets["Appels sans prix"] if r["Code"] == "not_outgoing"]
    assert sum(r["Appels"] for r in told) == len(never)


def test_the_sentence_on_top_says_the_total(
    world: World, page: Callable[[str], str], book: Read
) -> None:
    keys = build(["R1"], "2026-11", at=NOW, lang="en")
    sent = sum(s["state"] in TAKEN for s in _segments(world, "2026-11"))
    assert f"<h1>{sent:,} SMS sent by 3 groups, " in page(keys[0])


def test_a_segment_on_the_last_second_belongs_to_the_month_of_the_zone(
    world: World, book: Read
) -> None:
    before = sum(r["SMS envoyés"] for r in _book(book, "R1", "2026-12")["Groupes"])
    edge = PERIODS["2026-11"][1]
    world.run(
        "update segment set submitted_at = %s, updated_at = %s where (message_id, part) = "
        "(select message_id, part from segment_202611 where state = 'delivered' limit 1)",
        edge - timedelta(seconds=1),
        edge,
    )
    assert sum(r["SMS envoyés"] for r in _book(book, "R1", "2026-12")["Groupes"]) == before
    world.run(
        "update segment set submitted_at = %s where submitted_at = %s",
        edge,
        edge - timedelta(seconds=1),
    )
    assert sum(r["SMS envoyés"] for r in _book(book, "R1", "2026-12")["Groupes"]) == before + 1
