"""What law and duty ask of a campaign: profiles kept as data in ``compliance.yaml``."""

import unicodedata
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib import resources
from typing import Any

import yaml

from include.campaigns.windows import Window
from include.errors import ConfigurationError


@dataclass(frozen=True)
class Profile:
    """The rules of one country for marketing; transactional messages are exempt from all of them."""

    name: str
    marketing_over_sim: str
    marketing_needs_stop: bool
    marketing_window: Window | None


@cache
def _rules() -> dict[str, Any]:
    text = (resources.files("include.campaigns") / "compliance.yaml").read_text("utf-8")
    rules: dict[str, Any] = yaml.safe_load(text)
    return rules


def profile(name: str) -> Profile:
    """The profile of that name; ``ConfigurationError`` if there is none."""
    known = _rules()["profiles"]
    if name not in known:
        raise ConfigurationError(
            f"SMSSWITCH_COMPLIANCE_PROFILE: no profile {name!r} (there are {', '.join(known)})"
        )
    rule = known[name]
    window = rule["marketing_window"]
    return Profile(
        name,
        rule["marketing_over_sim"],
        rule["marketing_needs_stop"],
        _window(window, rule["timezone"]) if window else None,
    )


def _window(name: str, timezone: str) -> Window:
    rule = _rules()["windows"][name]
    return Window(
        frozenset(rule["days"]),
        time.fromisoformat(rule["from"]),
        time.fromisoformat(rule["to"]),
        timezone,
        rule["holidays"],
    )


def grounds() -> tuple[str, ...]:
    """What an administrator may give as the ground of an exemption."""
    return tuple(_rules()["grounds"])


def names_a_way_out(mention: str) -> bool:
    """Whether a stop mention holds one of the words by which people object."""
    folded = unicodedata.normalize("NFKD", mention.lower())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return any(word in plain for word in _rules()["stop_words"])
