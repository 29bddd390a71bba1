"""What law and duty ask of a campaign: profiles kept as data in ``compliance.yaml``."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import time
from functools import cache
from importlib import resources
from typing import Any

import yaml

from include.campaigns.windows import Window
from include.errors import ConfigurationError
from include.phones.place import Place


@dataclass(frozen=True)
class Profile:
    """The rules of one country for marketing; transactional messages are exempt from all of them.

    Numbers that begin with ``home`` live where ``marketing_window`` is open.
    """

    name: str
    marketing_over_sim: str
    marketing_needs_stop: bool
    marketing_window: Window | None
    home: str

    def windows_at(self, place: Place | None) -> tuple[Window, ...]:
        """The windows for marketing to recipients of a place, all of which must be open.

        None is home. A place of several time zones has one window for each.
        """
        window = self.marketing_window
        if window is None:
            return ()
        if place is None:
            return (window,)
        closed = calendars(place.country) if window.holidays else ()
        return tuple(replace(window, timezone=zone, holidays=closed) for zone in place.zones)


@cache
def _rules() -> dict[str, Any]:
    text = (resources.files("include.campaigns") / "compliance.yaml").read_text("utf-8")
    rules: dict[str, Any] = yaml.safe_load(text)
    return rules


def profile(name: str, holidays: str = "national") -> Profile:
    """The profile of that name, with the holidays of a client's recipients at home.

    ``ConfigurationError`` if there is none.
    """
    known = _rules()["profiles"]
    if name not in known:
        raise ConfigurationError(
            f"SMSSWITCH_COMPLIANCE_PROFILE: no profile {name!r} (there are {', '.join(known)})"
        )
    rule = known[name]
    closed = (*calendars(rule["country"]), *_rules()["client_calendars"][holidays])
    window = rule["marketing_window"]
    return Profile(
        name,
        rule["marketing_over_sim"],
        rule["marketing_needs_stop"],
        _window(window, rule["timezone"], closed) if window else None,
        rule["home"],
    )


def calendars(country: str) -> tuple[str, ...]:
    """The calendars of public holidays that hold in a country or territory."""
    return tuple(_rules()["calendars"].get(country, [country]))


def _window(name: str, timezone: str, closed: tuple[str, ...]) -> Window:
    rule = _rules()["windows"][name]
    return Window(
        frozenset(rule["days"]),
        time.fromisoformat(rule["from"]),
        time.fromisoformat(rule["to"]),
        timezone,
        closed if rule["holidays"] == "closed" else (),
    )


def grounds() -> tuple[str, ...]:
    """What an administrator may give as the ground of an exemption."""
    return tuple(_rules()["grounds"])


def names_a_way_out(mention: str) -> bool:
    """Whether a stop mention holds one of the words by which people object."""
    folded = unicodedata.normalize("NFKD", mention.lower())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return any(word in plain for word in _rules()["stop_words"])
