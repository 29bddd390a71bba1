"""What the tests of analyses count anew with: loops over the raw tickets, no SQL."""

import inspect
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from include.taxation.analyse import analyse
from tests.integration.taxation.exchange import (
    STAMP,
    Call,
    Exchanges,
)

Rows = list[dict[str, Any]]
PERIODS: tuple[dict[str, Any], ...] = (
    {},
    {"from": "2026-10-25", "to": "2026-10-25"},
    {"from": "2026-10-26", "pbx": "kathmandu"},
    {"to": "2026-10-24", "cost_centre": "10"},
)


def every(*cases: dict[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Runs a test with each of these keyword arguments on one database: making one takes a second."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        def with_each(**fixtures: Any) -> None:
            for case in cases:
                test(**fixtures, **case)

        told = inspect.signature(test)
        fixtures = [p for name, p in told.parameters.items() if name not in cases[0]]
        with_each.__signature__ = told.replace(parameters=fixtures)  # type: ignore[attr-defined]
        with_each.__name__ = test.__name__
        return with_each

    return decorate


GIVEN = [{"given": period} for period in PERIODS]


def run(name: str, **parameters: Any) -> Rows:
    found = analyse(name, parameters)
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def begins(call: Call) -> datetime:
    return datetime.strptime(call["StartDateTime"], STAMP)


def centre(call: Call) -> str | None:
    return None if call["ChargedCostCenter"] in ("", "255") else call["ChargedCostCenter"]


def masked(number: str) -> str:
    return number[:-4] + "----" if len(number) > 6 else number


def seconds_of(call: Call) -> int:
    return int(call["Duration"])


def within(exchanges: Exchanges, **given: Any) -> list[Call]:
    """The calls that start in a period, on the clock of their PBX."""
    first, last = given.get("from", "0001-01-01"), given.get("to", "9999-12-31")
    return [
        call
        for call in exchanges.all()
        if first <= begins(call).date().isoformat() <= last
        and given.get("pbx") in (None, call["pbx"])
        and given.get("cost_centre") in (None, centre(call))
    ]


def grouped(calls: list[Call], key: Callable[[Call], Any]) -> dict[Any, list[Call]]:
    groups: dict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        groups[key(call)].append(call)
    return groups
