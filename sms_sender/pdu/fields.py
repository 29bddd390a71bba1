"""The fields PDUs are made of (3GPP TS 23.040 §9.1–9.2): addresses, times, user data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sms_sender.pdu.alphabet import decode_septets, encode_septets, pack, unpack
from sms_sender.pdu.errors import PduError
from sms_sender.pdu.segments import Encoding

DCS: dict[str, int] = {"gsm7": 0x00, "ucs2": 0x08}
MAX_DIGITS = 20
_INTERNATIONAL, _UNKNOWN, _ALPHANUMERIC = 0x91, 0x81, 0xD0
_DIGITS = "0123456789*#abc"
_UDH_LENGTH = 6
_UDH_SEPTETS = 7


@dataclass(frozen=True, slots=True)
class Pdu:
    """A PDU as modems take and give it: `length` counts the octets after the SMSC part."""

    length: int
    hex: str


@dataclass(frozen=True, slots=True)
class Concat:
    """Which part of which message: a reference that its sender chose, and `part` of `parts`."""

    reference: int
    part: int
    parts: int


class Octets:
    """Reads a PDU from its hexadecimal form; running out of octets is a PduError."""

    def __init__(self, text: str) -> None:
        try:
            self._data = bytes.fromhex(text)
        except ValueError:
            raise PduError("not hexadecimal") from None
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` octets."""
        chunk = self._data[self._at : self._at + count]
        if len(chunk) < count:
            raise PduError(f"ends at octet {len(self._data)}, {count - len(chunk)} missing")
        self._at += count
        return chunk

    def octet(self) -> int:
        """Return the next octet."""
        return self.take(1)[0]

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(self.left)

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self._data) - self._at


def encode_address(msisdn: str) -> bytes:
    """Encode `+33639980001` as international, digits alone as of unknown type (short codes)."""
    kind = _INTERNATIONAL if msisdn.startswith("+") else _UNKNOWN
    digits = msisdn.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise PduError(f"not a phone number: {msisdn!r}")
    return bytes((len(digits), kind)) + _swap(digits + "F" * (len(digits) % 2))


def encode_sender(sender: str) -> bytes:
    """Encode who speaks in an inbound message: a number, or up to 11 GSM-7 characters."""
    if sender.removeprefix("+").isdigit():
        return encode_address(sender)
    packed = pack(encode_septets(sender))
    if len(packed) > MAX_DIGITS // 2:
        raise PduError(f"sender name too long: {sender!r}")
    return bytes((-(-len(sender) * 7 // 4), _ALPHANUMERIC)) + packed


def decode_address(octets: Octets) -> str:
    """Read an address; numbers of international type get a leading `+`."""
    length, kind = octets.octet(), octets.octet()
    if length > MAX_DIGITS + 2:
        raise PduError(f"address of {length} digits")
    raw = octets.take((length + 1) // 2)
    if kind & 0x70 == _ALPHANUMERIC & 0x70:
        return decode_septets(unpack(raw, length * 4 // 7))
    try:
        digits = "".join([_DIGITS[nibble] for nibble in list(_nibbles(raw))[:length]])
    except IndexError:
        raise PduError("filler inside an address") from None
    return f"+{digits}" if kind & 0x70 == _INTERNATIONAL & 0x70 else digits


def encode_time(when: datetime) -> bytes:
    """Encode an aware time to the second, with its offset in quarters of an hour."""
    offset = when.utcoffset()
    if offset is None:
        raise PduError("a time without zone")
    quarters = round(offset / timedelta(minutes=15))
    zone = int(str(abs(quarters)).zfill(2)[::-1], 16) | (0x08 if quarters < 0 else 0)
    return _swap(when.strftime("%y%m%d%H%M%S")) + bytes((zone,))


def decode_time(octets: Octets) -> datetime | None:
    """Read a service centre time stamp; None for one that is no time (networks send zeros)."""
    raw = octets.take(7)
    digits = list(_nibbles(raw[:6]))
    if any(digit > 9 for digit in digits):
        return None
    year, month, day, hour, minute, second = (
        digits[at] * 10 + digits[at + 1] for at in range(0, 12, 2)
    )
    quarters = (raw[6] & 0x07) * 10 + (raw[6] >> 4)
    zone = timedelta(minutes=15 * (-quarters if raw[6] & 0x08 else quarters))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(zone))
    except ValueError:
        return None


def encode_user_data(text: str, encoding: Encoding, concat: Concat | None) -> bytes:
    """Return TP-UDL and TP-UD, with an 8-bit concatenation header when there is one."""
    header = b""
    if concat is not None:
        header = bytes((5, 0, 3, concat.reference & 0xFF, concat.parts, concat.part))
    if encoding == "ucs2":
        data = header + text.encode("utf-16-be")
        return bytes((len(data),)) + data
    septets = encode_septets(text)
    if not header:
        return bytes((len(septets),)) + pack(septets)
    return bytes((_UDH_SEPTETS + len(septets),)) + header + pack(septets, fill_bits=1)


def decode_user_data(octets: Octets, dcs: int, has_header: bool) -> tuple[str, str, Concat | None]:
    """Read TP-UDL and TP-UD to the end: text, encoding (gsm7, ucs2 or 8bit), concatenation.

    Octets that do not fit the length given are a PduError. 8-bit data comes as Latin-1.
    """
    length, raw = octets.octet(), octets.rest()
    encoding = alphabet_of(dcs)
    needed = -(-length * 7 // 8) if encoding == "gsm7" else length
    if len(raw) != needed:
        raise PduError(f"user data of {len(raw)} octets where {needed} are announced")
    header = raw[: raw[0] + 1] if has_header and raw else b""
    if len(header) > len(raw):
        raise PduError("user data header longer than the user data")
    concat = _find_concat(header[1:])
    if encoding == "gsm7":
        skipped = -(-len(header) * 8 // 7)
        fill = skipped * 7 - len(header) * 8
        septets = unpack(raw[len(header) :], max(length - skipped, 0), fill)
        return decode_septets(septets), encoding, concat
    body = raw[len(header) :]
    codec = "utf-16-be" if encoding == "ucs2" else "latin-1"
    return body.decode(codec, errors="replace"), encoding, concat


def alphabet_of(dcs: int) -> str:
    """Return the alphabet a data coding scheme means (TS 23.038 §4): gsm7, ucs2 or 8bit."""
    group = dcs >> 4
    if group <= 0x7:
        return ("gsm7", "8bit", "ucs2", "gsm7")[dcs >> 2 & 0x3]
    if group == 0xF:
        return "8bit" if dcs & 0x04 else "gsm7"
    return "ucs2" if group == 0xE else "gsm7"


def skip_smsc(octets: Octets) -> None:
    """Step over the service centre's address that modems put in front."""
    octets.take(octets.octet())


def check_length(octets: Octets, length: int | None) -> None:
    """Refuse a PDU that has not exactly the announced `length` (None: nothing announced)."""
    if length is not None and octets.left != length:
        raise PduError(f"{octets.left} octets where {length} are announced")


def _find_concat(elements: bytes) -> Concat | None:
    at = 0
    while at + 2 <= len(elements):
        kind, size = elements[at], elements[at + 1]
        data = elements[at + 2 : at + 2 + size]
        if kind == 0x00 and len(data) == 3:
            return Concat(data[0], data[2], data[1])
        if kind == 0x08 and len(data) == 4:
            return Concat(data[0] << 8 | data[1], data[3], data[2])
        at += 2 + size
    return None


def _swap(digits: str) -> bytes:
    return bytes.fromhex("".join([digits[at + 1] + digits[at] for at in range(0, len(digits), 2)]))


def _nibbles(raw: bytes) -> Iterator[int]:
    for octet in raw:
        yield octet & 0x0F
        yield octet >> 4
