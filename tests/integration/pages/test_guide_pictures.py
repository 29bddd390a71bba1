"""The pages that the clients' guides show, made by the product from ordinary files.

`make docs-pictures` keeps them: it names the folder in DOCS_PICTURES.
"""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from include.billing import ledger
from include.campaigns.intake import apply_upload, drop
from include.contacts.importer import import_upload
from include.db import connect
from include.fleet.groups import add_group, new_credential
from include.reports.client_pages import write_pages
from tests.conftest import Database
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people
from tests.integration.fleet.host import Host
from tests.integration.pages.browser import CHROMIUM, browser

MAC = "64:31:50:1b:e9:e9"
FIELDS = ("first_name", "last_name", "phone")
WORDS = {
    "fr": (
        "clients",
        ["Prénom", "Nom", "Téléphone"],
        "soldes",
        "Bonjour {first_name}, soldes demain",
    ),
    "en": (
        "customers",
        ["First name", "Name", "Phone"],
        "sale",
        "Hello {first_name}, sale tomorrow",
    ),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_receipt_quote_and_home(
    db: Database, add_client: Callable[..., Inbox], tmp_path: Path, lang: str
) -> None:
    list_name, head, name, text = WORDS[lang]
    inbox = add_client("dupont", language=lang)
    _prepare(db, inbox)
    refused = [["Léo", "Martin", "06 39 98"], ["Ana", "Petit", "0892 123 456"], ["Eva", "Roux", ""]]
    rows = [head, *people(200)[1:], *refused]
    receipt = inbox.drop(f"{list_name}.csv", csv_bytes(rows), mapping(list_name, *FIELDS))
    campaign = {
        "version": 1, "kind": "campaign", "campaign": name, "list": list_name, "state": "draft",
        "purpose": "transactional", "message": text,
    }  # fmt: skip
    apply_upload(drop("dupont", f"{name}.yaml", yaml.safe_dump(campaign).encode()))
    write_pages("dupont")
    outbox = inbox.root / "outbox"
    pages = {
        "receipt": (f"imports/{receipt['import_id']}/receipt.html", list_name),
        "quote": (f"campaigns/{name}/quote.html", "197 messages"),
        "home": ("index.html", list_name),
    }
    folder = Path(os.environ["DOCS_PICTURES"]) if "DOCS_PICTURES" in os.environ else tmp_path
    with browser() as chromium:
        context = chromium.new_context(viewport={"width": 960, "height": 1100})
        page = context.new_page()
        for kind, (place, said) in pages.items():
            page.goto((outbox / place).as_uri())
            assert said in page.inner_text("h1") or said in page.inner_text("main")
            assert page.get_attribute("html", "lang") == lang
            picture = folder / "clients" / f"{kind}-{lang}.png"
            picture.parent.mkdir(exist_ok=True)
            page.screenshot(path=picture)
            assert picture.stat().st_size > 10_000
        context.close()


def _prepare(db: Database, inbox: Inbox) -> None:
    """Credit, a group at work, three people who want no more messages."""
    with connect() as conn:
        ledger.topup(conn, int(str(db.one("select client_id from client"))), Decimal(25))
    add_group(MAC, "machine 1", 8)
    host = Host(new_credential(MAC)["database_url"], MAC)
    host.register()
    host.heartbeat(8)
    inbox.put("blocklist/stop.csv", csv_bytes([[number(n)] for n in range(3)]))
    import_upload(inbox.register("blocklist/stop.csv"))
