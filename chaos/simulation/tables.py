"""The tables of the centre that concern a host, and the rules for one row of them."""

from dataclasses import dataclass, field
from typing import Any

FINAL = {"delivered", "undelivered", "failed", "written_off", "skipped", "expired", "cancelled"}
WENT_OUT = {"sent", "delivered", "undelivered"}
KINDS = WENT_OUT | {"failed", "retryable", "not_sent", "uncertain"}
GONE = "unknown group, batch or message"
Json = dict[str, Any]


class SqlError(Exception):
    """What the database answers in place of a result."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Campaign:
    """What of a campaign concerns a host."""

    campaign_id: int
    client_id: int = 1
    state: str = "sending"
    purpose: str = "transactional"
    on_uncertain: str = "hold"
    window_from: float | None = None
    window_until: float | None = None
    expire_at: float | None = None


@dataclass(slots=True)
class Message:
    """One contact of one campaign."""

    message_id: int
    campaign_id: int
    msisdn: str
    text: str
    segments: int
    batch_id: int | None
    state: str = "planned"
    first_seq: int | None = None
    attempts: int = 0


@dataclass(slots=True)
class Segment:
    """One part of a message, once a host has tried it."""

    state: str
    batch_id: int
    attempt_id: str
    error: str | None = None


@dataclass(slots=True)
class Batch:
    """Work of one group."""

    batch_id: int
    campaign_id: int
    group_id: int
    state: str = "planned"
    token: str | None = None
    journal: str | None = None
    leased_at: int = 0
    leased: list[int] = field(default_factory=list)
    leased_segments: int = 0
    reported: int = 0
    permit_seq: int = 0
    revoked: bool = False


@dataclass(slots=True)
class Group:
    """A host's group."""

    group_id: int
    mac: str
    alias: str = "machine"
    state: str = "started"
    epoch: int = 0
    modems: int = 4
    permit_per_modem: int | None = 20
    rate_limit: int | None = None
    clock_skew: float | None = None


def moves_to(old: str | None, kind: str, own: bool, current: bool, resend: bool) -> str | None:
    """The state that a report moves a segment to: segment_moves_to()."""
    unsent = old is None or old == "planned"
    if kind in WENT_OUT:
        moves = unsent or old == "uncertain" or (old == "sent" and kind != "sent")
        return kind if moves else None
    if kind == "uncertain":
        if not (unsent and (own or current)):
            return None
        return "planned" if resend else "uncertain"
    if (unsent and (own or current)) or (old == "uncertain" and own):
        return "failed" if kind == "failed" else "planned"
    return None


def conflicts(message: str, old: str | None, kind: str, own: bool, moves: str | None) -> bool:
    """Whether a report contradicts what is known."""
    if message in {"cancelled", "expired", "skipped"}:
        return kind in WENT_OUT
    if moves is not None or old is None or kind == "uncertain":
        return False
    if kind in {"not_sent", "retryable"}:
        return own and old not in {"planned", "uncertain"}
    if kind == "sent":
        return not (own and old in WENT_OUT)
    return old != kind


def is_leased(batch: Batch, own: Group, journal: str) -> bool:
    """Whether this journal holds it."""
    return batch.group_id == own.group_id and batch.journal == journal and batch.state == "leased"


def is_number(sender: str) -> bool:
    """Whether a sender can be opted out."""
    return sender[:1] == "+" and sender[1:2] in set("123456789") and sender[1:].isdigit()


def check_results(results: list[Json]) -> None:
    """SqlError for reports out of bounds."""
    seen: dict[tuple[Any, ...], int] = {}
    for result in results:
        key = tuple(result.get(name) for name in ("batch_id", "message_id", "part"))
        seen[key] = seen.get(key, 0) + 1
        fine = (
            result.get("kind") in KINDS
            and result.get("attempt_id")
            and 1 <= (result.get("part") or 0) <= 255
            and len(result.get("error") or "") <= 300
            and 0 <= (result.get("reference") or 0) <= 255
            and seen[key] <= 10
        )
        if not fine:
            raise SqlError("22023", "a report has a field that is missing or out of bounds")
