"""Every page that leaves the system: axe-core and html-validate find nothing, no page is too wide."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.integration.client_files import Inbox
from tests.integration.pages.browser import CHROMIUM, NPM, Sight, browser, faults, invalid
from tests.integration.pages.making import MANY, make
from tests.unit.pages.html import check_page

#: Where to keep photographs of every page, for a person to look at.
SHOTS = os.environ.get("PAGE_PHOTOGRAPHS")
SIGHTS = (Sight("light", 1280), Sight("dark", 360))
ALL_SIGHTS = (*SIGHTS, Sight("dark", 1280), Sight("light", 390))
KINDS = ("imports", "campaigns", "index", "templates", "reports")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not CHROMIUM or not NPM, reason="chromium or npm is not installed")
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_nothing_is_wrong_with_any_page(
    lang: str, db: Database, add_client: Callable[..., Inbox], tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = make(db, add_client, lang, folder, many=MANY if lang == "fr" else 0)
    assert all(any(kind in name for name in pages) for kind in KINDS)
    for path in pages.values():
        check_page(path.read_text("utf-8"), lang)
    found = invalid(folder, tmp_path / "tools")
    shots = Path(SHOTS) / lang if SHOTS else None
    with browser() as chromium:
        for sight in ALL_SIGHTS if shots else SIGHTS:
            # What administrators read is read at a desk; its light and its dark are the same.
            seen = {n: p for n, p in pages.items() if sight == SIGHTS[0] or "reports-" not in n}
            found += faults(chromium, seen, sight, shots)
    assert found == [], "\n".join(["", *found[:60], f"{len(found)} in all"])
