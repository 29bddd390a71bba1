"""The PDUs of the message that a modem has in hand."""

from sms_sender.batches import Message, Part
from sms_sender.pdu import EncodingChoice, Pdu, PduError, encode_submit

_ENCODINGS: dict[str, EncodingChoice] = {"gsm7": "gsm7", "ucs2": "ucs2"}


class Encoder:
    """Encodes a message once for all its parts."""

    def __init__(self) -> None:
        self._message: int | None = None
        self._pdus: list[Pdu] = []

    def continues(self, part: Part) -> bool:
        """Say whether this is a later part of the message that was last encoded."""
        message = part.message
        return message.message_id == self._message and part.part != message.parts[0]

    def encode(self, part: Part) -> Pdu | str:
        """Return the PDU of a part, or why it has none."""
        message = part.message
        if self._message != message.message_id:
            try:
                self._pdus = _encode(message)
            except PduError as error:
                return f"cannot be encoded: {error}"
            self._message = message.message_id
        if len(self._pdus) != message.segments:
            return f"{len(self._pdus)} parts, not {message.segments} as planned"
        return self._pdus[part.part - 1]


def _encode(message: Message) -> list[Pdu]:
    # The parts of one message carry the same mark, also when they leave in two attempts.
    return encode_submit(
        message.msisdn,
        message.text,
        reference=message.message_id,
        encoding=_ENCODINGS.get(message.encoding, "auto"),
    )
