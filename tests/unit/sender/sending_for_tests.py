"""Sending through a modem of a test, and waiting for what it brings."""

import time

from sms_sender.modem import Modem, SubmitOutcome
from sms_sender.pdu import DeliveryReport, InboundSms, encode_submit


def send(modem: Modem, text: str = "Bonjour", to: str = "+33639980001") -> list[SubmitOutcome]:
    return [
        modem.submit(pdu.length, pdu.hex, lambda: None)
        for pdu in encode_submit(to, text, reference=7)
    ]


def send_one(modem: Modem, text: str = "Bonjour", to: str = "+33639980001") -> SubmitOutcome:
    (outcome,) = send(modem, text, to)
    return outcome


def collect(modem: Modem, count: int) -> list[DeliveryReport | InboundSms]:
    items: list[DeliveryReport | InboundSms] = []
    until = time.monotonic() + 60
    while len(items) < count and time.monotonic() < until:
        for item in modem.poll(0.2):
            # What was not acknowledged yet may be said again.
            if item not in items or isinstance(item, InboundSms):
                items.append(item)
    return items
