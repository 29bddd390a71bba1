"""Batches as a claim would give them."""

from sms_sender.batches import Batch, Message


def batch(
    *segments: int, batch_id: int = 1, permit: int = 1000, not_after: float | None = None
) -> Batch:
    """A batch whose messages have these numbers of parts."""
    messages, seq = [], 1
    for index, parts in enumerate(segments):
        messages.append(
            Message(
                batch_id * 100 + index,
                seq,
                f"+336399800{index:02d}",
                f"texte {index} " + "x" * (153 * (parts - 1) + 10 if parts > 1 else 0),
                "gsm7",
                parts,
                tuple(range(1, parts + 1)),
            )
        )
        seq += parts
    return Batch(batch_id, f"token-{batch_id}", permit, not_after, messages)
