"""From a quote to an activated campaign: every check, then the credit held, in one transaction."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from include.billing import ledger
from include.campaigns import store
from include.campaigns.case import Case
from include.campaigns.faults import Fault
from include.campaigns.quote import Quote
from include.campaigns.spec import Spec
from include.db import sql


def activate(
    case: Case, quote: Quote, *, cited: str | None = None, approved_by: str | None = None
) -> list[Fault]:
    """Activate a quoted campaign, or leave it quoted and say why.

    The whole price is held, or nothing is. A price above the client's limit waits for a person
    (``awaiting_approval``) unless ``approved_by`` names one.
    """
    faults = [*_quote_faults(case, quote, cited), *_campaign_faults(case, quote)]
    if faults:
        return _stay(case, faults)
    cost = quote.totals.cost
    available = ledger.balance(case.conn, case.client.client_id).available
    if cost > available:
        return _stay(case, [_credit(available, cost)])
    limit = case.client.approve_above
    if limit is not None and cost > limit and approved_by is None:
        _set(case, state="awaiting_approval", reason="above_approval_limit")
        return []
    try:
        ledger.reserve(case.conn, case.client.client_id, case.campaign.campaign_id, cost)
    except ledger.CreditInsufficientError as error:  # another activation was faster
        return _stay(case, [_credit(error.available, cost)])
    _schedule(case, quote, approved_by)
    return []


def _schedule(case: Case, quote: Quote, approved_by: str | None) -> None:
    opens, closes = quote.window or (None, None)
    _set(
        case,
        state="scheduled",
        reason=None,
        activated_at=case.at,
        activation_month=date(case.at.year, case.at.month, 1),
        start_at=quote.opens,
        expire_at=case.spec.expire_at,
        on_uncertain=case.spec.data.get("on_uncertain", "hold"),
        window_from=opens,
        window_until=closes,
        paused_from=None,
        approved_by=approved_by,
    )


def _set(case: Case, **columns: Any) -> None:
    store.update(case.conn, case.campaign.campaign_id, **columns)


def _stay(case: Case, faults: list[Fault]) -> list[Fault]:
    _set(case, state="quoted", reason=faults[0].code, paused_from=None)
    return faults


def _credit(available: Decimal, cost: Decimal) -> Fault:
    values = {"available": available, "cost": cost}
    return Fault("credit_insufficient", None, "state", values)


def _quote_faults(case: Case, quote: Quote, cited: str | None) -> Iterator[Fault]:
    if cited is None:
        if case.client.quote_required:
            yield Fault("quote_required", None, "quote_id", {"quote_id": quote.quote_id})
        return
    values = {"word": cited, "quote_id": quote.quote_id}
    with case.conn.cursor() as cur:
        wanted = {"quote_id": cited, "campaign_id": case.campaign.campaign_id}
        cur.execute(sql("campaigns/find_quote"), wanted)
        row = cur.fetchone()
    if row is None:
        yield Fault("unknown_quote", None, "quote_id", values)
        return
    digest, before, expired = row
    if expired:
        yield Fault("quote_expired", None, "quote_id", values)
    elif digest != case.spec.digest or before != quote.totals.cost:
        prices = {"before": before, "cost": quote.totals.cost}
        yield Fault("quote_changed", None, "quote_id", values | prices)


def _campaign_faults(case: Case, quote: Quote) -> Iterator[Fault]:
    spec, totals = case.spec, quote.totals
    marketing = spec.purpose == "marketing" and case.profile.marketing_over_sim == "refused"
    if marketing and case.campaign.exemption is None:
        yield Fault("marketing_over_sim_refused", None, "purpose")
    missing = totals.skipped.get("missing_variable", 0)
    if spec.on_missing == "reject_campaign" and missing:
        yield Fault("missing_variable", None, "message", {"n": missing})
    if not totals.recipients:
        yield Fault("no_recipients", None, "list")
    expires = spec.expire_at
    if expires is not None and expires <= case.at:
        yield Fault("expired", None, "schedule.expire_at")
    elif quote.opens is None:
        yield Fault("never_open", None, "schedule")
    elif expires is not None and expires <= quote.opens:
        yield Fault("expires_before_start", None, "schedule.expire_at")
    yield from _budget_faults(spec, quote)


def _budget_faults(spec: Spec, quote: Quote) -> Iterator[Fault]:
    budget = spec.data.get("budget", {})
    totals = quote.totals
    most = budget.get("max_messages")
    if "max_cost" in budget and totals.cost > Decimal(budget["max_cost"]):
        values = {"cost": totals.cost, "limit": Decimal(budget["max_cost"])}
        yield Fault("budget_cost", None, "budget.max_cost", values)
    if most is not None and totals.recipients > most:
        counted = {"found": str(totals.recipients), "limit": str(most)}
        yield Fault("budget_messages", None, "budget.max_messages", counted)
