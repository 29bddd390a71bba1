"""What an inbound text asks for, as public.stop_word() tells it."""

import re
import unicodedata

_begins = re.compile(
    r"[^A-Z0-9]*(STOP+|ARRETE?R?|DESABONNE[RZ]?|DESABONNEMENT|UNSUBSCRIBE)([^A-Z]|$)"
).match
_holds = re.compile("(STOP|ARRET|DESABONN|UNSUBSCRIBE)").search


def stop_word(text: str) -> str | None:
    """Return opt_out, review or None."""
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text).upper())
    if _begins(plain):
        return "opt_out"
    return "review" if _holds(plain) else None
