"""SMS-SUBMIT: what a modem is given to send (3GPP TS 23.040 §9.2.2.2)."""

from dataclasses import dataclass
from datetime import timedelta

from sms_sender.pdu.errors import PduError
from sms_sender.pdu.fields import (
    DCS,
    Concat,
    Octets,
    Pdu,
    check_length,
    decode_address,
    decode_user_data,
    encode_address,
    encode_user_data,
    skip_smsc,
)
from sms_sender.pdu.segments import Encoding, EncodingChoice, segment_text

_SUBMIT = 0x01
_RELATIVE_VALIDITY = 0x10
_STATUS_REPORT = 0x20
_HAS_HEADER = 0x40
_VALIDITY_OCTETS = {0x00: 0, 0x08: 7, 0x10: 1, 0x18: 7}

SubmitPdu = Pdu


@dataclass(frozen=True, slots=True)
class Submit:
    """A decoded SMS-SUBMIT; `concat` is None for a message of one part."""

    msisdn: str
    text: str
    encoding: str
    concat: Concat | None
    status_report: bool
    validity: timedelta | None


def encode_submit(
    msisdn: str,
    text: str,
    *,
    reference: int,
    encoding: EncodingChoice = "auto",
    status_report: bool = True,
    validity: timedelta | None = None,
) -> list[Pdu]:
    """Return one PDU per part of `text`, for `AT+CMGS=<length>` in PDU mode.

    `reference & 0xff` marks the parts of one message (unused when there is one part). The SMSC
    is left to the modem (`00`). `validity` is rounded down to what TP-VP can say, from 5 minutes
    to 63 weeks. A number or text that cannot be sent is a PduError.
    """
    cut = segment_text(text, encoding)
    total = len(cut.parts)
    pdus = []
    for number, part in enumerate(cut.parts, 1):
        concat = Concat(reference & 0xFF, number, total) if total > 1 else None
        pdus.append(
            encode_part(
                msisdn,
                part,
                cut.encoding,
                concat,
                status_report=status_report,
                validity=validity,
            )
        )
    return pdus


def encode_part(
    msisdn: str,
    text: str,
    encoding: Encoding,
    concat: Concat | None,
    *,
    status_report: bool = True,
    validity: timedelta | None = None,
) -> Pdu:
    """Return the PDU of one part that is already cut to size."""
    first = _SUBMIT
    if status_report:
        first |= _STATUS_REPORT
    if concat is not None:
        first |= _HAS_HEADER
    period = b""
    if validity is not None:
        first |= _RELATIVE_VALIDITY
        period = bytes((encode_validity(validity),))
    tpdu = b"".join(
        (
            bytes((first, 0)),
            encode_address(msisdn),
            bytes((0, DCS[encoding])),
            period,
            encode_user_data(text, encoding, concat),
        )
    )
    return Pdu(len(tpdu), "00" + tpdu.hex().upper())


def decode_submit(hex_text: str, length: int | None = None) -> Submit:
    """Decode strictly: another kind, a wrong length, or octets too few or many is a PduError."""
    octets = Octets(hex_text)
    skip_smsc(octets)
    check_length(octets, length)
    first = octets.octet()
    if first & 0x03 != _SUBMIT:
        raise PduError("not an SMS-SUBMIT")
    octets.octet()
    msisdn = decode_address(octets)
    octets.octet()
    dcs = octets.octet()
    kind = first & 0x18
    period = octets.take(_VALIDITY_OCTETS[kind])
    text, encoding, concat = decode_user_data(octets, dcs, bool(first & _HAS_HEADER))
    return Submit(
        msisdn,
        text,
        encoding,
        concat,
        bool(first & _STATUS_REPORT),
        decode_validity(period[0]) if kind == _RELATIVE_VALIDITY else None,
    )


def encode_validity(period: timedelta) -> int:
    """Return the relative TP-VP (§9.2.3.12.1) that is not longer than `period`."""
    minutes = period // timedelta(minutes=1)
    if minutes <= 12 * 60:
        return max(minutes // 5 - 1, 0)
    if minutes <= 24 * 60:
        return 143 + (minutes - 12 * 60) // 30
    days = minutes // (24 * 60)
    if days <= 30:
        return max(166 + days, 167)
    return min(max(192 + days // 7, 196), 255)


def decode_validity(value: int) -> timedelta:
    """Return the period that a relative TP-VP means."""
    if value <= 143:
        return timedelta(minutes=5 * (value + 1))
    if value <= 167:
        return timedelta(hours=12, minutes=30 * (value - 143))
    if value <= 196:
        return timedelta(days=value - 166)
    return timedelta(weeks=value - 192)
