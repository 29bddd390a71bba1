"""Reports as pages: alone, small, whole in both languages, with hostile values and with nothing."""

from collections.abc import Callable

import pytest

from include.errors import InputError
from include.pages import words
from include.pages.words import catalogue
from include.reports.build import build
from include.reports.registry import reports
from tests.conftest import Database
from tests.integration.reports.world import HOSTILE, NOW, World
from tests.unit.pages.html import check_page

NAMES = ("R1", "R2", "R6", "R10", "T1")


def test_the_five_reports_are_there_in_order() -> None:
    assert [name for name in reports() if name in NAMES] == list(NAMES)


def test_every_report_stands_alone_in_both_languages(
    world: World, page: Callable[[str], str]
) -> None:
    for lang in ("fr", "en"):
        keys = build(NAMES, "2026-11", at=NOW, lang=lang)
        assert len(keys) == 2 * len(NAMES) + 1
        for key in keys:
            assert key.startswith("reports/2026/11/" if "index" not in key else "reports/index")
            if key.endswith(".html"):
                text = check_page(page(key), lang)
                assert "Europe/Paris" in text
    assert HOSTILE in check_page(page("reports/2026/11/R1-groups-2026-11.html"), "fr")
    index = check_page(page("reports/index.html"), "fr")
    for name in NAMES:
        assert f"{name} · {words('fr')(f'report.{name}')}" in index
    assert "SMS sent by" not in index


def test_an_empty_switch_gives_pages_that_say_so(db: Database, page: Callable[[str], str]) -> None:
    pages = {key: page(key) for key in build([], "2026-11", at=NOW) if key.endswith(".html")}
    for html in pages.values():
        check_page(html, "fr")
    said = " ".join(pages.values())
    assert "Aucun groupe n'est enregistré.".replace("'", "&#39;") in said
    assert "<h1>Aucun SMS envoyé sur la période</h1>" in said
    assert "<h1>Aucun appel sur la période</h1>" in said


def test_building_again_writes_the_same_page(world: World, page: Callable[[str], str]) -> None:
    first = {key: page(key) for key in build([], "2026-11", at=NOW) if key.endswith(".html")}
    again = {key: page(key) for key in build([], "2026-11", at=NOW) if key.endswith(".html")}
    assert first == again


def test_a_name_or_period_that_is_none_writes_nothing(db: Database) -> None:
    with pytest.raises(InputError, match="unknown_report"):
        build(["R1", "R99"], "2026-11")
    with pytest.raises(InputError, match="bad_period"):
        build(["R1"], "2026-13")
    assert db.one("select count(*) from report_run") == 0


def test_a_report_of_many_rows_stays_small(db: Database, page: Callable[[str], str]) -> None:
    world = World(db)
    client = world.client("dupont", "Dupont")
    for number in range(600):
        name = f"campagne-{number:04d}-{'x' * 40}"
        world.run(
            "insert into campaign (client_id, name, purpose, spec, created_at) "
            "values (%s, %s, 'marketing', '{}', %s)",
            client,
            name,
            NOW,
        )
    key = build(["R6"], "2026-11", at=NOW)[0]
    assert "400 autres lignes se trouvent dans le classeur." in check_page(page(key), "fr")


def test_every_state_of_the_database_has_a_word(db: Database) -> None:
    for kind in ("upload_state", "campaign_state", "message_state", "group_state"):
        for (state,) in db.all(f"select unnest(enum_range(null::{kind}))::text"):
            assert f"state.{state}" in catalogue(), (kind, state)
