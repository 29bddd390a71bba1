"""The network's log against the database: what was lost, sent twice, or told wrongly."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.scale import Outcome
from chaos.world import World
from sms_sender.simulator import count_log, read_log
from tests.integration.sender.hosts import Machine

_name_in = re.compile(r"#(\d+)#").search
Part = tuple[int, int]
WENT_OUT = {"sent", "delivered", "undelivered"}


@dataclass(slots=True)
class Truth:
    """Parts are (message, part) by the number that a message bears in its text."""

    network: Counter[Part] = field(default_factory=Counter)
    segments: dict[Part, str] = field(default_factory=dict)
    messages: dict[int, tuple[str, int]] = field(default_factory=dict)
    uncertain_ids: set[Part] = field(default_factory=set)
    """(message_id, part): as the journal knows them."""
    malformed: int = 0

    @property
    def duplicated(self) -> list[Part]:
        """Parts that the network took more than once."""
        return sorted(part for part, times in self.network.items() if times > 1)

    @property
    def told_sent_but_not(self) -> list[Part]:
        """Parts that the centre believes sent and the network never saw."""
        return sorted(
            part
            for part, state in self.segments.items()
            if state in WENT_OUT and part not in self.network
        )

    @property
    def sent_but_not_told(self) -> list[Part]:
        """Parts that the network took and the centre believes unsent."""
        return sorted(
            part
            for part in self.network
            if self.segments.get(part, "nothing") not in WENT_OUT | {"uncertain"}
        )

    @property
    def lost(self) -> list[int]:
        """Messages that neither went out whole, nor have a reason why not."""
        return sorted(
            number
            for number, (state, parts) in self.messages.items()
            if state not in {"failed", "uncertain", "planned", "leased", "skipped"}
            and any((number, part) not in self.network for part in range(1, parts + 1))
        )

    def uncertain(self) -> int:
        """How many parts are uncertain."""
        return sum(state == "uncertain" for state in self.segments.values())

    def states(self) -> dict[str, int]:
        """Messages by state."""
        return dict(Counter(state for state, _ in self.messages.values()))


def find(world: World, machines: Iterable[Machine]) -> Truth:
    """Read both sides."""
    logs = [machine.network for machine in machines]
    truth = Truth(malformed=count_log(logs).malformed)
    for line in read_log(logs):
        if line["event"] == "accepted":
            found = _name_in(line["text"])
            truth.network[int(found[1]) if found else 0, line["part"]] += 1
    db = world.fleet.db
    rows: list[Any] = db.all("select contact_id, state::text, segments from message")
    truth.messages = {number: (state, parts) for number, state, parts in rows}
    parts: list[Any] = db.all(
        "select m.contact_id, s.part, s.state::text, s.message_id"
        " from segment as s join message as m using (activation_month, message_id)"
    )
    truth.segments = {(number, part): state for number, part, state, _ in parts}
    truth.uncertain_ids = {(key, part) for _, part, state, key in parts if state == "uncertain"}
    return truth


def hold(outcome: Outcome, truth: Truth) -> None:
    """What must hold whatever happened."""
    outcome.counted |= {
        "messages": truth.states(),
        "network_parts": sum(truth.network.values()),
        "duplicated": len(truth.duplicated),
        "lost": len(truth.lost),
        "wrong_verdicts": len(truth.told_sent_but_not) + len(truth.sent_but_not_told),
        "uncertain": truth.uncertain(),
    }
    outcome.expect(not truth.duplicated, f"sent twice: {truth.duplicated[:5]}")
    outcome.expect(not truth.lost, f"lost: {truth.lost[:5]}")
    outcome.expect(not truth.told_sent_but_not, f"told sent but not: {truth.told_sent_but_not[:5]}")
    outcome.expect(not truth.sent_but_not_told, f"sent but not told: {truth.sent_but_not_told[:5]}")
    outcome.expect(truth.malformed == 0, f"{truth.malformed} PDUs were malformed")


def unexplained(truth: Truth, journal: Path) -> list[Part]:
    """Uncertain parts of which the journal knows no intent that was left without an answer."""
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        explained = set(
            db.execute(
                "select message_id, part from attempt where kind = 'uncertain' and begun_at is not null"
            )
        )
    finally:
        db.close()
    return sorted(truth.uncertain_ids - explained)
