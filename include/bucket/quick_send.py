"""A quick send: a few numbers and a text become a list and a transactional campaign."""

from hashlib import sha256
from typing import Any

import yaml
from psycopg2.extensions import connection as Connection

from include.campaigns import orders, store
from include.campaigns.campaign_file import parse_campaign
from include.campaigns.faults import RefusedError
from include.campaigns.regions import rules_for
from include.campaigns.store import Campaign
from include.contacts.receipts import visible
from include.contacts.refusal import RefusalError
from include.contacts.uploads import Upload
from include.db import sql
from include.phones import check
from include.settings import settings

PREFIX = "quick-"
_FIELDS = {"message": "send.text", "quote_id": "send.quote_id", "state": "send.state"}
_UNDER_WAY = frozenset(("awaiting_approval", "scheduled", "expanding", "sending", "paused"))


def quick_send(conn: Connection, upload: Upload, send: dict[str, Any]) -> dict[str, Any]:
    """Make the list and the campaign in the caller's transaction; what a campaign's receipt says.

    The same numbers and text (or the same ``name``) again are the same campaign: activated if it
    was only quoted, refused as a duplicate once it is under way or over. Raises ``RefusalError``
    or ``RefusedError``; then nothing is to be kept.
    """
    numbers = _numbers(send["to"])
    name = PREFIX + (send.get("name") or _digest(numbers, send["text"]))
    owner = store.client(conn, upload.client)
    _lock_list(conn, upload, name, numbers)
    known = store.find(conn, owner.client_id, name)
    if known is not None and _is_done(known):
        raise RefusalError("quick_send_done", outcome="duplicate", campaign=name)
    rules = rules_for(owner)
    try:
        file = parse_campaign(_campaign(name, send), rules)
        outcome = orders.carry_out(conn, owner, file, upload.upload_id, rules)
    except RefusedError as error:
        raise RefusedError([_moved(fault) for fault in error.faults]) from error
    outcome.faults = [_moved(fault) for fault in outcome.faults]
    return orders.document(name, outcome, owner)


def _numbers(written: list[str]) -> list[str]:
    extra = settings().extra_valid_prefixes
    numbers: dict[str, None] = {}
    for place, text in enumerate(written, 1):
        found = check(text, extra_valid_prefixes=extra)
        if found.msisdn is None:
            raise RefusalError(
                "quick_send_number", place=place, number=visible(text), problem=found.code
            )
        numbers[found.msisdn] = None
    return list(numbers)


def _digest(numbers: list[str], text: str) -> str:
    return sha256("\n".join([*sorted(numbers), text]).encode()).hexdigest()[:12]


def _lock_list(conn: Connection, upload: Upload, name: str, numbers: list[str]) -> None:
    """The list with exactly these numbers; one that contact files made is never touched."""
    values = {"client_id": upload.client_id, "name": name, "label": None, "variables": []}
    with conn.cursor() as cur:
        cur.execute(sql("contacts/ensure_list"), values)
        list_id = cur.fetchone()[0]  # type: ignore[index]
        cur.execute(sql("bucket/is_other_list"), values)
        if cur.fetchone()[0]:  # type: ignore[index]
            raise RefusalError("quick_send_list_taken", list=name)
        values = {"list_id": list_id, "upload_id": upload.upload_id, "numbers": numbers}
        cur.execute(sql("bucket/add_quick_contacts"), values)


def _is_done(campaign: Campaign) -> bool:
    return campaign.state in _UNDER_WAY | store.OVER


def _campaign(name: str, send: dict[str, Any]) -> bytes:
    """The campaign file that the client would have written."""
    document = {
        "version": 1,
        "kind": "campaign",
        "campaign": name,
        "list": name,
        "state": send.get("state", "active"),
        "purpose": "transactional",
        "message": send["text"],
        "on_missing_variable": "reject_campaign",
    }
    if "quote_id" in send:
        document["quote_id"] = send["quote_id"]
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()


def _moved(fault: Any) -> Any:
    """A complaint about the campaign file as one about the command file."""
    field = _FIELDS.get(str(fault.field).partition(".")[0])
    return type(fault)(fault.code, None, field, fault.values, fault.says)
