"""Bugs put back into the real code, one line each, to see that a history shows them."""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from sms_sender import modem
from sms_sender.journal import Journal
from sms_sender.line import Line
from sms_sender.link import Link
from sms_sender.modem import Modem
from sms_sender.queue import Queue
from sms_sender.service import Service
from sms_sender.worker import Worker


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of one function; `owner` is a class or a module."""

    owner: Any
    function: str
    line: str
    instead: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """`seed`: a history that shows it, in the words of `shows`, and is sound without it."""

    name: str
    seed: int
    shows: str
    edits: tuple[Edit, ...]


MUTANTS = (
    Mutant(
        "intent after Ctrl-Z",
        1,
        "is not on the disk",
        (
            Edit(Worker, "_send", "intent.wait()", "pass"),
            Edit(Modem, "submit", "line.ask_prompt(asked, meanwhile)", "line.ask_prompt(asked)"),
        ),
    ),
    Mutant(
        "answer uploaded before it is journalled",
        13,
        "before it was on the disk",
        (
            Edit(
                Journal,
                "answer",
                "entry = attempt_entry(attempt, answer, at)",
                "entry = attempt_entry(attempt, answer, at); self.outbox.add((entry,))",
            ),
        ),
    ),
    Mutant(
        "resend on 332",
        7,
        "went out again",
        (
            Edit(
                modem,
                "after_ctrl_z",
                "whose = error_class(final, credit_codes)",
                'whose = "retryable" if final.code == 332 else error_class(final, credit_codes)',
            ),
        ),
    ),
    Mutant(
        "resend on silence",
        2,
        "went out again",
        (
            Edit(
                Modem,
                "_verdict",
                'return SubmitOutcome("uncertain", ended.reference, error="no answer after Ctrl-Z")',
                'return SubmitOutcome("not_sent", error="silence", error_class="retryable")',
            ),
        ),
    ),
    Mutant(
        "permit ignored",
        2,
        "above the permit",
        (Edit(Queue, "_permitted", "return allowed", "return True"),),
    ),
    Mutant(
        "epoch ignored",
        95,
        "knew that it was fenced",
        (Edit(Link, "_fence", "self.fenced = True", "return"),),
    ),
    Mutant(
        "Ctrl-Z on opening",
        1,
        "a Ctrl-Z without a PDU",
        (
            Edit(
                Line,
                "resync",
                'self._transport.write(self._engine.abandon() + b"\\r")',
                'self._transport.write(self._engine.abandon() + b"\\x1a")',
            ),
        ),
    ),
    Mutant(
        "late OK taken for the next send",
        138,
        "never went out",
        (
            Edit(Worker, "_uncertain", "late = self._modem.recover()", "late = self._modem._late"),
            Edit(Modem, "submit", "self._late = None", "pass"),
        ),
    ),
    Mutant(
        "lease resumed by another journal",
        65,
        "went out again",
        (
            Edit(
                Service,
                "start",
                "if recalled.same_boot or not recalled.batches:",
                "if True:",
            ),
        ),
    ),
    Mutant(
        "revocation read once",
        3,
        "was revoked",
        (
            Edit(
                Link,
                "_heartbeat",
                'self._queue.revoke(answer["revoked"], answer["revoked_messages"])',
                "pass",
            ),
        ),
    ),
    Mutant(
        "the end of a window ignored",
        1587,
        "outside its time (window)",
        (
            Edit(
                Queue,
                "_refusal",
                "if not_after is not None and self._centre_time() >= not_after:",
                "if False:",
            ),
        ),
    ),
    Mutant(
        "opt-outs after the claim ignored",
        1,
        "had opted out",
        (
            Edit(
                Queue,
                "_refusal",
                "if job.message.message_id in self._stopped_messages:",
                "if False:",
            ),
        ),
    ),
    Mutant(
        "opt-outs forgotten by a restart",
        104693,
        "opted out long before",
        (Edit(Service, "recall", "self.queue.revoke((), journal.stopped())", "pass"),),
    ),
    Mutant(
        "parts forgotten when they cannot be given back",
        323,
        "ends as",
        (Edit(Link, "_hand_over", "self._queue.keep(parts, why)", "pass"),),
    ),
    Mutant(
        "a copy of the disk does not ask what was told",
        65,
        "went out again",
        (
            Edit(
                Link,
                "_resume",
                "told, revoked = told_of(self._centre, batch)",
                "told, revoked = set(), False",
            ),
        ),
    ),
)


@contextmanager
def put_back(mutant: Mutant) -> Iterator[None]:
    """Have the bug while the context lasts."""
    with ExitStack() as stack:
        for edit in mutant.edits:
            stack.enter_context(_edited(edit))
        yield


@contextmanager
def _edited(edit: Edit) -> Iterator[None]:
    real = edit.owner.__dict__[edit.function]
    source = textwrap.dedent(inspect.getsource(real))
    if source.count(edit.line) != 1:
        raise ValueError(f"{edit.function}: {edit.line!r} is there {source.count(edit.line)} times")
    space: dict[str, Any] = {}
    exec(
        compile(source.replace(edit.line, edit.instead), f"<{edit.function}>", "exec"),
        inspect.unwrap(real).__globals__,
        space,
    )
    setattr(edit.owner, edit.function, space[edit.function])
    try:
        yield
    finally:
        setattr(edit.owner, edit.function, real)
