"""What the day came to: counted in our tables, counted on the network, and held against each other."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from include.db import sql

Message = tuple[str, str]  # (number, whole text)


@dataclass
class Network:
    """What the emulated modems took, from their own log: nothing of it comes from our tables."""

    messages: Counter[Message] = field(default_factory=Counter)
    segments: int = 0
    duplicates: int = 0
    malformed: int = 0

    @property
    def accepted(self) -> int:
        """Messages all of whose parts were taken."""
        return sum(self.messages.values())

    def figures(self) -> dict[str, int]:
        """As they stand in the summary."""
        return {
            "accepted": self.accepted,
            "segments": self.segments,
            "duplicates": self.duplicates,
            "malformed": self.malformed,
        }


def read_network(logs: Iterable[Path]) -> Network:
    """Count the modems' logs. A duplicate is the same part of the same message taken twice.

    Parts belong together by number, concatenation reference and number of parts. No two messages of the
    demo have the same number and text, so that a repeated whole message is a duplicate too.
    """
    network = Network()
    parts: dict[tuple[Any, ...], dict[int, str]] = defaultdict(dict)
    whole: Counter[Message] = Counter()
    for log in logs:
        for line in log.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            network.malformed += entry["event"] == "malformed"
            if entry["event"] != "accepted":
                continue
            network.segments += 1
            if entry["parts"] == 1:
                whole[(entry["to"], entry["text"])] += 1
                continue
            key = (entry["to"], entry["ref"], entry["parts"])
            if entry["part"] in parts[key]:
                network.duplicates += 1
            parts[key][entry["part"]] = entry["text"]
    for (number, _ref, count), texts in parts.items():
        if len(texts) == count:
            whole[(number, "".join(texts[part] for part in sorted(texts)))] += 1
    network.messages = whole
    network.duplicates += sum(count - 1 for count in whole.values())
    return network


def counts(conn: Connection) -> dict[str, Any]:
    """Messages by state; ``planned`` is their total and each is in exactly one of the others."""
    with conn.cursor() as cur:
        cur.execute(sql("demo/count_messages"))
        rows = cur.fetchall()
    by_state: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for state, reason, messages in rows:
        if state == "skipped":
            skipped[reason or "unknown"] += messages
        else:
            by_state[state] += messages
    named = ("sent", "delivered", "undelivered", "failed", "uncertain")
    others = {state: n for state, n in by_state.items() if state not in named}
    return {
        "planned": by_state.total() + skipped.total(),
        **{state: by_state[state] for state in named},
        "skipped": dict(sorted(skipped.items())),
        **others,
    }


def disagreements(conn: Connection, network: Network, messages: dict[str, Any]) -> list[str]:
    """Every way in which the tables and the network's own count contradict each other, as sentences."""
    with conn.cursor() as cur:
        cur.execute(sql("demo/list_accepted_messages"))
        rows = cur.fetchall()
    known: Counter[Message] = Counter(
        (number, text) for number, text, state in rows if state != "uncertain"
    )
    open_: Counter[Message] = Counter(
        (number, text) for number, text, state in rows if state == "uncertain"
    )
    found = []
    if missing := known - network.messages:
        found.append(
            f"{missing.total()} messages are sent in the tables and unknown to the network"
        )
    if extra := network.messages - known - open_:
        found.append(f"{extra.total()} messages went out that the tables do not call sent")
    if network.duplicates:
        found.append(f"{network.duplicates} segments went out twice")
    if network.malformed:
        found.append(f"{network.malformed} segments were malformed")
    unfinished = (
        messages["planned"]
        - sum(messages["skipped"].values())
        - sum(
            messages[state] for state in ("sent", "delivered", "undelivered", "failed", "uncertain")
        )
    )
    if unfinished:
        found.append(f"{unfinished} messages have no outcome")
    return found
