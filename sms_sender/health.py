"""How a modem is: what is shown of it, and whether it can send."""

from collections.abc import Iterable
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


def modems_document(statuses: Iterable[ModemStatus]) -> list[dict[str, Any]]:
    """Return what a heartbeat says of the modems, each once."""
    seen: dict[str, dict[str, Any]] = {}
    for status in statuses:
        identity = status.identity
        if identity is None or identity.imei is None or identity.imei in seen:
            continue
        seen[identity.imei] = {
            "imei": identity.imei,
            "port": status.port[:100],
            "imsi": identity.imsi,
            "iccid": identity.iccid,
            "operator_code": identity.operator_code,
            "operator": identity.operator,
            "sim_state": identity.sim_state,
            "registration": identity.registration,
            "rssi": identity.rssi,
            "in_service": status.in_service,
            "reason": (status.reason or "")[:300] or None,
            "last_error": (status.last_error or "")[:300] or None,
            "quota": status.quota,
            "balance": status.balance,
        }
    return list(seen.values())[:64]
