"""The AT dialogue without any I/O: bytes and clock in, bytes and events out."""

from sms_sender.at.engine import Answer, AtEngine, Event, Expired, Prompted, Stray, Unsolicited
from sms_sender.at.grammar import Final

__all__ = [
    "Answer",
    "AtEngine",
    "Event",
    "Expired",
    "Final",
    "Prompted",
    "Stray",
    "Unsolicited",
]
