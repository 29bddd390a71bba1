"""MAC addresses as people write them."""

import re

from include.errors import InputError

_FORMS = (
    re.compile(r"([0-9a-f]{2}([:-])[0-9a-f]{2}(?:\2[0-9a-f]{2}){4})"),
    re.compile(r"([0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})"),
    re.compile(r"([0-9a-f]{12})"),
)
_MULTICAST = 0x01


def normalize_mac(written: str) -> str:
    """``64-31-50-1B-E9-E9`` → ``64:31:50:1b:e9:e9``; ``InputError`` bad_mac.

    Colons, dashes, dots or nothing between the digits; a group address or 0 is nobody's.
    """
    plain = written.strip().lower()
    if not any(form.fullmatch(plain) for form in _FORMS):
        _refuse(written)
    digits = re.sub(r"[:.-]", "", plain)
    if int(digits, 16) == 0 or int(digits[:2], 16) & _MULTICAST:
        _refuse(written)
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _refuse(written: str) -> None:
    raise InputError(
        "bad_mac",
        f"{written[:40]!r} is not a valid MAC address (example: 64:31:50:1b:e9:e9)",
        f"Numéro de MAC non valide : {written[:40]!r} (exemple : 64:31:50:1b:e9:e9)",
    )
