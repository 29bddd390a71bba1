"""Who looks at the page, what they may do, and the proof that an order came from our own page."""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256

TOKEN_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Visitor:
    """A person who is logged in and may look. ``name`` goes into the audit trail."""

    name: str
    may_act: bool


def make_token(secret: bytes, visitor: Visitor) -> str:
    """What a page holds so that its buttons are believed; good for this person, for 12 hours."""
    until = int(time.time()) + TOKEN_SECONDS
    return f"{until}.{_signature(secret, visitor, until)}"


def token_holds(secret: bytes, visitor: Visitor, token: str | None) -> bool:
    """Whether we gave this token to this person, not too long ago."""
    until, _, signature = (token or "").partition(".")
    if not (until.isascii() and until.isdecimal()) or len(until) > 12 or int(until) < time.time():
        return False
    return hmac.compare_digest(signature.encode(), _signature(secret, visitor, int(until)).encode())


def _signature(secret: bytes, visitor: Visitor, until: int) -> str:
    return hmac.new(secret, f"{until}|{visitor.name}".encode(), sha256).hexdigest()
