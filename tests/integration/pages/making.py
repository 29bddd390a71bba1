"""Every kind of page that leaves the system, made by the product from hostile and extreme data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from include.bucket.templates import keep_templates
from include.campaigns.intake import apply_upload, drop
from include.contacts.importer import import_upload
from include.reports.build import build
from include.reports.client_pages import write_pages
from include.settings import settings
from include.storage import Storage
from tests.conftest import Database
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people, xlsx
from tests.integration.reports.world import HOSTILE, LONG, NOW, RTL, World

NAMES = ("first_name", "last_name", "phone")
MANY = 50_000
#: As many as eight parts of the GSM alphabet hold.
LONGEST = "Été : " + "œuvre " * 203


def make(
    db: Database, add_client: Callable[..., Inbox], lang: str, folder: Path, *, many: int
) -> dict[str, Path]:
    """Make them and copy them into a folder: name of the page → file."""
    inbox = add_client("zoe", language=lang)
    _receipts(inbox, many)
    _quotes(lang)
    World(db).everything()
    add_client("nobody", language=lang)
    write_pages(at=NOW)
    build([], "2026-11", at=NOW, lang=lang)
    keep_templates(inbox.storage)
    return _copied(lang, folder)


def _receipts(inbox: Inbox, many: int) -> None:
    refused = [[HOSTILE, RTL, "12"], [LONG, "=1+1", "0892 123 456"]] * 15
    rows = [*people(200), *refused]
    inbox.drop("members.csv", csv_bytes(rows, "utf-8"), mapping("members", *NAMES))
    inbox.drop("members__again.csv", csv_bytes(rows, "utf-8"), mapping("members", *NAMES))
    inbox.drop(f"{LONG[:100]}.xlsx", xlsx([[HOSTILE, "Ville", "Tel"], [RTL, LONG, number(3)]] * 4))
    inbox.drop("nothing.xlsx", b"")
    inbox.drop("all-bad.csv", csv_bytes([["Nom", "Tel"], *[["a", "12"]] * 9]))
    inbox.put("blocklist/stop.csv", csv_bytes([[number(1)], [number(2)]]))
    import_upload(inbox.register("blocklist/stop.csv"))
    if many:
        half = people(many // 2) + [["x", "y", f"12 {n}"] for n in range(many // 2)]
        inbox.drop("many.csv", csv_bytes(half), mapping("many", *NAMES))


def _quotes(lang: str) -> None:
    texts: dict[str, dict[str, Any]] = {
        "soldes": {"message": "Bonjour {first_name}, soldes demain"},
        "longest": {"message": LONGEST[:1224], "max_segments": 8, "encoding": "ucs2"},
        "cher": {"message": "Bonjour {first_name|" + HOSTILE + "} " + RTL, "state": "active"},
        "refused": {"message": "Bonjour {prenon}"},
        "far": {"message": "x", "schedule": {"window": ["09:00", "09:05"], "days": ["sun"]}},
    }
    for name, changes in texts.items():
        document = {
            "version": 1,
            "kind": "campaign",
            "campaign": name,
            "list": "members",
            "state": "draft",
            "purpose": "transactional",
            **changes,
        }
        apply_upload(drop("zoe", f"{name}.yaml", yaml.safe_dump(document).encode()))


def _copied(lang: str, folder: Path) -> dict[str, Path]:
    """Pages in the language asked for, under names that say where they were."""
    pages: dict[str, Path] = {}
    for url in (settings().bucket_url, settings().reports_url):
        storage = Storage(url)
        for file in storage.list():
            if not file.key.endswith(".html"):
                continue
            html = storage.read_bytes(file.key)
            if f'<html lang="{lang}"'.encode() in html:
                name = file.key.removesuffix(".html").replace("/outbox", "").replace("/", "-")
                pages[name] = folder / f"{name}.html"
                pages[name].write_bytes(html)
    return pages
