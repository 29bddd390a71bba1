"""The quote as a page."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from include.pages import Column, Words, render, words


def quote_page(receipt: dict[str, Any], language: str) -> str:
    """The page of the quote in a receipt, in French or English."""
    quote = receipt["quote"]
    t = words(language)
    mood = _mood(receipt)
    reasons = [
        {"reason": t(f"quote.reason.{code}"), "code": code, "contacts": number}
        for code, number in sorted(quote["skipped"].items())
    ]
    return render(
        "quote",
        language,
        mood=mood,
        quote=quote,
        receipt=receipt,
        cost=Decimal(quote["cost"]),
        credit_after=Decimal(quote["credit_after"]),
        starts_at=_instant(quote["starts_at"]),
        finish=_instant(quote["earliest_finish"]),
        made_at=_instant(quote["made_at"]),
        expires_at=_instant(quote.get("expires_at")),
        errors=[error["message"] for error in receipt["errors"]],
        warnings=[warning["message"] for warning in receipt["warnings"]],
        skipped_columns=_columns(t, "skipped", reason="text", code="code", contacts="number"),
        skipped=reasons,
        histogram_columns=_columns(
            t, "histogram", encoding="code", parts="number", messages="number"
        ),
        sample_columns=[
            Column("text", t("quote.samples.text")),
            Column("segments", t("quote.segments"), "number"),
            Column("encoding", t("quote.histogram.encoding"), "code"),
        ],
    )


def _columns(t: Words, table: str, **kinds: Any) -> list[Column]:
    return [Column(key, t(f"quote.{table}.{key}"), kind) for key, kind in kinds.items()]


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _mood(receipt: dict[str, Any]) -> str:
    if receipt["errors"]:
        return "refused"
    state = receipt["state"]
    return {"awaiting_approval": "approval", "quoted": "quoted", "paused": "paused"}.get(
        state, "active"
    )
