"""What an error code means for a message: whose fault it is, and whether it may have gone out.

Codes: 3GPP TS 27.005 §3.2.5 (which includes the causes of 24.011 and 23.040) and 27.007 §9.2.
"""

from collections.abc import Set
from typing import Literal

from sms_sender.at.grammar import Final

ErrorClass = Literal["permanent", "retryable", "sim", "credit"]

_UNCERTAIN = {("cms", 332), ("cme", 31)}  # network time-out: it may have been taken

_CMS_PERMANENT = frozenset(
    {1, 21, 28, 29, 30}  # this number
    | {81, 95, 96, 97, 98, 99, 111}  # this PDU is not understood
    | set(range(128, 160))  # TP-PID and TP-DCS errors
    | {195, 196, 197}  # destination invalid or barred
    | {304, 305}
)
_CMS_SIM = frozenset({8, 10, 50, 193, *range(310, 319), 330})
_CME_SIM = frozenset({5, 6, 7, *range(10, 19), 32})


def error_class(final: Final, credit_codes: Set[int] = frozenset()) -> ErrorClass | None:
    """Return whose fault an error is; None when the message may have gone out all the same.

    `credit_codes` are the `+CMS ERROR` codes by which this operator says that there is no credit.
    A plain ERROR does not say why, so it may hide a network time-out.
    """
    if final.kind == "error" or (final.kind, final.code) in _UNCERTAIN:
        return None
    if final.code is None:
        return None
    if final.kind == "cme":
        return "sim" if final.code in _CME_SIM else "retryable"
    if final.code in credit_codes:
        return "credit"
    if final.code in _CMS_SIM:
        return "sim"
    return "permanent" if final.code in _CMS_PERMANENT else "retryable"
