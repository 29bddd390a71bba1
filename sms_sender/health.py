"""How a modem is: what is shown of it, and whether it can send."""

from dataclasses import dataclass, field
from typing import Any

from sms_sender.identity import Identity

_READY = {"home", "roaming", "unknown"}


@dataclass(slots=True)
class ModemStatus:
    """What is shown of a modem.

    `quota` is what its SIM has used of what it may (see Tally.used), `balance` what the operator
    last answered to the USSD code.
    """

    port: str
    identity: Identity | None = None
    in_service: bool = False
    reason: str | None = "opening"
    last_error: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    quota: dict[str, Any] | None = None
    balance: str | None = None

    def count(self, kind: str) -> None:
        """One more."""
        self.counts[kind] = self.counts.get(kind, 0) + 1


def unfit(identity: Identity) -> str | None:
    """Return why a modem cannot send now."""
    if identity.sim_state not in {"ready", "unknown"}:
        return f"SIM {identity.sim_state}"
    if identity.registration not in _READY:
        return f"not registered: {identity.registration}"
    return None
