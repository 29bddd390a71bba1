"""What the centre gives to send: a batch, its messages, and the parts they are sent in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sms_sender.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a batch. `parts` are those still to be sent; the first has number `seq`."""

    message_id: int
    seq: int
    msisdn: str
    text: str
    encoding: str
    segments: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One segment: part `part` of a message, the `seq`-th of its batch."""

    batch_id: int
    seq: int
    part: int
    message: Message


@dataclass(slots=True)
class Batch:
    """A lease. No part with a higher seq than `permit_seq` may be begun.

    `not_after` is in seconds since the epoch, on the centre's clock.
    """

    batch_id: int
    token: str
    permit_seq: int
    not_after: float | None
    messages: list[Message] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """Every part to send, in the order of seq."""
        return [
            Part(self.batch_id, message.seq + place, part, message)
            for message in self.messages
            for place, part in enumerate(message.parts)
        ]


def from_claim(document: dict[str, Any], token: str) -> Batch:
    """Return the batch of a claim's answer; ProtocolError if it is not one."""
    try:
        messages = [_message(entry) for entry in document["messages"]]
        not_after = document["not_after"]
        return Batch(
            int(document["batch"]),
            token,
            int(document["permit_seq"]),
            datetime.fromisoformat(not_after).timestamp() if not_after else None,
            messages,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"a batch that cannot be understood: {error!r}") from error


def _message(entry: dict[str, Any]) -> Message:
    done = set(entry["parts_done"])
    segments = int(entry["segments"])
    return Message(
        int(entry["message_id"]),
        int(entry["seq"]),
        str(entry["msisdn"]),
        str(entry["text"]),
        str(entry["encoding"] or "auto"),
        segments,
        tuple(part for part in range(1, segments + 1) if part not in done),
    )
