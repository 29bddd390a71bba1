"""What each maker's modems need beyond the standard; chosen by what AT+CGMI and AT+CGMM say."""

from sms_sender.dialects.dialect import GENERIC, Dialect
from sms_sender.dialects.makers import MAKERS

__all__ = ["GENERIC", "Dialect", "choose"]


def choose(manufacturer: str | None, model: str | None) -> Dialect:
    """Return the dialect of a modem, GENERIC for one that is not known."""
    name = f"{manufacturer or ''} {model or ''}".lower()
    return next((dialect for dialect in MAKERS if dialect.matches(name)), GENERIC)
