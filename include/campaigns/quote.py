"""A quote: who would get what, what it costs, when it would be over."""

import secrets
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.billing import ledger
from include.campaigns.case import Case
from include.campaigns.faults import written
from include.campaigns.pricing import prices
from include.campaigns.regions import settle
from include.campaigns.rendering import render
from include.campaigns.windows import Interval
from include.db import sql
from include.fleet.capacity import SMS_PER_MINUTE, capacities
from include.pages import Formats, words
from sms_sender.pdu.alphabet import outside_gsm7

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Warned:
    """Something the client should know, in the words of ``campaign.warning.<code>``."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)

    def document(self, language: str) -> dict[str, str]:
        """The warning as receipts carry it."""
        key = f"campaign.warning.{self.code}"
        return {
            "code": self.code,
            "message": words(language)(key, **written(self.values, language)),
        }


@dataclass(frozen=True)
class Totals:
    """What the rendered texts add up to."""

    recipients: int
    segments: int
    cost: Decimal
    skipped: dict[str, int]
    encodings: dict[str, int]
    histogram: list[dict[str, Any]]


@dataclass(frozen=True)
class Quote:
    """A quote as stored; ``body`` is the document shown.

    ``opens``: when the first recipients may be written to; ``window``: the next hours of those at
    home, None for any hour.
    """

    quote_id: str
    totals: Totals
    opens: datetime | None
    window: Interval | None
    body: dict[str, Any]


def make_quote(case: Case) -> Quote:
    """Render every text, count and price them, and store the quote.

    The temporary tables ``rendered`` and ``price`` stay until the transaction ends.
    """
    tariff = prices(case.conn, case.client.tariff, case.at.date())
    lost = render(case.conn, case.spec, case.client.client_id, case.list_id, tariff)
    openings = settle(case.conn, case.spec, case.profile, case.at)
    totals = count(case.conn, tariff.digits)
    opens = openings.first[0] if openings.first else None
    quote_id = "quo_" + "".join(secrets.choice(_LETTERS) for _ in range(16))
    body = {"quote_id": quote_id, **_body(case, totals, opens, openings.elsewhere, lost)}
    _store(case, totals.cost, body)
    windowed = bool(case.spec.windows(case.profile))
    return Quote(quote_id, totals, opens, openings.home if windowed else None, body)


def last_quote(conn: Connection, campaign_id: int) -> dict[str, Any] | None:
    """The quote that the client saw last."""
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/last_quote"), {"campaign_id": campaign_id})
        row = cur.fetchone()
    return row[0] if row else None


def count(conn: Connection, digits: int) -> Totals:
    """Add up the rendered texts."""
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/count_rendered"), {"digits": digits})
        rows = cur.fetchall()
    skipped: Counter[str] = Counter()
    encodings: Counter[str] = Counter()
    histogram = []
    segments, cost = 0, Decimal(0)
    for reason, encoding, parts, messages, price in rows:
        if reason is not None:
            skipped[reason] += messages
            continue
        encodings[encoding] += messages
        histogram.append({"encoding": encoding, "parts": parts, "messages": messages})
        segments += parts * messages
        cost += price
    histogram.sort(key=lambda line: (line["encoding"], line["parts"]))
    return Totals(
        sum(encodings.values()), segments, cost, dict(skipped), dict(encodings), histogram
    )


def _body(
    case: Case, totals: Totals, opens: datetime | None, elsewhere: int, lost: Sequence[str]
) -> dict[str, Any]:
    credit = ledger.balance(case.conn, case.client.client_id).available
    groups = capacities(case.conn)
    per_minute = sum(group.per_minute for group in groups)
    modems = sum(group.live for group in groups)
    ends = _ends(case, totals.segments, per_minute or SMS_PER_MINUTE)
    because = _ucs2_because(case.conn, totals)
    warnings = [
        *_start_warnings(case, opens, ends),
        *_text_warnings(totals, because),
        *([Warned("lost", {"found": " ".join(lost)})] if lost else []),
        *([Warned("elsewhere", {"n": elsewhere})] if elsewhere else []),
        *([Warned("no_modem")] if not modems else []),
    ]
    return {
        "campaign": case.spec.name,
        "list": case.spec.list_name,
        "purpose": case.spec.purpose,
        "recipients": totals.recipients,
        "skipped": totals.skipped,
        "segments": totals.segments,
        "encoding": _encoding(totals),
        "encodings": totals.encodings,
        "histogram": totals.histogram,
        "ucs2_because": because,
        "cost": money(totals.cost),
        "currency": "EUR",
        "credit": money(credit),
        "credit_after": money(credit - totals.cost),
        "starts_at": opens.isoformat() if opens else None,
        "earliest_finish": ends.isoformat() if ends else None,
        "capacity": {"modems": modems, "segments_per_minute": per_minute},
        "samples": _samples(case.conn),
        "warnings": [warned.document(case.client.language) for warned in warnings],
        "made_at": case.at.isoformat(),
    }


def money(amount: Decimal) -> str:
    """An amount with two decimals, and up to four where it has them."""
    exact = amount.quantize(Decimal("0.0001"))
    short = exact.quantize(Decimal("0.01"))
    return str(short if short == exact else exact)


def _encoding(totals: Totals) -> str:
    used = sorted(totals.encodings)
    return used[0] if len(used) == 1 else "mixed" if used else "gsm7"


def _ends(case: Case, segments: int, per_minute: int) -> datetime | None:
    per_minute = min(per_minute, case.spec.data.get("rate", {}).get("per_minute", per_minute))
    return case.spec.finished(case.profile, case.at, 60 * segments / per_minute)


def _ucs2_because(conn: Connection, totals: Totals) -> list[str]:
    if "ucs2" not in totals.encodings:
        return []
    found: dict[str, None] = {}
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/list_foreign_texts"))
        for (text,) in cur.fetchall():
            found |= dict.fromkeys(outside_gsm7(text))
    return list(found)


def _samples(conn: Connection) -> list[dict[str, Any]]:
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/list_samples"))
        return [
            {"text": text, "encoding": encoding, "segments": parts}
            for text, encoding, parts in cur.fetchall()
        ]


def _start_warnings(case: Case, opens: datetime | None, ends: datetime | None) -> Iterator[Warned]:
    spec = case.spec
    if opens and opens > max(case.at, spec.start_at or case.at):
        shown = Formats(case.client.language, spec.zone).when(opens)
        yield Warned("start_moved", {"at": shown})
    if spec.expire_at and (ends is None or ends > spec.expire_at):
        yield Warned("late")


def _text_warnings(totals: Totals, because: Sequence[str]) -> Iterator[Warned]:
    if because:
        yield Warned("ucs2", {"found": " ".join(because)})
    for reason in ("missing_variable", "too_many_parts", "no_window"):
        if totals.skipped.get(reason):
            yield Warned(reason, {"n": totals.skipped[reason]})


def _store(case: Case, cost: Decimal, body: dict[str, Any]) -> None:
    values = {
        "quote_id": body["quote_id"],
        "campaign_id": case.campaign.campaign_id,
        "spec_sha256": case.spec.digest,
        "cost": cost,
        "body": Json(body),
    }
    with case.conn.cursor() as cur:
        cur.execute(sql("campaigns/add_quote"), values)
        row = cur.fetchone()
    body["expires_at"] = row[0].isoformat() if row else None
