"""Alerts in words."""

from collections.abc import Mapping
from typing import Any

from include.pages.words import Words


def alert_sentence(t: Words, alert: Mapping[str, Any]) -> str:
    """What is wrong, in one line, by ``kind``, ``subject`` and ``detail`` of an alert."""
    key = f"alert.{alert['kind']}"
    values = {name: alert[name] for name in ("kind", "subject", "detail")}
    return " ".join(t(key if t.has(key) else "alert.other", **values).split())


def alert_advice(t: Words, alert: Mapping[str, Any]) -> str:
    """What to do about it; nothing where the catalogue has no advice."""
    return t.first(f"alert.todo.{alert['kind']}")
