"""Pages: everything escaped, whole, standing alone."""

from datetime import UTC, datetime
from typing import Any

import jinja2
import pytest

from include.pages import Column, render
from include.reports.page import Page, Table
from tests.unit.pages.html import check_page

HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}"
AT = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


def _report(lang: str = "fr", rows: int = 1, text: str = HOSTILE, **more: Any) -> str:
    columns = [
        Column("name", text, "text"),
        Column("code", "Code", "code"),
        Column("n", "N", "number"),
        Column("state", "État", "state"),
        Column("at", "Le", "when"),
        Column("link", "Lien", "link"),
    ]
    row = {
        "name": text,
        "code": text,
        "n": 4812,
        "state": "lost",
        "at": AT,
        "link": (text, "x.html"),
    }
    page = Page(
        outcome=text,
        tiles=((text, text, text),),
        sections=[Table(text, columns, [row] * rows, text, {"n": 1})],
        next_step=(text, text),
        notes=(text,),
    )
    context: dict[str, Any] = {
        "name": "R1", "title": text, "period": text, "index": "../../index.html", "page": page,
        "is_figure": lambda _: False, "workbook_name": "x.xlsx", "at": AT,
    } | more  # fmt: skip
    return render("report", lang, **context)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_hostile_text_stays_text(lang: str) -> None:
    html = _report(lang)
    text = check_page(html, lang)
    assert "<script" not in html
    assert HOSTILE in text
    assert "49" not in text


def test_row_30_a_name_that_is_a_script_is_escaped() -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in _report(text="<script>alert(1)</script>")


def test_right_to_left_text_is_isolated() -> None:
    html = _report(text="שלום \u202e evil")
    assert '<td dir="auto">שלום \u202e evil</td>' in html
    check_page(html, "fr")


def test_no_rows_say_why() -> None:
    html = _report(rows=0, text="Rien sur la période.")
    assert '<p class="empty">Rien sur la période.</p>' in html
    assert "<table" not in html


def test_fifty_thousand_rows_stay_under_300_kB() -> None:
    html = _report(rows=50_000, text="Établissement " * 4)
    assert "49\u202f800 autres lignes se trouvent dans le classeur." in check_page(html, "fr")


def test_a_message_of_1224_characters() -> None:
    check_page(_report(text="é" * 1224), "fr")


def test_states_are_words() -> None:
    assert '<span class="chip bad">perdu</span>' in _report()
    assert '<span class="chip bad">lost</span>' in _report("en")


def test_a_link_to_nothing_is_text() -> None:
    page = Page("x", (), [Table("t", [Column("l", "L", "link")], [{"l": ("<b>", "")}], "")])
    html = _report(page=page)
    assert '<td class="link">&lt;b&gt;</td>' in html


def test_a_variable_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="index"):
        render("report", "fr", name="R1", title="", period="", at=AT)


def test_dates_follow_the_zone_of_the_page() -> None:
    html = _report(zone="Indian/Reunion")
    assert "17:05" in html
    assert "Indian/Reunion" in html
