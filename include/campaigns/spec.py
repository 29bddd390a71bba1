"""What a campaign asks for, as its file said it: the same from a file and from the database."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from include.campaigns.compliance import Profile
from include.campaigns.template import Part, literals, parse, with_fallbacks
from include.campaigns.windows import DAYS, Interval, Window, finish, next_open
from include.phones.place import Place
from sms_sender.pdu.segments import EncodingChoice

DEFAULT_ZONE = "Europe/Paris"
DEFAULT_MAX_SEGMENTS = 3
Purpose = Literal["marketing", "transactional"]
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@dataclass(frozen=True)
class Text:
    """One of the campaign's texts, and its share among them."""

    variant: str | None
    weight: int
    parts: tuple[Part, ...]


class Spec:
    """A valid campaign file without its ``state`` and ``quote_id``; ``data`` is kept as JSON."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = {k: v for k, v in data.items() if k not in ("state", "quote_id")}

    @property
    def name(self) -> str:
        """The campaign's own name."""
        return str(self.data["campaign"])

    @property
    def list_name(self) -> str:
        """The contact list it goes to."""
        return str(self.data["list"])

    @property
    def purpose(self) -> Purpose:
        """Whether it is marketing, which most rules are about."""
        return cast(Purpose, self.data["purpose"])

    @property
    def encoding(self) -> EncodingChoice:
        """How its texts are to be encoded."""
        return cast(EncodingChoice, self.data.get("encoding", "auto"))

    @property
    def max_segments(self) -> int:
        """The parts that one message may have."""
        return int(self.data.get("max_segments", DEFAULT_MAX_SEGMENTS))

    @property
    def on_missing(self) -> str:
        """What happens to a contact that lacks a variable."""
        return str(self.data.get("on_missing_variable", "use_fallback"))

    @property
    def schedule(self) -> Mapping[str, Any]:
        """The schedule as written."""
        return cast(Mapping[str, Any], self.data.get("schedule", {}))

    @property
    def zone(self) -> str:
        """The time zone of its schedule."""
        return str(self.schedule.get("timezone", DEFAULT_ZONE))

    @cached_property
    def digest(self) -> str:
        """Fingerprint of everything a quote depends on, the state excluded."""
        canonical = json.dumps(self.data, sort_keys=True, ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """The texts cut into their parts, fallbacks and stop mention in place."""
        message = self.data["message"]
        if isinstance(message, str):
            return (Text(None, 1, self._finished(message)),)
        return tuple(
            Text(v["id"], int(v.get("weight", 1)), self._finished(v["text"]))
            for v in message["variants"]
        )

    def _finished(self, text: str) -> tuple[Part, ...]:
        parts = parse(text)
        mention = str(self.data.get("stop_mention", "")).strip()
        if mention and mention not in literals(parts):
            parts = (*parts, f" {mention}") if parts else (mention,)
        if self.on_missing == "use_fallback":
            parts = with_fallbacks(parts, self.data.get("fallbacks", {}))
        return parts

    @property
    def start_at(self) -> datetime | None:
        """The instant asked for, in UTC."""
        return self._instant("start_at")

    @property
    def expire_at(self) -> datetime | None:
        """After which nothing more is to be sent, in UTC."""
        return self._instant("expire_at")

    def _instant(self, field: str) -> datetime | None:
        written = self.schedule.get(field)
        return None if written is None else instant(str(written), self.zone)

    def windows(self, profile: Profile, place: Place | None = None) -> tuple[Window, ...]:
        """All that must be open for it to be sent to a place (None: home); none = any hour."""
        found = [self._own_window()] if {"window", "days"} & self.schedule.keys() else []
        if self.purpose == "marketing":
            found += profile.windows_at(place)
        return tuple(found)

    def goes_by_place(self, profile: Profile) -> bool:
        """Whether the hours in which it may be sent depend on where the recipient lives."""
        return self.purpose == "marketing" and profile.marketing_window is not None

    def _own_window(self) -> Window:
        opens, closes = self.schedule.get("window", ["00:00", "24:00"])
        days = frozenset(self.schedule.get("days", DAYS))
        return Window(days, clock(opens), clock(closes), self.zone)

    def opening(
        self, profile: Profile, since: datetime, place: Place | None = None
    ) -> Interval | None:
        """The next interval in which it may be sent to a place (None: home), from its start on; None
        if there is none.

        Without windows the interval ends at the far end of the calendar.
        """
        begin = max(since, self.start_at or since)
        windows = self.windows(profile, place)
        if not windows:
            return begin, datetime.max.replace(tzinfo=UTC)
        return next_open(windows, begin)

    def finished(self, profile: Profile, since: datetime, seconds: float) -> datetime | None:
        """When so many seconds of sending would be over at the earliest."""
        begin = max(since, self.start_at or since)
        return finish(self.windows(profile), begin, timedelta(seconds=seconds))


def instant(written: str, zone: str) -> datetime:
    """An ISO 8601 date or time, in UTC; one without an offset is local time of ``zone``.

    Raises ``ValueError``.
    """
    parsed = datetime.fromisoformat(written.strip())
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=ZoneInfo(zone))
    return parsed.astimezone(UTC)


def clock(written: str) -> time:
    """``08:00``; ``24:00`` is the midnight that ends the day. Raises ``ValueError``."""
    if not _CLOCK.fullmatch(written):
        raise ValueError(f"not a time of day: {written!r}")
    return time(0) if written == "24:00" else time.fromisoformat(written)
