"""What the demo says while it goes on: what the clients see, and never a flood."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Say = Callable[[str], None]
EVERY = 10.0  # seconds between two lines about the same campaign in the same state
ENDED = ("completed", "cancelled", "expired", "failed")
TAKEN = ("sent", "delivered", "undelivered")  # the network has them


class Import(NamedTuple):
    """One dropped contact file: a row of `list_imports`."""

    import_id: str
    client: str
    file: str
    state: str
    loaded: int
    rejected: int
    reason: str | None


class Campaign(NamedTuple):
    """One campaign: a row of `list_campaigns`."""

    name: str
    client: str
    state: str
    reason: str | None
    messages: dict[str, int]
    again: int
    quote: dict[str, Any] | None
    refusal: str | None

    @property
    def refused(self) -> bool:
        """It will go no further unless its client changes it."""
        return self.state in ("draft", "quoted") and self.reason is not None


class Story:
    """Says each state once, and how far a campaign is at most every `EVERY` seconds."""

    def __init__(self, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._states: dict[str, str] = {}
        self._said: dict[str, tuple[float, str]] = {}

    def imports(self, rows: Sequence[Import]) -> None:
        """Tell what the receipts say that have come since the last time."""
        for row in rows:
            if self._states.get(row.import_id) != row.state:
                self._states[row.import_id] = row.state
                if line := _import_line(row):
                    self._say(line)

    def campaigns(self, rows: Sequence[Campaign]) -> None:
        """Tell quotes, refusals, ends, and how far the others are."""
        for row in rows:
            old = self._states.get(row.name)
            self._states[row.name] = row.state
            if old is None or old == "draft":
                self._say(_quote_line(row))
            elif old != row.state and row.state in ENDED:
                self._say(f"{row.client}: {row.name} is {row.state}: {_counts(row.messages)}")
            elif row.state == "sending":
                self._at_times(row.name, _sending_line(row))

    def awaited(self, count: int) -> None:
        """Tell how many delivery reports are still to come."""
        if count:
            self._at_times("reports", f"{count:,} messages are sent and not yet reported on")

    def _at_times(self, subject: str, line: str) -> None:
        at, last = self._said.get(subject, (-EVERY, ""))
        if line != last and self._clock() - at >= EVERY:
            self._said[subject] = (self._clock(), line)
            self._say(line)


def _import_line(row: Import) -> str:
    who = f"{row.client}: {row.file}"
    if row.state == "loaded":
        left = (
            f", {row.rejected:,} row{'s' * (row.rejected > 1)} left out (rejects.xlsx says why)"
            if row.rejected
            else ""
        )
        return f"{who} is loaded: {row.loaded:,} contacts{left}"
    if row.state == "awaiting_mapping":
        return f"{who} waits: a mapping of its columns is proposed in the outbox"
    if row.state in ("rejected", "quarantined", "failed"):
        return f"{who} is {row.state}: {row.reason or 'see its receipt'}"
    return ""


def _quote_line(row: Campaign) -> str:
    who = f"{row.client}: {row.name}"
    if row.refused:
        return f"{who} is refused: {row.refusal or row.reason}"
    if row.quote is None:
        return f"{who} is {row.state}"
    quote = row.quote
    return (
        f"{who} is accepted: {quote['recipients']:,} recipients, {quote['segments']:,} SMS "
        f"({quote['encoding']}) for {quote['cost']} EUR, {quote['credit_after']} EUR of credit left"
    )


def _sending_line(row: Campaign) -> str:
    total = sum(row.messages.values()) - row.messages.get("skipped", 0)
    taken = sum(row.messages.get(state, 0) for state in TAKEN)
    line = f"{row.client}: {row.name} is being sent: {taken:,} of {total:,} taken by the network"
    return line + (f", {row.again:,} refused for the moment" if row.again else "")


def _counts(messages: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(messages.items()))
