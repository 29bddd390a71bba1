"""Orders to a campaign: pause, resume, cancel, approve, exempt. Each is one transaction."""

from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.billing import ledger
from include.campaigns import store
from include.campaigns.activation import activate
from include.campaigns.case import Case
from include.campaigns.compliance import grounds
from include.campaigns.faults import Fault, RefusedError, refuse
from include.campaigns.quote import last_quote, make_quote
from include.campaigns.regions import rules_for
from include.campaigns.store import OVER, Campaign
from include.db import connect, sql
from include.db.audit import record

PAUSABLE = frozenset(("scheduled", "expanding", "sending"))


def pause(conn: Connection, campaign: Campaign) -> None:
    """Nothing more of it begins: hosts give back what they have not begun."""
    if campaign.state == "paused":
        return
    if campaign.state not in PAUSABLE:
        refuse("not_possible", field="state", state=campaign.state)
    store.update(
        conn, campaign.campaign_id, state="paused", paused_from=campaign.state, reason="by_order"
    )
    _revoke(conn, campaign)


def resume(conn: Connection, campaign: Campaign) -> None:
    """Go on where it was paused."""
    if campaign.state in PAUSABLE:
        return
    if campaign.state != "paused":
        refuse("not_possible", field="state", state=campaign.state)
    back = campaign.paused_from or "scheduled"
    store.update(conn, campaign.campaign_id, state=back, paused_from=None, reason=None)


def cancel(conn: Connection, campaign: Campaign) -> None:
    """What is not with a host yet is cancelled and its price given back; the rest follows."""
    if campaign.state == "cancelled":
        return
    if campaign.state in OVER:
        refuse("campaign_finished", field="state", state=campaign.state)
    store.update(
        conn,
        campaign.campaign_id,
        state="cancelled",
        reason="by_order",
        paused_from=None,
        finished_at=store.now(conn),
    )
    _revoke(conn, campaign)
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/cancel_messages"), {"campaign_id": campaign.campaign_id})
    if campaign.expanded_at is None:
        held = ledger.held_for(conn, campaign.campaign_id)
        ledger.release(conn, campaign.client_id, campaign.campaign_id, held, "cancelled")


def _revoke(conn: Connection, campaign: Campaign) -> None:
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/revoke_batches"), {"campaign_id": campaign.campaign_id})


def order(code: str, name: str, action: str, by: str) -> dict[str, Any]:
    """``pause``, ``resume`` or ``cancel`` a client's campaign for a person; its new state."""
    actions = {"pause": pause, "resume": resume, "cancel": cancel}
    with connect() as conn:
        campaign = _campaign(conn, code, name)
        actions[action](conn, campaign)
        return _after(conn, campaign, by, action)


def approve(code: str, name: str, by: str) -> dict[str, Any]:
    """Let a campaign above its client's limit go; refused if its price rose since it was asked."""
    with connect() as conn:
        campaign = _campaign(conn, code, name)
        if campaign.state != "awaiting_approval":
            refuse("not_possible", field="state", state=campaign.state)
        faults = _activate_again(conn, campaign, code, by)
        return _after(conn, campaign, by, "approve", faults)


def reject(code: str, name: str, by: str, reason: str = "approval_refused") -> dict[str, Any]:
    """Refuse a campaign above its client's limit: it is quoted again."""
    with connect() as conn:
        campaign = _campaign(conn, code, name)
        if campaign.state != "awaiting_approval":
            refuse("not_possible", field="state", state=campaign.state)
        store.update(conn, campaign.campaign_id, state="quoted", reason=reason)
        return _after(conn, campaign, by, "reject")


def exempt(code: str, name: str, ground: str, by: str) -> dict[str, Any]:
    """Record why a marketing campaign may pass the compliance profile; it is then activated anew."""
    if ground not in grounds():
        refuse("unknown_ground", word=ground, known=", ".join(grounds()))
    with connect() as conn:
        campaign = _campaign(conn, code, name)
        at = store.now(conn).isoformat()
        store.update(
            conn, campaign.campaign_id, exemption=Json({"ground": ground, "by": by, "at": at})
        )
        return _after(conn, campaign, by, "exempt", ground=ground)


def _activate_again(conn: Connection, campaign: Campaign, code: str, by: str) -> list[Fault]:
    owner = store.client(conn, code)
    rules = rules_for(owner)
    spec = campaign.spec
    list_id, _variables = store.find_list(conn, owner.client_id, spec.list_name)
    case = Case(conn, owner, campaign, spec, list_id, rules, store.now(conn))
    shown = last_quote(conn, campaign.campaign_id) or {}
    return activate(case, make_quote(case), cited=shown.get("quote_id"), approved_by=by)


def _campaign(conn: Connection, code: str, name: str) -> Campaign:
    owner = store.client(conn, code)
    found = store.find(conn, owner.client_id, name)
    if found is None:
        raise RefusedError([Fault("unknown_campaign", values={"word": name})])
    return found


def _after(
    conn: Connection,
    campaign: Campaign,
    by: str,
    action: str,
    faults: list[Fault] | None = None,
    **detail: Any,
) -> dict[str, Any]:
    now = store.get(conn, campaign.campaign_id, lock=False) or campaign
    subject = f"campaign:{campaign.client}/{campaign.name}"
    record(
        conn, by, f"campaign_{action}", subject, before=campaign.state, after=now.state, **detail
    )
    return {
        "campaign": now.name,
        "state": now.state,
        "reason": now.reason,
        "errors": [fault.document("fr") for fault in faults or []],
    }
