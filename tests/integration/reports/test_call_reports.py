"""T2 to T8: their tables hold what the analyses found, in both languages, with and without calls.

The analyses themselves are recomputed from raw tickets in tests/integration/taxation.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include.reports.build import build
from include.taxation.analyse import analyse
from tests.conftest import Database
from tests.integration.taxation.exchange import Exchanges, two_exchanges
from tests.unit.pages.html import check_page

NOW = datetime(2026, 11, 2, 13, 5, tzinfo=UTC)
NAMES = ("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8")
PERIOD = {"from": "2026-10-01", "to": "2026-10-31"}
Book = dict[str, list[dict[str, Any]]]


@pytest.fixture
def exchanges(db: Database, tmp_path: Path) -> Exchanges:
    return two_exchanges(tmp_path)


def found(name: str, **parameters: Any) -> list[dict[str, Any]]:
    document = analyse(name, {**PERIOD, **parameters})
    return [dict(zip(document["columns"], row, strict=True)) for row in document["rows"]]


def test_every_report_stands_alone_in_both_languages(
    exchanges: Exchanges, page: Callable[[str], str]
) -> None:
    for lang in ("fr", "en"):
        keys = build(NAMES, "2026-10", at=NOW, lang=lang)
        assert len(keys) == 2 * len(NAMES) + 1
        for key in keys:
            if key.endswith(".html"):
                text = check_page(page(key), lang)
                assert "0639980001" not in text and "0639980002" not in text
    assert "063998----" in page(keys[2])


def test_without_a_call_every_page_says_so(db: Database, page: Callable[[str], str]) -> None:
    keys = build(NAMES, "2026-10", at=NOW, lang="en")
    for key in keys:
        if key.endswith(".html"):
            assert "<svg" not in page(key)
            check_page(page(key), "en")


def test_the_workbooks_hold_what_the_analyses_found(
    exchanges: Exchanges, book: Callable[[str], Book]
) -> None:
    read = {
        key.split("/")[-1][:2]: book(key)
        for key in build(NAMES, "2026-10", at=NOW)
        if key.endswith(".xlsx")
    }
    for sheet, side, title in (
        ("Destinations", "destinations", "Numéro"),
        ("Postes appelants", "callers", "Poste"),
    ):
        rows = found("top_destinations", side=side, limit=100)
        assert [(r[title], r["Appels"], r["Durée"]) for r in read["T2"][sheet]] == [
            (r["number"], r["calls"], r["seconds"]) for r in rows
        ]
    assert sum(r["Appels"] for r in read["T3"]["Par jour, heure et sens"]) == 500
    trunks = found("trunk_occupation")
    assert [
        (r["PBX"], r["Faisceau"], r["À partir de"], r["Appels"], r["Lignes nécessaires"])
        for r in read["T4"]["Par demi-heure"]
    ] == [
        (r["pbx"], r["trunk_group"], r["half_hour"], r["calls"], r["lines_needed"]) for r in trunks
    ]
    busy = read["T4"]["Heure la plus chargée de chaque"]
    assert sorted(Decimal(str(r["Erlang, heure"])) for r in busy) == sorted(
        Decimal(r["hour_erlang"]) for r in trunks if r["busy_hour"]
    )
    hours = [r for r in found("unanswered", per="hour") if r["direction"] == "incoming"]
    assert [
        (r["PBX"], r["Heure"], r["Appels"], r["Sans réponse"], r["La plus longue (s)"])
        for r in read["T5"]["Appels entrants par heure"]
    ] == [(r["pbx"], r["per"], r["calls"], r["unanswered"], r["waited_longest"]) for r in hours]
    per_extension = found("unanswered", per="extension")
    by_extension = list(read["T5"].values())[1:]
    assert sum(r["Appels"] for rows in by_extension for r in rows) == sum(
        r["calls"] for r in per_extension
    )
    assert [r["Appels"] for r in read["T6"]["Par type"]] == [
        r["calls"] for r in found("call_types")
    ]
    odd = found("anomalies")
    for sheet, kind in (
        ("Numéros surtaxés", "premium"), ("Appels longs", "long"), ("Appels de nuit", "night"),
        ("Jours hors de l'habitude", "spike"),
    ):  # fmt: skip
        expected = [(r["extension"], r["at"][:16]) for r in odd if r["kind"] == kind]
        assert [(r["Poste"], r["Le"]) for r in read["T7"][sheet]] == expected
    assert read["T8"]["Formats rencontrés"] == []  # the files were read today, not in that month


def test_t8_shows_what_a_layout_lost(exchanges: Exchanges, page: Callable[[str], str]) -> None:
    from include.taxation.generate import write_spool
    from include.taxation.ingest import ingest_paths

    spool = exchanges.folder / "TAXZZZZZ.DAT"
    write_spool(spool, layout_name="ed5.2", tickets=3, seed=1)
    ingest_paths([spool], "paris")
    today = f"{datetime.now(UTC):%Y}"
    text = check_page(page(build(["T8"], today, lang="en")[0]), "en")
    assert "2 ticket layouts on 2 PBX" in text and "timedlt" in text


def test_a_month_of_a_large_exchange_stays_small(
    db: Database, tmp_path: Path, page: Callable[[str], str]
) -> None:
    from include.taxation.generate import write_spool
    from include.taxation.ingest import ingest_paths

    spool = tmp_path / "TAXAAAAA.DAT"
    write_spool(spool, layout_name="ed5.2", tickets=15_000, seed=4)
    ingest_paths([spool], "siege")
    for key in build(NAMES, "2026-03", at=NOW):
        if key.endswith(".html"):
            check_page(page(key), "fr")
