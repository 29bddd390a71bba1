"""SMS-STATUS-REPORT: what became of a message (3GPP TS 23.040 §9.2.2.3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sms_sender.pdu.errors import PduError
from sms_sender.pdu.fields import (
    Octets,
    Pdu,
    check_length,
    decode_address,
    decode_time,
    encode_address,
    encode_time,
    skip_smsc,
)

_STATUS_REPORT = 0x02
_NO_MORE_MESSAGES = 0x04

ReportState = Literal["delivered", "undelivered", "pending"]


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the network says of the message that a modem sent under `reference` (0–255).

    `pending` means that the network still tries; `code` is TP-Status as received.
    """

    reference: int
    msisdn: str
    state: ReportState
    code: int
    submitted_at: datetime | None
    discharged_at: datetime | None


def report_state(code: int) -> ReportState:
    """Return what a TP-Status means (§9.2.3.15)."""
    if code < 0x20:
        return "delivered"
    return "undelivered" if 0x40 <= code < 0x80 else "pending"


def encode_status_report(
    reference: int, msisdn: str, submitted_at: datetime, discharged_at: datetime, code: int
) -> Pdu:
    """Return the PDU a network sends; times are aware."""
    tpdu = b"".join(
        (
            bytes((_STATUS_REPORT | _NO_MORE_MESSAGES, reference)),
            encode_address(msisdn),
            encode_time(submitted_at),
            encode_time(discharged_at),
            bytes((code,)),
        )
    )
    return Pdu(len(tpdu), "00" + tpdu.hex().upper())


def decode_status_report(hex_text: str, length: int | None = None) -> DeliveryReport:
    """Decode a report; optional fields after TP-Status are ignored, anything else is a PduError."""
    octets = Octets(hex_text)
    skip_smsc(octets)
    check_length(octets, length)
    if octets.octet() & 0x03 != _STATUS_REPORT:
        raise PduError("not an SMS-STATUS-REPORT")
    reference = octets.octet()
    msisdn = decode_address(octets)
    submitted, discharged = decode_time(octets), decode_time(octets)
    code = octets.octet()
    return DeliveryReport(reference, msisdn, report_state(code), code, submitted, discharged)
