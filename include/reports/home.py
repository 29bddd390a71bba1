"""The client's home page and account."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from include.campaigns.store import OVER
from include.pages import Column, render
from include.pages.workbook import Sheet, workbook
from include.reports.campaign import handed_over, recipients
from include.reports.outbox import Outbox, Row
from include.reports.page import columns, share

HISTORY = "account/history.xlsx"
#: Up to here the history of the credit is written anew at each change.
LIVE_ENTRIES = 5_000
_LISTS = (
    ("list", "code"), ("label", "text"), ("contacts", "number"), ("opted_out", "number"),
    ("updated_at", "when"),
)  # fmt: skip
_INVOICES = (
    ("number", "link"), ("kind", "text"), ("period", "text"), ("issued_on", "day"), ("due_on", "day"),
    ("gross", "money"), ("payable", "money"),
)  # fmt: skip


def write_home(outbox: Outbox, campaigns: Sequence[Row]) -> None:
    """Write `index.html` and `account/balance.json` if they have changed."""
    facts: dict[str, Any] = {
        "client": dict(outbox.client),
        "lists": outbox.rows("list_contact_lists"),
        "campaigns": campaigns,
        "receipts": outbox.rows("list_receipts"),
        "invoices": outbox.rows("list_invoices"),
    }
    links = _links(outbox, facts)
    if not outbox.changed("home", [facts, links], "index.html"):
        return
    outbox.write("account/balance.json", json.dumps(_balance(outbox), ensure_ascii=False, indent=2))
    outbox.write("index.html", _page(outbox, facts, links))


def write_history(outbox: Outbox, *, complete: bool) -> None:
    """Write `account/history.xlsx` if the ledger has grown; a long one only if `complete`."""
    (ledger,) = outbox.rows("last_entry", most=LIVE_ENTRIES)
    if ledger["long"] and not complete:
        return
    if outbox.changed("history", ledger["last"], HISTORY):
        outbox.write(HISTORY, _history(outbox, outbox.rows("list_ledger")))


def amount(value: Decimal) -> str:
    """An exact amount as JSON carries it: at least two decimals, no superfluous zero."""
    exact = value.normalize()
    exponent = exact.as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:.{digits}f}"


def _balance(outbox: Outbox) -> dict[str, Any]:
    client = outbox.client
    return {
        "schema": "balance/1",
        "client": client["code"],
        "currency": "EUR",
        "balance": amount(client["balance"]),
        "held": amount(client["held"]),
        "low": client["balance"] < client["low_credit"],
        "at": outbox.at.isoformat(),
    }


def _history(outbox: Outbox, ledger: list[dict[str, Any]]) -> bytes:
    t = outbox.t
    kinds = (
        ("at", "when"), ("movement", "text"), ("campaign", "code"), ("amount", "money"),
        ("held", "money"), ("note", "text"),
    )  # fmt: skip
    rows = [{**row, "movement": t(f"ledger.{row['kind']}")} for row in ledger]
    sheet = Sheet(t("home.history"), columns(t, "ledger.column", *kinds), rows)
    return workbook([sheet], outbox.lang, zone=outbox.zone, made=outbox.at)


def _links(outbox: Outbox, facts: dict[str, Any]) -> set[str]:
    """Files of the outbox that the page links to, where they exist by now."""
    names = [f"imports/{row['import_id']}/receipt.html" for row in facts["receipts"]]
    names += [f"receipts/{row['file']}.json" for row in facts["receipts"]]
    names += [_pdf(row) for row in facts["invoices"]]
    return {name for name in names if _exists(outbox, name)}


def _exists(outbox: Outbox, name: str) -> bool:
    # A client's file name may be one that no key can have.
    return ".." not in name and "\\" not in name and outbox.storage.exists(outbox.key(name))


def _page(outbox: Outbox, facts: dict[str, Any], links: set[str]) -> str:
    t = outbox.t
    return render(
        "client_home",
        outbox.lang,
        zone=outbox.zone,
        client=outbox.client,
        low=outbox.client["balance"] < outbox.client["low_credit"],
        contacts=sum(row["contacts"] for row in facts["lists"]),
        running=[
            row for row in facts["campaigns"] if row["state"] not in (*OVER, "draft", "quoted")
        ],
        waiting=[row for row in facts["receipts"] if row["state"] == "awaiting_mapping"],
        lists_columns=columns(t, "home.column", *_LISTS),
        lists=facts["lists"],
        campaigns_columns=_campaign_columns(t),
        campaigns=[_campaign(row) for row in facts["campaigns"]],
        invoices_columns=columns(t, "money.column", *_INVOICES),
        invoices=[_invoice(outbox, row, links) for row in facts["invoices"]],
        receipts_columns=_receipt_columns(t),
        receipts=[_receipt(outbox, row, links) for row in facts["receipts"]],
        at=outbox.at,
    )


def _pdf(invoice: dict[str, Any]) -> str:
    return f"invoices/{invoice['number']}.pdf"


def _invoice(outbox: Outbox, row: dict[str, Any], links: set[str]) -> dict[str, Any]:
    kind = outbox.t(f"r9.kind.{row['kind']}")
    return row | {"number": (row["number"], _pdf(row) if _pdf(row) in links else ""), "kind": kind}


def _campaign_columns(t: Any) -> list[Column]:
    kinds = (
        ("name", "link"), ("list", "code"), ("state", "state"), ("recipients", "number"),
        ("handed_over", "number"), ("delivered", "number"), ("percent", "percent"),
        ("cost", "money"), ("activated_at", "when"),
    )  # fmt: skip
    return columns(t, "home.column", *kinds)


def _campaign(row: Row) -> dict[str, Any]:
    delivered = row["counts"].get("delivered", 0)
    return dict(row) | {
        "name": (row["name"], f"campaigns/{row['name']}/report.html"),
        "recipients": recipients(row),
        "handed_over": handed_over(row),
        "delivered": delivered,
        "percent": share(delivered, handed_over(row)),
    }


def _receipt_columns(t: Any) -> list[Column]:
    kinds = (
        ("file", "link"), ("kind", "text"), ("state", "state"), ("told", "text"),
        ("accepted", "number"), ("rejected", "number"), ("updated_at", "when"),
    )  # fmt: skip
    return columns(t, "home.column", *kinds)


def _receipt(outbox: Outbox, row: dict[str, Any], links: set[str]) -> dict[str, Any]:
    told = row["told"] if isinstance(row["told"], dict) else {}
    candidates = (f"imports/{row['import_id']}/receipt.html", f"receipts/{row['file']}.json")
    href = next((name for name in candidates if name in links), None)
    loaded = row["loaded"]
    return row | {
        "file": (row["file"], href or ""),
        "kind": outbox.t(f"home.kind.{row['kind']}"),
        "told": told.get(f"message_{outbox.lang}") or row["reason"],
        "accepted": None if loaded is None else loaded + (row["updated"] or 0),
    }
