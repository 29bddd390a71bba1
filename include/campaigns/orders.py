"""What a valid campaign file does: make, quote, activate, pause, resume or cancel its campaign."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.billing import ledger
from include.campaigns import control, store
from include.campaigns.activation import activate
from include.campaigns.campaign_file import CampaignFile
from include.campaigns.case import Case
from include.campaigns.compliance import Profile
from include.campaigns.faults import Fault, RefusedError
from include.campaigns.quote import Warned, last_quote, make_quote
from include.campaigns.store import OVER, Client
from include.campaigns.template import ALIASES, variables
from include.campaigns.trial import send_test
from include.db.savepoint import savepoint

ACTIVE = frozenset(("scheduled", "paused"))


@dataclass
class Outcome:
    """How a campaign stands after its file: refused if there are faults."""

    campaign_id: int
    state: str
    reason: str | None
    quote: dict[str, Any] | None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)


def carry_out(
    conn: Connection, client: Client, file: CampaignFile, upload_id: int, profile: Profile
) -> Outcome:
    """Do what a file asks, in the caller's transaction.

    The same file again changes nothing. Raises ``RefusedError`` where the file does not fit the
    client's lists, or asks for what its campaign can no longer do.
    """
    try:
        list_id, known = store.find_list(conn, client.client_id, file.spec.list_name)
    except RefusedError as error:
        raise RefusedError(_placed(file, error.faults)) from None
    _check_variables(file, known)
    campaign = store.create(conn, client, file.spec, list_id)
    case = Case(conn, client, campaign, file.spec, list_id, profile, store.now(conn))
    store.update(conn, campaign.campaign_id, upload_id=upload_id)
    if campaign.state in OVER:
        return _over(case, file)
    if campaign.begun:
        return _begun(case, file)
    outcome = _before(case, file)
    if not outcome.faults and (told := send_test(case, file, upload_id)):
        outcome.warnings.append(told)
    return outcome


def _check_variables(file: CampaignFile, known: tuple[str, ...]) -> None:
    names = {*known, *(f"var_{name.removeprefix('var_')}" for name in known)}
    names |= {name.removeprefix("var_") for name in known}
    faults = []
    for number, text in enumerate(file.spec.texts):
        path = ("message",) if text.variant is None else ("message", "variants", number, "text")
        for variable in variables(text.parts):
            if variable.name not in names:
                faults.append(_unknown(file, path, variable.name, variable.at, known))
    if faults:
        raise RefusedError(faults)


def _unknown(
    file: CampaignFile, path: tuple[str | int, ...], word: str, at: int, known: tuple[str, ...]
) -> Fault:
    close = get_close_matches(word, [*known, *ALIASES], n=1, cutoff=0.6)
    values = {"word": word, "close": close[0] if close else "", "known": ", ".join(known)}
    written: Any = file.document.data["message"]
    text = written if isinstance(written, str) else written["variants"][path[2]]["text"]
    line = file.document.line(path, text[:at])
    says = "unknown_variable_close" if close else None
    return Fault("unknown_variable", line, ".".join(map(str, path)), values, says)


def _over(case: Case, file: CampaignFile) -> Outcome:
    same = file.spec.digest == case.campaign.spec.digest
    if not same or (file.state == "cancelled") != (case.campaign.state == "cancelled"):
        values = {"state": case.campaign.state}
        raise RefusedError([Fault("campaign_finished", file.line("campaign"), "campaign", values)])
    return _stands(case)


def _begun(case: Case, file: CampaignFile) -> Outcome:
    """Its messages are made: only its state may change."""
    campaign = case.campaign
    if file.state == "draft":
        raise RefusedError([Fault("already_started", file.line("state"), "state")])
    orders = {"active": control.resume, "paused": control.pause, "cancelled": control.cancel}
    orders[file.state](case.conn, campaign)
    frozen = file.spec.digest != campaign.spec.digest
    return _stands(case, [Warned("text_frozen")] if frozen else [])


def _before(case: Case, file: CampaignFile) -> Outcome:
    """No message is made yet: text, list and price may still change."""
    conn, campaign = case.conn, case.campaign
    if file.state == "cancelled":
        control.cancel(conn, campaign)
        return _stands(case)
    was_active = campaign.state in ACTIVE
    same = file.spec.digest == campaign.spec.digest
    waits = campaign.state == "awaiting_approval" and file.state == "active"
    if same and (waits or (was_active and file.state != "draft")):
        if was_active:
            (control.pause if file.state == "paused" else control.resume)(conn, campaign)
        return _stands(case)
    if not was_active:
        return _anew(case, file)
    try:
        with savepoint(conn):
            outcome = _anew(case, file)
            if outcome.faults:
                raise RefusedError(outcome.faults)
            return outcome
    except RefusedError as error:  # what was active before stays so, as it was
        stands = _stands(case)
        stands.faults = list(error.faults)
        return stands


def _anew(case: Case, file: CampaignFile) -> Outcome:
    conn, campaign = case.conn, case.campaign
    was_active = campaign.state in ACTIVE
    held = ledger.held_for(conn, campaign.campaign_id)
    ledger.release(conn, campaign.client_id, campaign.campaign_id, held, "quoted anew")
    store.update(
        conn,
        campaign.campaign_id,
        spec=Json(file.spec.data),
        purpose=file.spec.purpose,
        list_id=case.list_id,
        state="quoted",
        reason=None,
        paused_from=None,
    )
    quote = make_quote(case)
    faults: list[Fault] = []
    warnings: list[Warned] = []
    if file.state == "active" or (file.state == "paused" and was_active):
        faults = _placed(file, activate(case, quote, cited=file.quote_id))
    if file.state == "paused" and not faults:
        current = store.get(conn, campaign.campaign_id)
        if was_active and current is not None and current.state in ACTIVE:
            control.pause(conn, current)
        elif not was_active:
            warnings.append(Warned("nothing_to_pause"))
    outcome = _stands(case, warnings)
    outcome.faults = faults
    outcome.quote = quote.body
    return outcome


def _placed(file: CampaignFile, faults: Iterable[Fault]) -> list[Fault]:
    """The same faults, each with its line of the file."""
    return [
        Fault(f.code, file.line(*(f.field or "campaign").split(".")), f.field, f.values, f.says)
        for f in faults
    ]


def _stands(case: Case, warnings: list[Warned] | None = None) -> Outcome:
    now = store.get(case.conn, case.campaign.campaign_id, lock=False) or case.campaign
    quote = last_quote(case.conn, now.campaign_id)
    return Outcome(now.campaign_id, now.state, now.reason, quote, [], warnings or [])


def document(name: str | None, outcome: Outcome, client: Client) -> dict[str, Any]:
    """What ``campaigns apply`` says: the contract's document, with the warnings."""
    quote = outcome.quote or {}
    return {
        "campaign": name,
        "state": outcome.state,
        "reason": outcome.reason,
        "errors": [fault.document(client.language) for fault in outcome.faults],
        "warnings": [
            *(warned.document(client.language) for warned in outcome.warnings),
            *quote.get("warnings", []),
        ],
        "quote": outcome.quote,
    }
