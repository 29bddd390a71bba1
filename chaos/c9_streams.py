"""C9: generated reply streams after Ctrl-Z. No hang, no crash, never a false "sent"."""

import random
from collections import Counter

from chaos.scale import Outcome, Scale
from chaos.streams import PDU, make_stream, timed
from chaos.world import World
from sms_sender.modem import Modem
from tests.unit.sender.fake_port import FakeModem

FULL = Scale(times=1_000_000, modems=1)
SHORT = Scale(times=1_500, modems=1)
LONGEST_SECONDS = 80.0


def run(world: World, scale: Scale) -> Outcome:
    """`times` streams to the real modem driver, on a clock of its own."""
    del world
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    fake, modem = _anew()
    kinds: Counter[str] = Counter()
    crashed = hung = wrong = 0
    for number in range(scale.times):
        stream = make_stream(rng)
        fake.end = timed(rng, stream.data)
        start = fake.port.now
        try:
            found = modem.submit(PDU.length, PDU.hex, lambda: None)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is a miss)
            crashed += 1
            outcome.expect(crashed > 5, f"stream {number}: {error!r}: {stream.data!r}")
            fake, modem = _anew()
            continue
        kinds[found.kind] += 1
        if fake.port.now - start > LONGEST_SECONDS:
            hung += 1
        if found.kind != stream.expected:
            wrong += 1
            outcome.expect(wrong > 5, f"stream {number}: {found} for {stream}")
        fake.port.close()
        fake.port.written.clear()
    outcome.counted |= {
        "streams": scale.times,
        "verdicts": dict(kinds),
        "crashes": crashed,
        "hangs": hung,
        "wrong_verdicts": wrong,
    }
    outcome.expect(hung == 0, f"{hung} took longer than {LONGEST_SECONDS:g} s")
    outcome.expect(crashed + wrong == 0, f"{crashed} crashes, {wrong} wrong verdicts")
    return outcome


def _anew() -> tuple[FakeModem, Modem]:
    fake = FakeModem()
    return fake, fake.opened()
