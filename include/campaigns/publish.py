"""What the client finds in its outbox about a campaign."""

import json
from typing import Any

from include.campaigns import store
from include.campaigns.quote_page import quote_page
from include.campaigns.status import describe
from include.campaigns.store import Campaign
from include.db import connect
from include.storage import Storage


def publish(storage: Storage, code: str, receipt: dict[str, Any]) -> None:
    """Write the receipt of a file and, where it made a quote, the quote and the status."""
    outbox = f"clients/{code}/outbox"
    _write(storage, f"{outbox}/receipts/{receipt['file']['name']}.json", receipt)
    if receipt["campaign"] is None:
        return
    with connect() as conn:
        owner = store.client(conn, code)
        campaign = store.find(conn, owner.client_id, receipt["campaign"], lock=False)
        if campaign is None:
            return
        status = describe(conn, campaign)
    folder = f"{outbox}/campaigns/{campaign.name}"
    if receipt["quote"] is not None:
        _write(storage, f"{folder}/quote.json", receipt["quote"])
        page = quote_page(receipt, owner.language)
        storage.write_text(f"{folder}/quote.html", page)
    _write(storage, f"{folder}/status.json", status)


def publish_status(storage: Storage, campaign: Campaign, status: dict[str, Any]) -> None:
    """Write how a campaign stands."""
    folder = f"clients/{campaign.client}/outbox/campaigns/{campaign.name}"
    _write(storage, f"{folder}/status.json", status)


def _write(storage: Storage, key: str, document: dict[str, Any]) -> None:
    storage.write_text(key, json.dumps(document, ensure_ascii=False, indent=2, default=str))
