"""SMS-DELIVER: an inbound message (3GPP TS 23.040 §9.2.2.1)."""

from dataclasses import dataclass
from datetime import datetime

from sms_sender.pdu.errors import PduError
from sms_sender.pdu.fields import (
    DCS,
    Concat,
    Octets,
    Pdu,
    check_length,
    decode_address,
    decode_time,
    decode_user_data,
    encode_sender,
    encode_time,
    encode_user_data,
    skip_smsc,
)
from sms_sender.pdu.segments import Encoding

_DELIVER = 0x00
_NO_MORE_MESSAGES = 0x04
_HAS_HEADER = 0x40


@dataclass(frozen=True, slots=True)
class InboundSms:
    """A message that came in: `msisdn` is its sender (a number, or a name of 11 characters)."""

    msisdn: str
    text: str
    received_at: datetime | None
    concat: Concat | None = None


def encode_deliver(
    msisdn: str,
    text: str,
    received_at: datetime,
    encoding: Encoding = "gsm7",
    concat: Concat | None = None,
) -> Pdu:
    """Return the PDU a network sends for one part already cut to size."""
    first = _DELIVER | _NO_MORE_MESSAGES | (_HAS_HEADER if concat else 0)
    tpdu = b"".join(
        (
            bytes((first,)),
            encode_sender(msisdn),
            bytes((0, DCS[encoding])),
            encode_time(received_at),
            encode_user_data(text, encoding, concat),
        )
    )
    return Pdu(len(tpdu), "00" + tpdu.hex().upper())


def decode_deliver(hex_text: str, length: int | None = None) -> InboundSms:
    """Decode an inbound message; anything else is a PduError."""
    octets = Octets(hex_text)
    skip_smsc(octets)
    check_length(octets, length)
    first = octets.octet()
    if first & 0x03 != _DELIVER:
        raise PduError("not an SMS-DELIVER")
    msisdn = decode_address(octets)
    octets.octet()
    dcs = octets.octet()
    received_at = decode_time(octets)
    text, _, concat = decode_user_data(octets, dcs, bool(first & _HAS_HEADER))
    return InboundSms(msisdn, text, received_at, concat)
