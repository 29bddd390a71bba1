"""How much of a thing is done, and what its outcome looks like."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

T = TypeVar("T")
TELL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Scale:
    """`times`: kills, restarts, streams or seconds away, as the figure says. Same seed, same run.

    What processes do at the same time is not repeated by a seed; where and when they are hit is.
    """

    seed: int = 1
    times: int = 1
    messages: int = 1
    modems: int = 8

    def but(self, **changes: int | None) -> "Scale":
        """Return this scale with what was given in place of its own."""
        return replace(
            self, **{name: value for name, value in changes.items() if value is not None}
        )


@dataclass(slots=True)
class Outcome:
    """What was counted, and what should not have been so: `misses` is empty on success."""

    scale: Scale
    counted: dict[str, Any] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def expect(self, holds: bool, miss: str) -> None:
        """Note `miss` unless it holds."""
        if not holds:
            self.misses.append(miss)

    def document(self) -> dict[str, Any]:
        """Return it as one JSON document."""
        return {
            "scale": asdict(self.scale),
            **self.counted,
            "misses": self.misses,
            "passed": not self.misses,
        }


def told(items: Sequence[T]) -> Iterator[T]:
    """Yield them; says on stderr how far it is, about once a minute."""
    began = last = time.monotonic()
    for number, item in enumerate(items):
        if time.monotonic() - last > TELL_SECONDS:
            last = time.monotonic()
            print(f"{number} of {len(items)} after {last - began:.0f} s", file=sys.stderr)
        yield item
