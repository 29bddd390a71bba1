"""The examples of docs/clients: each is dropped as it stands, in the order of the guide, and taken."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include.billing import ledger
from include.bucket.process import process
from include.db import connect
from tests.integration.client_files import Inbox

GUIDES = Path(__file__).parents[3] / "docs" / "clients"
EXAMPLES = GUIDES / "examples"
#: In the order in which a client would drop them.
ORDER = (
    "contacts/clients.csv",
    "blocklist/stop.csv",
    "campaigns/rendez-vous.yaml",
    "campaigns/rendez-vous-active.yaml",
    "campaigns/rendez-vous-paused.yaml",
    "campaigns/soldes.yaml",
    "commands/quick-send.yaml",
    "commands/export.yaml",
    "commands/preferences.yaml",
)
SIDECAR = "contacts/clients.csv.mapping.yaml"
LAST = "commands/delete.yaml"


def put(inbox: Inbox, place: str) -> dict[str, Any]:
    inbox.put(place, (EXAMPLES / place).read_bytes())
    return process(inbox.register(place))


def test_every_example_does_what_the_guide_says(inbox: Inbox) -> None:
    with connect() as conn:
        client = inbox.db.one("select client_id from client where code = 'dupont'")
        ledger.topup(conn, client, Decimal(10))
    inbox.put(SIDECAR, (EXAMPLES / SIDECAR).read_bytes())
    done = {place: put(inbox, place) for place in ORDER}
    assert done["contacts/clients.csv"]["counts"]["loaded"] == 3
    for place in ORDER[2:]:
        assert done[place].get("errors", []) == [], place
    states = {p: done[p]["state"] for p in ORDER if p.startswith("campaigns/")}
    assert states == {
        "campaigns/rendez-vous.yaml": "quoted",
        "campaigns/rendez-vous-active.yaml": "scheduled",
        "campaigns/rendez-vous-paused.yaml": "paused",
        "campaigns/soldes.yaml": "quoted",
    }
    assert done["campaigns/soldes.yaml"]["quote"]["recipients"] == 3
    assert inbox.db.all("select language, auto_confirm, holidays from client") == [
        ("en", "high_confidence", "alsace_moselle")
    ]
    assert put(inbox, LAST)["reason"]["code"] == "list_in_use"


@pytest.mark.parametrize("guide", ["README.md", "LISEZMOI.md"])
def test_what_the_guides_show_is_what_was_tried(guide: str) -> None:
    text = (GUIDES / guide).read_text("utf-8")
    shown = re.findall(r"```yaml\n# (\S+)\n(.*?)```", text, re.DOTALL)
    assert len(shown) == text.count("```yaml")
    for place, block in shown:
        assert block == (EXAMPLES / place).read_text("utf-8"), place
    files = {p.relative_to(EXAMPLES).as_posix() for p in EXAMPLES.rglob("*") if p.is_file()}
    assert files == {*ORDER, SIDECAR, LAST}
    assert [name for name in sorted(files) if f"examples/{name}" not in text] == []
