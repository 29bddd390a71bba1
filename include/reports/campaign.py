"""A campaign's report for its client: where each message stands."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from typing import Any

from psycopg2.extras import RealDictCursor

from include.campaigns.status import COUNTS, describe
from include.campaigns.store import OVER, find
from include.db import sql
from include.errors import InputError
from include.pages import Column, render
from include.pages.chart import funnel, line
from include.pages.workbook import Sheet, csv_text, workbook
from include.reports.outbox import Outbox, Row
from include.reports.page import columns, reason_word, share

HANDED_OVER = ("sent", "delivered", "undelivered")
#: Up to here the lists of deliveries are written anew at each change.
LIVE_DELIVERIES = 5_000
_DELIVERY = (
    ("phone", "phone"), ("state", "state"), ("reason", "code"), ("segments", "number"),
    ("price", "money"), ("sent_at", "when"), ("final_at", "when"),
)  # fmt: skip


_REASON = (("state", "state"), ("why", "text"), ("reason", "code"), ("messages", "number"))


def write_campaigns(outbox: Outbox, campaigns: Sequence[Row], *, complete: bool) -> None:
    """Write the report of each of the client's campaigns that has changed."""
    for row in campaigns:
        running = row["state"] not in OVER
        details = complete or not running or recipients(row) <= LIVE_DELIVERIES
        folder = f"campaigns/{row['name']}"
        page = f"campaign:{row['name']}"
        if outbox.changed(page, [row, details], f"{folder}/report.html"):
            _write(outbox, row, details)


def recipients(row: Row) -> int:
    """Contacts of the campaign, the skipped ones included."""
    return sum(row["counts"].values())


def handed_over(row: Row) -> int:
    """Messages that the network took."""
    return sum(row["counts"].get(state, 0) for state in HANDED_OVER)


def _write(outbox: Outbox, row: Row, details: bool) -> None:
    folder = f"campaigns/{row['name']}"
    if details:
        heads = columns(outbox.t, "delivery", *_DELIVERY)
        outbox.write(
            f"{folder}/deliveries.csv", "\ufeff" + csv_text(heads, _deliveries(outbox, row))
        )
        sheets = [
            _summary(outbox, row),
            Sheet(outbox.t("campaign.deliveries"), heads, _deliveries(outbox, row)),
        ]
        book = workbook(sheets, outbox.lang, zone=outbox.zone, made=outbox.at)
        outbox.write(f"{folder}/report.xlsx", book)
    outbox.write(f"{folder}/report.html", _page(outbox, row, details))
    outbox.write(f"{folder}/status.json", json.dumps(_status(outbox, row), indent=2))


def _status(outbox: Outbox, row: Row) -> dict[str, Any]:
    """The document of `campaigns status`."""
    campaign = find(outbox.conn, outbox.client["client_id"], row["name"], lock=False)
    if campaign is None:
        raise InputError("unknown_campaign", f"there is no campaign {row['name']}")
    return describe(outbox.conn, campaign)


def _deliveries(outbox: Outbox, row: Row) -> Iterator[dict[str, Any]]:
    name = f"deliveries_{row['campaign_id']}"
    with outbox.conn.cursor(name, cursor_factory=RealDictCursor) as cur:
        cur.itersize = 5_000
        cur.execute(sql("reports/campaign_deliveries"), {"campaign_id": row["campaign_id"]})
        for delivery in cur:
            yield dict(delivery)


def _summary(outbox: Outbox, row: Row) -> Sheet:
    percent = Column("percent", "%", "percent")
    heads = columns(outbox.t, "column", ("state", "state"), ("messages", "number"), percent)
    return Sheet(outbox.t("campaign.states"), heads, _states(row))


def _states(row: Row) -> list[dict[str, Any]]:
    return [
        {"state": state, "messages": n, "percent": share(n, recipients(row))}
        for state in COUNTS
        if (n := row["counts"].get(state, 0))
    ]


def _page(outbox: Outbox, row: Row, details: bool) -> str:
    t = outbox.t
    reasons = outbox.rows("campaign_reasons", campaign_id=row["campaign_id"])
    for reason in reasons:
        reason["why"] = reason_word(t, reason["reason"])
    return render(
        "campaign_report",
        outbox.lang,
        zone=outbox.zone,
        client=outbox.client,
        row=row,
        why=reason_word(t, row["reason"]) or row["reason"],
        texts=_texts(row["text"]),
        recipients=recipients(row),
        handed_over=handed_over(row),
        delivered=row["counts"].get("delivered", 0),
        uncertain=row["counts"].get("uncertain", 0),
        percent=share(row["counts"].get("delivered", 0), handed_over(row)),
        states_columns=_summary(outbox, row).columns,
        states=_states(row),
        reasons_columns=columns(t, "column", *_REASON),
        reasons=reasons,
        charts=_charts(outbox, row),
        details=details,
        has_quote=outbox.storage.exists(outbox.key(f"campaigns/{row['name']}/quote.html")),
        final=row["state"] in OVER,
        at=outbox.at,
    )


def _texts(message: Any) -> list[tuple[str, str]]:
    """(variant, text) of the campaign file; one text has no variant."""
    if isinstance(message, dict):
        return [(variant["id"], variant["text"]) for variant in message.get("variants", [])]
    return [("", str(message))] if message else []


def _charts(outbox: Outbox, row: Row) -> list[Any]:
    t, counts = outbox.t, row["counts"]
    if not recipients(row):
        return []
    steps = [
        (t("column.recipients"), recipients(row)),
        (t("column.kept"), recipients(row) - counts.get("skipped", 0)),
        (t("column.handed_over"), handed_over(row)),
        (t("campaign.delivered"), counts.get("delivered", 0)),
    ]
    unit = t("unit.messages")
    charts = [funnel(t("campaign.funnel"), steps, outbox.lang, unit=unit, table=False)]
    pace = outbox.rows("campaign_pace", campaign_id=row["campaign_id"])
    return charts + ([_pace(outbox, pace)] if len(pace) > 1 else [])


def _pace(outbox: Outbox, pace: list[dict[str, Any]]) -> Any:
    """Messages sent over time, in at most 60 equal steps of whole minutes."""
    first, last = pace[0]["minute"], pace[-1]["minute"]
    minutes = int((last - first).total_seconds() // 60) + 1
    step = -(-minutes // 60)
    sums = [0] * -(-minutes // step)
    for row in pace:
        sums[int((row["minute"] - first).total_seconds() // 60) // step] += row["sent"]
    starts = [first + timedelta(minutes=i * step) for i in range(len(sums))]
    pattern = "%H:%M" if minutes <= 24 * 60 else "%d/%m %H:%M"
    ticks = [outbox.f.local(at.astimezone(UTC)).strftime(pattern) for at in starts]
    title = outbox.t("campaign.pace")
    unit = outbox.t("campaign.per_step", n=step)
    return line(title, {outbox.t("column.handed_over"): sums}, ticks, outbox.lang, unit=unit)
