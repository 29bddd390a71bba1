"""Reply streams of modems that no test would think of, and what a careful reader makes of each."""

import random
from dataclasses import dataclass, field

from sms_sender.pdu import encode_submit

(PDU,) = encode_submit("+33639980001", "OK ERROR 500 +CMGS: 5", reference=1)
Reply = list[tuple[float, bytes]]

NOISE = (
    b"\r\n^RSSI:10\r\n",
    b"\r\n^BOOT:35323129,0,0,0,26\r\n",
    b"\r\nRING\r\n",
    b'\r\n+CMTI: "SM",3\r\n',
    b"\r\n+CREG: 1\r\n",
    b"\r\n+CDS: 3\r\n0006AB\r\n",
    b"\r\n+CDS: 25\r\n",
    b"\r\n+CMT: ,24\r\n",
    b"\r\nnot OK\r\n",
    b"\r\nOK but not alone\r\n",
    b"\r\nERROR 500\r\n",
    b"\r\n+CMS ERROR\r\n",
    b"\r\n+CMGSX: 5\r\n",
    b"\r\n> \r\n",
    b"\r\n\x00\xff\xfe\r\n",
    b"\xff" * 5000 + b"\r\n",
    PDU.hex.encode() + b"\x1a\r\n",
    f"AT+CMGS={PDU.length}\r\r\n".encode(),
    b"\r\n\r\n\r\n",
)
REFUSALS = {
    b"+CMS ERROR: 38": "rejected",
    b"+CMS ERROR: 28": "rejected",
    b"+CME ERROR: 13": "rejected",
    b"+CMS ERROR: 332": "uncertain",
    b"+CMS ERROR: 99999999": "uncertain",
    b"ERROR": "uncertain",
}


@dataclass(frozen=True, slots=True)
class Stream:
    """What a modem says after Ctrl-Z, and the only verdict that is right."""

    data: bytes
    expected: str
    reference: int | None = field(default=None)


def make_stream(rng: random.Random) -> Stream:
    """Return noise, perhaps a reference, noise, and perhaps an ending."""
    pieces = [rng.choice(NOISE) for _ in range(rng.randrange(4))]
    reference = rng.choice([None, None, rng.randrange(256), rng.randrange(256)])
    if reference is not None:
        pieces.append(b"\r\n+CMGS: %d\r\n" % reference)
    elif rng.random() < 0.2:
        pieces.append(rng.choice([b"\r\n+CMGS: 256\r\n", b"\r\n+CMGS: \r\n", b"\r\n+CMGS: 1x\r\n"]))
    pieces += [rng.choice(NOISE) for _ in range(rng.randrange(3))]
    ending = rng.random()
    if ending < 0.5:
        pieces.append(b"\r\nOK\r\n")
        expected = "sent"
    elif ending < 0.75:
        refusal = rng.choice(list(REFUSALS))
        pieces.append(b"\r\n" + refusal + b"\r\n")
        expected = REFUSALS[refusal] if reference is None else "uncertain"
    else:
        pieces.append(rng.choice([b"", b"\r\nOK", b"\r\nO", b"\r\n+CMS ERROR: 38", b"\r\n>"]))
        expected = "uncertain"
    return Stream(b"".join(pieces), expected, reference)


def timed(rng: random.Random, data: bytes) -> Reply:
    """Cut a stream in pieces that arrive over at most 50 s."""
    out, at, delay = [], 0, 0.0
    while at < len(data):
        size = rng.choice([1, 2, 3, 7, 30, 500, 10_000])
        delay = min(delay + rng.choice([0, 0, 0, 0.001, 0.2, 4.0]), 50.0)
        out.append((delay, data[at : at + size]))
        at += size
    return out
