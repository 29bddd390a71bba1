"""What is said of a send: the words of the journal for what a modem, or a SIM, told."""

from sms_sender.journal_rows import Answer, Attempt
from sms_sender.oracle import Oracle
from sms_sender.outcomes import SubmitOutcome


def answer_of(kind: str, outcome: SubmitOutcome) -> Answer:
    """Return the answer of an outcome."""
    error = outcome.error[:300] if outcome.error else None
    return Answer(kind, outcome.reference, outcome.error_code, error)


def resolved(
    attempt: Attempt, late: SubmitOutcome | None, oracle: Oracle, count: int | None
) -> Answer:
    """Return what became of a send that the last process began and whose answer it never wrote.

    `late`: what the port still held of it. `count`: what the SIM counts now.
    """
    if late is not None and late.kind == "sent" and _follows(attempt, late.reference):
        return answer_of("sent", late)
    if late is not None and late.kind == "rejected":
        kind = "failed" if late.error_class == "permanent" else "retryable"
        return answer_of(kind, late)
    if oracle.judge(attempt.mr_before, count) == "not_submitted":
        return Answer("not_sent", error="not submitted, says the SIM")
    return Answer("uncertain", error="host stopped in between")


def _follows(attempt: Attempt, reference: int | None) -> bool:
    before = attempt.mr_before
    return before is not None and reference == (before + 1) % 256
