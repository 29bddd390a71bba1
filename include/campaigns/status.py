"""How a campaign stands: each of its messages in exactly one count."""

from typing import Any

from psycopg2.extensions import connection as Connection

from include.campaigns import store
from include.campaigns.faults import refuse
from include.campaigns.quote import money
from include.campaigns.store import Campaign
from include.campaigns.trial import trials
from include.db import connect, sql

COUNTS = (
    "planned",
    "leased",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "uncertain",
    "written_off",
    "skipped",
    "expired",
    "cancelled",
)


def campaign_status(code: str, name: str) -> dict[str, Any]:
    """The document of ``campaigns status``; ``RefusedError`` for an unknown client or campaign."""
    with connect() as conn:
        owner = store.client(conn, code)
        campaign = store.find(conn, owner.client_id, name, lock=False)
        if campaign is None:
            refuse("unknown_campaign", word=name)
        return describe(conn, campaign)


def describe(conn: Connection, campaign: Campaign) -> dict[str, Any]:
    """The same for a campaign at hand, with its test sends."""
    tests = [_account(conn, test) for test in trials(conn, campaign)]
    return {**_account(conn, campaign), "tests": tests}


def _account(conn: Connection, campaign: Campaign) -> dict[str, Any]:
    counts = dict.fromkeys(COUNTS, 0)
    segments = 0
    skipped: dict[str, int] = {}
    values = {
        "campaign_id": campaign.campaign_id,
        "activation_month": campaign.activation_month,
    }
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/count_messages"), values)
        for state, messages, parts in cur.fetchall():
            counts[state] = messages
            segments += parts
        if counts["skipped"]:
            cur.execute(sql("campaigns/count_skipped"), values)
            skipped = dict(cur.fetchall())
        cur.execute(sql("campaigns/sum_ledger"), values)
        captured, held = cur.fetchone() or (0, 0)
    return {
        "campaign": campaign.name,
        "client": campaign.client,
        "list": campaign.data.get("list"),
        "state": campaign.state,
        "reason": campaign.reason,
        "counts": counts,
        "skipped": skipped,
        "total": sum(counts.values()),
        "segments": segments,
        "captured": money(captured),
        "held": money(held),
        "start_at": campaign.start_at.isoformat() if campaign.start_at else None,
        "expire_at": campaign.expire_at.isoformat() if campaign.expire_at else None,
    }
