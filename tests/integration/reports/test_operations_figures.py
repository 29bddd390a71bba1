"""Every figure of R3, R4, R5 and R11, counted again here from the raw rows."""

import io
import json
import statistics
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from include.reports.build import build
from include.settings import settings
from include.storage import Storage
from tests.conftest import Database
from tests.integration.reports.conftest import Book
from tests.integration.reports.test_figures import (
    PARIS,
    PERIODS,
    TAKEN,
    _book,
    _percent,
    _raw,
    _segments,
    _within,
)
from tests.integration.reports.world import HOSTILE, NOW, World
from tests.unit.pages.html import check_page

Read = Callable[[str], Book]
OPERATORS = ("orange", "sfr", f"={HOSTILE}", None)


def neutral(text: object) -> str:
    return str(text).removeprefix("'")


@pytest.fixture
def varied(world: World) -> World:
    """The month with several operators, readings without a signal, delivery reports and errors."""
    for number, (imei,) in enumerate(world.run("select imei from modem order by imei")):
        world.run("update modem set operator = %s where imei = %s", OPERATORS[number % 4], imei)
        world.run(
            "update modem_sample set rssi = null where imei = %s and extract(hour from at) = %s",
            imei,
            number,
        )
    world.run(
        "update segment set reported_at = submitted_at + make_interval(secs => message_id %% 97), "
        "error_code = case when state = 'failed' then 38 + part end, "
        "error = case when state in ('failed', 'undelivered') then '=cmd' || part end"
    )
    return world


def test_r3_signal(varied: World, book: Read) -> None:
    for period in PERIODS:
        _check_r3_signal(varied, book, period)


def _check_r3_signal(varied: World, book: Read, period: str) -> None:
    rows = {row["IMEI"]: row for row in _book(book, "R3", period)["Minutes par qualité"]}
    samples = defaultdict(list)
    for sample in _raw(varied, "modem_sample"):
        if _within(sample["at"], period):
            samples[sample["imei"]].append(sample["rssi"])
    assert set(rows) == set(samples)
    tops = {"Très mauvais": 6, "Mauvais": 12, "Moyen": 18, "Bon": 24, "Très bon": 31}
    for imei, values in samples.items():
        row, known = rows[imei], [value for value in values if value is not None]
        assert row["Minutes"] == len(values)
        assert row["Introuvable"] == len(values) - len(known)
        floor = -1
        for title, top in tops.items():
            assert row[title] == sum(floor < value <= top for value in known), title
            floor = top
        assert row["% mauvais ou pire"] == _percent(sum(v <= 12 for v in known), len(values))
        mean = 2 * statistics.fmean(known) - 113
        assert row["dBm moyen"] == pytest.approx(mean, abs=0.06)
        assert row["dBm le plus bas"] == 2 * min(known) - 113


def test_r4_operators(varied: World, book: Read) -> None:
    for period in PERIODS:
        _check_r4_operators(varied, book, period)


def _check_r4_operators(varied: World, book: Read, period: str) -> None:
    sheets = _book(book, "R4", period)
    rows = {neutral(row["Opérateur"]): row for row in sheets["Opérateurs"]}
    modems = {(m["group_id"], m["imei"]): m for m in _raw(varied, "modem")}
    tried = defaultdict(list)
    for segment in _segments(varied, period):
        modem = modems.get((segment["group_id"], segment["imei"]), {})
        tried[modem.get("operator") or "inconnu"].append(segment)
    assert set(rows) == {str(m["operator"] or "inconnu") for m in modems.values()} | set(tried)
    errors: Counter[tuple[str, str, object, str]] = Counter()
    for operator, row in rows.items():
        mine, states = tried[operator], Counter(s["state"] for s in tried[operator])
        listed = [m for m in modems.values() if str(m["operator"] or "inconnu") == operator]
        sent = sum(states[s] for s in TAKEN)
        waits = sorted(
            (s["reported_at"] - s["submitted_at"]).total_seconds()
            for s in mine
            if s["state"] == "delivered"
        )
        assert row["Modems"] == len(listed)
        assert row["dont en service"] == sum(m["in_service"] for m in listed)
        assert row["Modems employés"] == len({(s["group_id"], s["imei"]) for s in mine})
        assert row["SMS envoyés"] == sent
        assert row["SMS reçus"] == states["delivered"]
        assert row["% reçus"] == _percent(states["delivered"], sent)
        assert row["Non remis"] == states["undelivered"]
        assert row["Échoués"] == states["failed"]
        assert row["Incertains"] == states["uncertain"]
        if waits:
            assert row["Remise, médiane"] == waits[-(-len(waits) // 2) - 1]
        for segment in mine:
            if segment["state"] in ("failed", "undelivered"):
                word = {"failed": "échoué", "undelivered": "non remis"}[segment["state"]]
                errors[operator, word, segment["error_code"], segment["error"]] += 1
    shown = {
        (neutral(r["Opérateur"]), r["État"], r["Numéro"], neutral(r["Erreur"])): r["SMS"]
        for r in sheets["SMS échoués ou non remis"]
    }
    assert shown == dict(errors)


def test_r5_throughput(varied: World, book: Read) -> None:
    for period in PERIODS:
        _check_r5_throughput(varied, book, period)


def _check_r5_throughput(varied: World, book: Read, period: str) -> None:
    sheets = _book(book, "R5", period)
    hours: dict[tuple[Any, int], Counter[str]] = defaultdict(Counter)
    for segment in _segments(varied, period):
        if segment["state"] != "uncertain":
            at = (segment["submitted_at"] or segment["updated_at"]).astimezone(PARIS)
            hours[at.date(), at.hour][segment["state"]] += 1
    days = {day for day, _ in hours}
    rows = {row["Jour"].date(): row for row in sheets["Par jour"]}
    assert set(rows) == days
    sent = {key: sum(states[s] for s in TAKEN) for key, states in hours.items()}
    for day, row in rows.items():
        mine = {hour: n for (of, hour), n in sent.items() if of == day}
        delivered = sum(h["delivered"] for (of, _), h in hours.items() if of == day)
        assert row["SMS envoyés"] == sum(mine.values())
        assert row["SMS reçus"] == delivered
        assert row["% reçus"] == _percent(delivered, sum(mine.values()))
        assert row["% de 50 000"] == pytest.approx(sum(mine.values()) / 500, abs=0.06)
        assert row["Échoués"] == sum(h["failed"] for (of, _), h in hours.items() if of == day)
        assert row["SMS en pointe"] == max(mine.values())
        assert mine[int(row["Heure de pointe"][:2])] == max(mine.values())
    clock = {int(row["Heure"][:2]): row for row in sheets["Par heure du jour"]}
    assert set(clock) == {hour for _, hour in sent}
    for hour, row in clock.items():
        mine = {day: n for (day, of), n in sent.items() if of == hour}
        assert row["SMS envoyés"] == sum(mine.values())
        assert row["Par jour"] == pytest.approx(sum(mine.values()) / len(days), abs=0.06)
        assert row["SMS en pointe"] == max(mine.values())


def test_r5_counts_an_hour_of_summer_time_on_its_own_day(world: World, book: Read) -> None:
    before = datetime(2026, 11, 6, 23, 30, tzinfo=PARIS)
    world.run(
        "update segment set submitted_at = %s where (message_id, part) = "
        "(select message_id, part from segment_202611 where state = 'delivered' limit 1)",
        before,
    )
    rows = {row["Jour"].day: row for row in _book(book, "R5", "2026-11")["Par jour"]}
    late = sum(
        (s["submitted_at"] or s["updated_at"]).astimezone(PARIS).day == 6 and s["state"] in TAKEN
        for s in _segments(world, "2026-11")
    )
    assert rows[6]["SMS envoyés"] == late


def legal(at: datetime) -> bool:
    """What the profile fr says: Monday to Saturday, 8 to 20 h, no public holiday."""
    return at.weekday() < 6 and 8 <= at.hour < 20 and (at.month, at.day) != (11, 11)


def _inbound(world: World, sender: str, at: datetime, *, noted: timedelta | None) -> None:
    world.run(
        "insert into inbound_message (group_id, journal_id, host_key, imei, sender, text, received_at, "
        "opt_out) select group_id, %s, 'k', 'i', %s, %s, %s, true from modem_group limit 1",
        str(uuid.UUID(int=world.random.getrandbits(128))),
        sender,
        f"=STOP {HOSTILE}",
        at,
    )
    if noted is not None:
        world.run(
            "insert into opt_out (msisdn, source, at) values (%s, 'stop', %s)", sender, at + noted
        )


def test_r11_compliance(varied: World, book: Read) -> None:
    varied.run(
        "update campaign set purpose = 'marketing', exemption = %s where name in ('promo-noel', 'rappel')",
        json.dumps({"ground": "own_recipients", "by": f"ops:{HOSTILE}", "at": NOW.isoformat()}),
    )
    phones = [
        p for (p,) in varied.run("select msisdn from message where state = 'delivered' limit 4")
    ]
    start = datetime(2026, 11, 6, 8, tzinfo=ZoneInfo("UTC"))
    for number, phone in enumerate(phones[:3]):
        noted = timedelta(seconds=3 * number)
        _inbound(varied, phone, start + timedelta(minutes=number), noted=noted)
    _inbound(varied, phones[3], start, noted=None)
    for period in ("2026-11", "2026-11-06"):
        _check_r11_compliance(varied, book, period)


def _check_r11_compliance(varied: World, book: Read, period: str) -> None:
    sheets = _book(book, "R11", period)
    marketing = {
        c["campaign_id"]: c for c in _raw(varied, "campaign") if c["purpose"] == "marketing"
    }
    messages = {m["message_id"]: m for m in _raw(varied, "message")}
    sent: dict[str, list[datetime]] = defaultdict(list)
    for segment in _raw(varied, "segment"):
        campaign = marketing.get(messages[segment["message_id"]]["campaign_id"])
        if campaign and _within(segment["submitted_at"], period):
            sent[campaign["name"]].append(segment["submitted_at"].astimezone(PARIS))
    rows = {row["Campagne"]: row for row in sheets["Campagnes marketing"]}
    assert set(rows) == set(sent)
    assert sent["promo-noel"]
    for name, times in sent.items():
        outside = sorted(at for at in times if not legal(at))
        assert rows[name]["SMS facturés"] == len(times)
        assert rows[name]["Hors des heures"] == len(outside)
        assert rows[name]["Dérogation"] == "own_recipients"
        first = outside[0].replace(second=0, microsecond=0, tzinfo=None) if outside else None
        assert rows[name]["Le premier"] == first
    assert len(sheets["STOP reçus"]) == 4
    expected: Counter[datetime] = Counter()
    for inbound in _raw(varied, "inbound_message"):
        expected[inbound["received_at"].astimezone(PARIS).replace(tzinfo=None)] += sum(
            messages[s["message_id"]]["msisdn"] == inbound["sender"]
            and s["submitted_at"] is not None
            and s["submitted_at"] > inbound["received_at"] + timedelta(seconds=60)
            for s in _raw(varied, "segment")
        )
    shown: Counter[datetime] = Counter()
    for row in sheets["STOP reçus"]:
        shown[row["Reçu le"]] += row["Envois après 60 s"]
        assert row["Numéro"].endswith("••••")
    assert +shown == +expected
    applied = [row["Appliqué en (s)"] for row in sheets["STOP reçus"]]
    assert sorted(applied, key=lambda v: (v is None, v)) == [0, 3, 6, None]
    (opt_outs,) = sheets["Oppositions par origine"]
    assert (opt_outs["Origine"], opt_outs["Pour tous les clients"]) == ("stop", 3)
    granted = {row["Campagne"]: row for row in sheets["Dérogations accordées"]}
    assert set(granted) == {
        c["name"]
        for c in marketing.values()
        if _within(c["activated_at"] or c["created_at"], period)
    }


def test_r11_says_that_the_rules_were_kept(
    varied: World, page: Callable[[str], str], book: Read
) -> None:
    key = build(["R11"], "2026-11", at=NOW, lang="en")[0]
    assert "The rules were kept: nothing sent outside the hours, nothing after a STOP" in page(key)


def test_the_four_reports_stand_alone_in_both_languages(
    varied: World, page: Callable[[str], str]
) -> None:
    for period in ("2026-11", "2026-11-06"):
        for lang in ("fr", "en"):
            for key in build(["R3", "R4", "R5", "R11"], period, at=NOW, lang=lang):
                if key.endswith(".html"):
                    check_page(page(key), lang)


def payloads() -> list[str]:
    """200 names that a page or a workbook must show and never obey."""
    heads = [
        "=",
        "+",
        "-",
        "@",
        "\t=",
        "\r=",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://x")',
        "'=1",
        "\ufeff=",
    ]
    tails = [
        "1+1",
        "SUM(A1)",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</title><svg/onload=1>",
    ]
    wraps = ["{}", "{{{{7*7}}}}{}", "{}\u202e", '" autofocus onfocus=alert(1) x="{}']
    return [wrap.format(head + tail)[:60] for head in heads for tail in tails for wrap in wraps]


def test_row_29_to_31_two_hundred_hostile_names_stay_text(
    db: Database, page: Callable[[str], str]
) -> None:
    world, names = World(db), payloads()
    assert len(names) == 200
    client = world.client("acme", names[0])
    world.run("select ensure_message_partitions('2026-11-01')")
    at = datetime(2026, 11, 6, 9, tzinfo=PARIS)
    world.run("select ensure_sample_months(%s)", at)
    for number, name in enumerate(names):
        (group,) = world.run(
            "insert into modem_group (mac, alias, modems, host_role) values (%s::macaddr, %s, 1, %s) "
            "returning group_id",
            f"02:00:00:00:{number // 256:02x}:{number % 256:02x}",
            name,
            f"host_{number}",
        )[0]
        imei = f"{number:015d}"
        world.run(
            "insert into modem (group_id, imei, operator, last_error) values (%s, %s, %s, %s)",
            group, imei, name, name,
        )  # fmt: skip
        world.run(
            "insert into modem_sample (group_id, imei, at, rssi) values (%s, %s, %s, 20)",
            group,
            imei,
            at,
        )
        world.run(
            "insert into segment (activation_month, message_id, part, state, group_id, batch_id, "
            "attempt_id, imei, error, submitted_at) values "
            "('2026-11-01', %s, 1, 'failed', %s, 1, gen_random_uuid(), %s, %s, %s)",
            number, group, imei, name, at,
        )  # fmt: skip
    assert client
    for key in build(["R1", "R3", "R4"], "2026-11", at=NOW, lang="en"):
        raw = Storage(settings().reports_url).read_bytes(key)
        if key.endswith(".html"):
            check_page(raw.decode(), "en")
            continue
        book = openpyxl.load_workbook(io.BytesIO(raw))
        shown = set()
        for cell in (c for sheet in book for row in sheet.iter_rows() for c in row):
            assert cell.data_type != "f", cell.value
            assert cell.hyperlink is None
            if isinstance(cell.value, str):
                assert not cell.value.startswith(("=", "+", "-", "@", "\t", "\r")), cell.value
                shown.add(cell.value.removeprefix("'"))
        texts = {name.removeprefix("'").replace("\r", "\n") for name in names}
        assert (
            len(texts & {value.replace("_x000D_", "\n").replace("\r", "\n") for value in shown})
            > 150
        )
