"""A test send: the text of a campaign that is not active yet, to the client's own few numbers.

It is a campaign of its own, with a list of its own, so that it is priced, held, sent, counted and
reported as any other; the campaign's status names it.
"""

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from psycopg2.extensions import connection as Connection

from include.campaigns import store
from include.campaigns.campaign_file import CampaignFile
from include.campaigns.case import Case
from include.campaigns.faults import Fault, RefusedError
from include.campaigns.quote import Warned
from include.campaigns.spec import Spec
from include.campaigns.store import Campaign
from include.campaigns.template import FIXED
from include.db import sql
from include.db.savepoint import savepoint
from include.phones import check
from include.settings import settings

if TYPE_CHECKING:
    from include.campaigns.orders import Outcome

PREFIX, FIELD = "test-", "test_to"
_LONGEST = 50
#: Of the campaign, what a test does not wait for nor share.
_OWN = (FIELD, "schedule", "rate", "budget")
_WAITING = frozenset(("draft", "quoted"))


def test_numbers(file: CampaignFile) -> list[str]:
    """The file's test numbers as they are dialled, each once; ``RefusedError`` for one that is none."""
    extra = settings().extra_valid_prefixes
    numbers: dict[str, None] = {}
    faults = []
    for place, written in enumerate(file.spec.data.get(FIELD, [])):
        found = check(written, extra_valid_prefixes=extra)
        if found.msisdn is None:
            line = file.line(FIELD, place) or file.line(FIELD)
            faults.append(Fault("bad_test_number", line, FIELD, {"word": written[:40]}))
        else:
            numbers[found.msisdn] = None
    if faults:
        raise RefusedError(faults)
    return list(numbers)


def send_test(case: Case, file: CampaignFile, upload_id: int) -> Warned | None:
    """Send a quoted campaign's text to its test numbers, once for each text; what to tell.

    What stands in its way (too little credit, say) is told, and keeps the campaign itself as it is.
    """
    from include.campaigns.orders import carry_out  # which calls this

    numbers = test_numbers(file)
    if not numbers:
        return None
    if file.state != "draft":
        return Warned("test_only_draft")
    name = _name(file.spec, numbers)
    known = store.find(case.conn, case.client.client_id, name)
    if known is not None and known.state not in _WAITING:
        return Warned("test_sent", {"campaign": name})
    trial = CampaignFile(_spec(file.spec, name), "active", None, file.document)
    owner = replace(case.client, quote_required=False)
    try:
        with savepoint(case.conn):
            _fill_list(case, name, numbers, upload_id)
            outcome = carry_out(case.conn, owner, trial, upload_id, case.profile)
            if outcome.faults:
                raise RefusedError(outcome.faults)
    except RefusedError as error:
        why = error.faults[0].document(case.client.language)["message"]
        return Warned("test_not_sent", {"why": why})
    return _told(name, len(numbers), outcome)


def _told(name: str, numbers: int, outcome: "Outcome") -> Warned:
    values = {"campaign": name, "n": numbers, "cost": (outcome.quote or {}).get("cost", "0")}
    return Warned("test_waits" if outcome.state == "awaiting_approval" else "test_sending", values)


def _name(spec: Spec, numbers: list[str]) -> str:
    """The same text to the same numbers is the same test."""
    said = [str(spec.data["message"]), str(spec.data.get("stop_mention")), *sorted(numbers)]
    digest = sha256("\n".join(said).encode()).hexdigest()[:7]
    return f"{PREFIX}{spec.name[:_LONGEST]}-{digest}"


def _spec(spec: Spec, name: str) -> Spec:
    kept: dict[str, Any] = {key: value for key, value in spec.data.items() if key not in _OWN}
    # It goes to people who asked for it, at once: the rules for marketing are not about them.
    kept |= {"campaign": name, "list": name, "purpose": "transactional", "trial_of": spec.name}
    return Spec(kept)


def _fill_list(case: Case, name: str, numbers: list[str], upload_id: int) -> None:
    _list_id, variables = store.find_list(case.conn, case.client.client_id, case.spec.list_name)
    values: dict[str, Any] = {
        "client_id": case.client.client_id,
        "name": name,
        "label": None,
        "variables": list(variables[len(FIXED) :]),
    }
    with case.conn.cursor() as cur:
        cur.execute(sql("contacts/ensure_list"), values)
        values["list_id"] = cur.fetchone()[0]  # type: ignore[index]
        values |= {"source_id": case.list_id, "numbers": numbers, "upload_id": upload_id}
        cur.execute(sql("campaigns/add_trial_contacts"), {**values, "most": len(numbers)})


def trials(conn: Connection, campaign: Campaign) -> list[Campaign]:
    """The test sends of a campaign, the latest first."""
    values = {"client_id": campaign.client_id, "name": campaign.name}
    found = [
        store.get(conn, campaign_id, lock=False)
        for campaign_id in store.ids(conn, "list_trials", values)
    ]
    return [one for one in found if one is not None]
