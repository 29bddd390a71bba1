"""This computer: its MAC address, and whether it has restarted since the journal was last open."""

import re
import uuid
from pathlib import Path

from sms_sender.errors import ConfigurationError

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NETWORK = Path("/sys/class/net")
_mac = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{12}").fullmatch


def boot_id() -> str:
    """Return what changes at each start of this computer."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return f"unknown-{uuid.uuid4()}"


def mac_address(setting: str = "auto") -> str:
    """Return the MAC address that this group is known by: as set, or that of the first card."""
    if setting != "auto":
        return normal_mac(setting)
    for card in sorted(_NETWORK.glob("*/address")):
        address = card.read_text(encoding="ascii").strip().lower()
        if card.parent.name != "lo" and address.strip("0:"):
            return normal_mac(address)
    return normal_mac(f"{uuid.getnode():012x}")


def normal_mac(text: str) -> str:
    """Return a MAC address as 64:31:50:1b:e9:e9, whatever it is separated by."""
    if not _mac(text.strip().lower()):
        raise ConfigurationError(f'mac must be "auto" or a MAC address, not {text!r}')
    digits = re.sub("[:-]", "", text.strip().lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
