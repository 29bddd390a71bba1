"""The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038 §6.2.1), and packing."""

import codecs
import re
import unicodedata

from sms_sender.pdu.errors import PduError

ESCAPE = 0x1B

# The escape position holds a character no text may contain, so that indexes stay code points.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\ufffeÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_FROM_EXTENSION = {code: char for char, code in EXTENSION.items()}
_SEPTETS = {char: bytes((code,)) for code, char in enumerate(BASIC) if code != ESCAPE}
_SEPTETS |= {char: bytes((ESCAPE, code)) for char, code in EXTENSION.items()}
_TO_SEPTETS = {ord(char): septets for char, septets in _SEPTETS.items()}
_BITS = [f"{code:07b}" for code in range(128)]

_BASIC_CLASS = re.escape(BASIC.replace("\ufffe", ""))
_EXTENSION_CLASS = re.escape("".join(EXTENSION))
_match_basic = re.compile(f"[{_BASIC_CLASS}]*").fullmatch
_match_gsm7 = re.compile(f"[{_BASIC_CLASS}{_EXTENSION_CLASS}]*").fullmatch
_find_extension = re.compile(f"[{_EXTENSION_CLASS}]").findall
_find_foreign = re.compile(f"[^{_BASIC_CLASS}{_EXTENSION_CLASS}]").findall

# What Unicode's decompositions do not give.
_REPLACEMENTS = {
    "œ": "oe", "Œ": "OE", "ç": "c", "’": "'", "‘": "'", "‚": ",", "‛": "'", "ʼ": "'", "`": "'",
    "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "<", "›": ">", "–": "-",
    "—": "-", "‒": "-", "‐": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": ".", "\t": " ",
    "×": "x", "÷": "/", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "đ": "d",
    "Đ": "D", "ı": "i", "ẞ": "SS", "©": "(c)", "®": "(r)", "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip
_FALLBACK = "?"


def is_gsm7(text: str) -> bool:
    """Say whether every character of `text` is in the default alphabet or its extension."""
    return _match_gsm7(text) is not None


def is_basic(text: str) -> bool:
    """Say whether `text` needs nothing but the default alphabet: one septet a character."""
    return _match_basic(text) is not None


def outside_gsm7(text: str) -> tuple[str, ...]:
    """Return the distinct characters that are not in GSM-7, in order of appearance."""
    return tuple(dict.fromkeys(_find_foreign(text)))


def count_septets(text: str) -> int:
    """Return the septets that a GSM-7 text takes: the extension table counts two."""
    return len(text) + len(_find_extension(text))


def encode_septets(text: str) -> bytes:
    """Return one byte per septet, escapes included; a character outside GSM-7 is a PduError."""
    try:
        return codecs.charmap_encode(text, "strict", _TO_SEPTETS)[0]
    except UnicodeEncodeError as error:
        raise PduError(f"character not in GSM-7: {text[error.start]!r}") from None


def decode_septets(septets: bytes) -> str:
    """Return the text of one byte per septet.

    An escape with no meaning shows the character of the basic table, as §6.2.1.1 asks.
    """
    if ESCAPE not in septets:
        return "".join([BASIC[code] for code in septets])
    out: list[str] = []
    codes = iter(septets)
    for code in codes:
        if code != ESCAPE:
            out.append(BASIC[code])
            continue
        following = next(codes, None)
        if following is None or following == ESCAPE:
            out.append(" ")
        else:
            out.append(_FROM_EXTENSION.get(following, BASIC[following]))
    return "".join(out)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets into octets, low bits first, after `fill_bits` zero bits (0–6)."""
    if not septets:
        return b""
    # Eight septets are seven octets, so one big integer made from the reversed bit string packs
    # them all at C speed.
    bits = "".join(map(_BITS.__getitem__, reversed(septets))) + "0" * fill_bits
    return int(bits, 2).to_bytes((len(bits) + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Return `count` septets, one per byte, of packed `octets`; too few octets is a PduError."""
    if count and len(octets) * 8 < count * 7 + fill_bits:
        raise PduError(f"{len(octets)} octets cannot hold {count} septets")
    number = int.from_bytes(octets, "little") >> fill_bits
    return bytes([number >> (7 * index) & 0x7F for index in range(count)])


def transliterate(text: str) -> str:
    """Return `text` in GSM-7: accents dropped where needed, typography made plain, else `?`."""
    if is_gsm7(text):
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join([char if char in _SEPTETS else _nearest(char) for char in composed])


def _nearest(char: str) -> str:
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    if unicodedata.category(char) in {"Mn", "Cf"} or "\ufe00" <= char <= "\ufe0f":
        return ""
    plain = "".join(
        _REPLACEMENTS.get(part, part)
        for part in unicodedata.normalize("NFKD", char)
        if unicodedata.category(part) != "Mn"
    )
    if plain and plain != char and is_gsm7(plain):
        return plain
    return " " if unicodedata.category(char) == "Zs" else _FALLBACK
