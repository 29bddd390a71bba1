"""Generated reply streams: never a hang, never a crash, never a false "sent"."""

import random

import pytest

from sms_sender.modem import Modem, SubmitOutcome
from sms_sender.pdu import encode_submit
from tests.unit.sender.fake_port import FakeModem, Reply

STREAMS = 20_000
(PDU,) = encode_submit("+33639980001", "OK ERROR 500 +CMGS: 5", reference=1)

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


def make_stream(rng: random.Random) -> tuple[bytes, str, int | None]:
    """Return a stream after Ctrl-Z, and what a careful reader must make of it."""
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
    return b"".join(pieces), expected, reference


def timed(rng: random.Random, stream: bytes) -> Reply:
    """Cut a stream in pieces that arrive over at most 50 s."""
    out, at, delay = [], 0, 0.0
    while at < len(stream):
        size = rng.choice([1, 2, 3, 7, 30, 500, 10_000])
        delay = min(delay + rng.choice([0, 0, 0, 0.001, 0.2, 4.0]), 50.0)
        out.append((delay, stream[at : at + size]))
        at += size
    return out


def check(modem: Modem, fake: FakeModem, rng: random.Random) -> SubmitOutcome:
    stream, expected, reference = make_stream(rng)
    fake.end = timed(rng, stream)
    start = fake.port.now
    outcome = modem.submit(PDU.length, PDU.hex, lambda: None)
    assert outcome.kind == expected, stream
    if expected != "rejected":
        assert outcome.reference == reference, stream
    assert fake.port.now - start <= 80, stream
    fake.port.close()
    return outcome


@pytest.mark.parametrize("seed", range(4))
def test_generated_streams_after_ctrl_z(seed: int) -> None:
    rng = random.Random(seed)
    fake = FakeModem()
    modem = fake.opened()
    kinds = {check(modem, fake, rng).kind for _ in range(STREAMS // 4)}
    assert kinds == {"sent", "rejected", "uncertain"}


def never() -> None:
    raise AssertionError("asked for permission without a prompt")


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_in_place_of_the_prompt_never_send(seed: int) -> None:
    rng = random.Random(seed)
    fake = FakeModem()
    modem = fake.opened()
    for _ in range(500):
        stream = b"".join(rng.choice(NOISE[:-3]) for _ in range(rng.randrange(6)))
        fake.prompt = timed(rng, stream.replace(b"> ", b"<"))
        outcome = modem.submit(PDU.length, PDU.hex, never)
        assert (outcome.kind, outcome.error) == ("not_sent", "no prompt")
        fake.port.close()
