"""Logging: standard library, one canonical line per file and per batch, no full number at INFO."""

import logging
from typing import Any


def canonical(logger: logging.Logger, event: str, **facts: Any) -> None:
    """One line that tells the whole story of one unit of work, as ``event key=value …``."""
    line = " ".join(f"{key}={_word(value)}" for key, value in facts.items() if value is not None)
    logger.info("%s %s", event, line, extra={"event": event, "facts": facts})


def masked(msisdn: str) -> str:
    """A number with its last four digits hidden (CNIL practice), for logs and masked reports."""
    return msisdn[:-4] + "••••" if len(msisdn) > 4 else "••••"


def _word(value: Any) -> str:
    text = str(value)
    return repr(text) if any(c.isspace() or c == "=" for c in text) else text
