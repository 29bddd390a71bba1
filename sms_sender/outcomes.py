"""What became of one PDU, worked out from how the dialogue ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sms_sender.at.grammar import Final, final_result, submitted_reference
from sms_sender.at.verdicts import ErrorClass, error_class

OutcomeKind = Literal["sent", "not_sent", "uncertain", "rejected"]


@dataclass(frozen=True, slots=True)
class SubmitOutcome:
    """What became of one PDU.

    sent: the network took it (`reference` is None, and `error` says so, if the modem gave none).
    not_sent: it certainly did not go out and the number is not at fault: try again, here or on
    another modem (`error_class` retryable, or sim: take this modem out of service).
    rejected: refused, certainly not sent; `error_class` says whose fault. `permanent` three times
    in a row to different numbers on one SIM means the SIM: that is the caller's count.
    uncertain: it may have gone out (no answer, +CMS ERROR 332, a plain ERROR, port lost after
    Ctrl-Z, `+CMGS: n` without its OK: `reference` is then n). `Modem.recover()` may bring a late
    answer.
    """

    kind: OutcomeKind
    reference: int | None = None
    error_code: int | None = None
    error: str | None = None
    error_class: ErrorClass | None = None


def after_ctrl_z(
    final: Final, reference: int | None, credit_codes: frozenset[int]
) -> SubmitOutcome:
    """Return the outcome of a final result that came after the Ctrl-Z."""
    if final.kind == "ok":
        flag = None if reference is not None else "no +CMGS reference"
        return SubmitOutcome("sent", reference, error=flag)
    whose = error_class(final, credit_codes)
    if whose is None or reference is not None:
        return SubmitOutcome("uncertain", reference, final.code, final.text)
    return SubmitOutcome("rejected", None, final.code, final.text, whose)


def before_prompt(final: Final, credit_codes: frozenset[int]) -> SubmitOutcome:
    """Return the outcome of an error in place of the prompt: certainly nothing was sent."""
    whose = error_class(final, credit_codes) or "retryable"
    kind: OutcomeKind = "rejected" if whose in {"permanent", "credit"} else "not_sent"
    return SubmitOutcome(kind, None, final.code, final.text, whose)


def from_late_lines(lines: Sequence[str], credit_codes: frozenset[int]) -> SubmitOutcome | None:
    """Return what late lines say of the submit that was given up: only what leaves no doubt."""
    finals = [final for final in map(final_result, lines) if final is not None]
    references = [ref for ref in map(submitted_reference, lines) if ref is not None]
    if len(references) == 1 and all(final.kind == "ok" for final in finals):
        return SubmitOutcome("sent", references[0])
    if references or len(finals) != 1 or finals[0].kind != "cms":
        return None
    outcome = after_ctrl_z(finals[0], None, credit_codes)
    return outcome if outcome.kind == "rejected" else None
