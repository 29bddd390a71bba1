"""Expansion: an activated campaign becomes messages, and messages become batches."""

import logging
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from include.billing import ledger
from include.campaigns import store
from include.campaigns.batches import batch_again, make_batches, rebalance, strays_left
from include.campaigns.pricing import prices
from include.campaigns.publish import publish_status
from include.campaigns.quote import count
from include.campaigns.regions import home_of, refresh, rules_for, rules_of, settle
from include.campaigns.rendering import render
from include.campaigns.status import describe
from include.campaigns.store import Campaign
from include.db import connect, sql
from include.db.alerts import set_alert
from include.fleet.capacity import capacities
from include.logs import canonical
from include.settings import settings
from include.storage import Storage

log = logging.getLogger(__name__)


def expand_due(code: str | None = None, name: str | None = None) -> dict[str, Any]:
    """Expand every campaign whose time has come (or one client's, or one), and share out messages.

    Safe to run twice and at the same time: a contact has at most one message per campaign.
    """
    refresh_windows()
    with connect() as conn:
        due = store.ids(conn, "list_due")
    expanded = [made for campaign_id in due if (made := _expand(campaign_id, code, name))]
    batched = _batch_again(code, name)
    with connect() as conn:
        moved = rebalance(conn)
        waiting = strays_left(conn)
        idle = bool(waiting) and not batched and not any(g.live for g in capacities(conn))
        set_alert(conn, "no_working_group", "fleet", idle, str(waiting))
    publish_all()
    return {"expanded": expanded, "batched": batched, "moved": moved, "waiting": waiting}


def _wanted(campaign: Campaign, code: str | None, name: str | None) -> bool:
    return code in (None, campaign.client) and name in (None, campaign.name)


def _expand(campaign_id: int, code: str | None, name: str | None) -> dict[str, Any] | None:
    if not _announce(campaign_id, code, name):
        return None
    with connect() as conn:
        campaign = store.get(conn, campaign_id)
        if campaign is None or campaign.state != "expanding":
            return None  # another run has it, or a person was faster
        made = _make(conn, campaign)
    document = {"campaign": campaign.name, "client": campaign.client, **made}
    canonical(log, "campaign_expanded", **document)
    return document


def _announce(campaign_id: int, code: str | None, name: str | None) -> bool:
    """Show that it is being prepared, and have the month's partitions."""
    with connect() as conn:
        campaign = store.get(conn, campaign_id)
        if campaign is None or campaign.state not in ("scheduled", "expanding"):
            return False
        if not _wanted(campaign, code, name):
            return False
        store.update(conn, campaign_id, state="expanding", reason=None)
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select ensure_message_partitions(%s)", (campaign.activation_month,))
    return True


def _make(conn: Connection, campaign: Campaign) -> dict[str, Any]:
    """The messages in their batches, and exactly their price held; nothing if it is not covered."""
    owner = store.client(conn, campaign.client)
    tariff = prices(conn, owner.tariff, store.now(conn).date())
    if campaign.list_id is None:
        raise LookupError(f"campaign {campaign.campaign_id} has lost its list")
    render(conn, campaign.spec, campaign.client_id, campaign.list_id, tariff)
    rules = rules_for(owner)
    openings = settle(conn, campaign.spec, rules, store.now(conn))
    totals = count(conn, tariff.digits)
    held = ledger.held_for(conn, campaign.campaign_id)
    try:
        ledger.reserve(conn, campaign.client_id, campaign.campaign_id, totals.cost - held)
    except ledger.CreditInsufficientError as error:
        # The list has grown since the activation: nothing of it is sent before the client has paid.
        store.update(
            conn,
            campaign.campaign_id,
            state="paused",
            paused_from="scheduled",
            reason=error.code,
        )
        return {"state": "paused", "messages": 0, "waiting": 0}
    ledger.release(
        conn, campaign.client_id, campaign.campaign_id, held - totals.cost, "not planned"
    )
    parts = totals.segments / max(totals.recipients, 1)
    plan = make_batches(conn, campaign, totals.recipients - openings.elsewhere, parts)
    values = {
        "activation_month": campaign.activation_month,
        "campaign_id": campaign.campaign_id,
        "digits": tariff.digits,
        "home": home_of(campaign.spec, rules),
        **plan.values(),
    }
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/insert_messages"), values)
        cur.execute(sql("campaigns/drop_empty_batches"), values)
    given = plan.given
    if openings.elsewhere:
        given += batch_again(conn, campaign, away_only=True)
    store.update(conn, campaign.campaign_id, state="sending", expanded_at=store.now(conn))
    return {
        "state": "sending",
        "messages": totals.recipients,
        "waiting": totals.recipients - given,
    }


def _batch_again(code: str | None, name: str | None) -> int:
    """Give out what came back from hosts, and what no group could take before."""
    with connect() as conn:
        waiting = store.ids(conn, "list_unbatched")
    given = 0
    for campaign_id in waiting:
        with connect() as conn:
            campaign = store.get(conn, campaign_id)
            if campaign and campaign.state == "sending" and _wanted(campaign, code, name):
                given += batch_again(conn, campaign)
    return given


def refresh_windows(at: datetime | None = None) -> int:
    """Move each sending window, of campaigns and of their regions, on to the next one once it is over."""
    with connect() as conn:
        now = at or store.now(conn)
        moved = refresh(conn, now)
        for campaign_id in store.ids(conn, "list_past_windows", {"now": now}):
            campaign = store.get(conn, campaign_id)
            rules = rules_of(conn, campaign) if campaign else None
            opening = campaign.spec.opening(rules, now) if campaign and rules else None
            if opening is None:
                continue
            store.update(conn, campaign_id, window_from=opening[0], window_until=opening[1])
            moved += 1
    return moved


def publish_all() -> None:
    """Write the status of every campaign that is, or has just been, on its way."""
    storage = Storage(settings().bucket_url)
    with connect() as conn:
        for campaign_id in store.ids(conn, "list_on_their_way"):
            campaign = store.get(conn, campaign_id, lock=False)
            if campaign is not None:
                publish_status(storage, campaign, describe(conn, campaign))
