"""Reading the network's log: what really went out."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Identity = tuple[str, int | None, int, int, str]


@dataclass(frozen=True, slots=True)
class NetworkCount:
    """`accepted`: messages all of whose parts were taken. `duplicates`: parts taken once too many.

    A repeat is the same part of the same message: see `part_identity`.
    """

    accepted: int
    segments: int
    duplicates: int
    malformed: int


def part_identity(line: dict[str, Any]) -> Identity:
    """Return what makes two accepted parts the same: (to, ref, part, parts, text)."""
    return (line["to"], line["ref"], line["part"], line["parts"], line["text"])


def read_log(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of the logs; a last line that is still being written is left out."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    yield json.loads(line)


def count_log(paths: Iterable[Path]) -> NetworkCount:
    """Count messages, parts, repeats and malformed PDUs over all logs of a run."""
    segments = malformed = 0
    seen: set[Identity] = set()
    for line in read_log(paths):
        if line["event"] == "accepted":
            segments += 1
            seen.add(part_identity(line))
        elif line["event"] == "malformed":
            malformed += 1
    return NetworkCount(_whole_messages(seen), segments, segments - len(seen), malformed)


def _whole_messages(seen: set[Identity]) -> int:
    # Two messages to one number may share an 8-bit reference: each part then has two texts.
    texts: dict[tuple[str, int | None, int], list[int]] = defaultdict(list)
    for to, ref, part, parts, _ in seen:
        texts[to, ref, parts].append(part)
    return sum(
        min(found.count(part) for part in range(1, parts + 1))
        for (_, _, parts), found in texts.items()
    )
