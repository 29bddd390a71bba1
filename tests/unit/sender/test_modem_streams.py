"""Generated reply streams: never a hang, never a crash, never a false "sent"."""

import random

import pytest

from chaos.streams import NOISE, PDU, make_stream, timed
from sms_sender.modem import Modem, SubmitOutcome
from tests.unit.sender.fake_port import FakeModem

STREAMS = 20_000


def check(modem: Modem, fake: FakeModem, rng: random.Random) -> SubmitOutcome:
    stream = make_stream(rng)
    fake.end = timed(rng, stream.data)
    start = fake.port.now
    outcome = modem.submit(PDU.length, PDU.hex, lambda: None)
    assert outcome.kind == stream.expected, stream
    if stream.expected != "rejected":
        assert outcome.reference == stream.reference, stream
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
