"""Tariffs and calls drawn at random from a seed: every rule of the schema, awkward instants."""

import random
from datetime import datetime, timedelta
from typing import Any

from include.billing.tariff_file import document_faults

PREFIXES = {
    "mobile": ["336", "337"],
    "fiction": ["3363998", "33639980"],
    "fixed": ["331", "332", "335"],
    "north": ["335364", "331990"],
    "abroad": ["44", "1", "4420"],
}
NUMBERS = (
    "0639980012", "0639981234", "0639989999", "0199001122", "0261912233", "0536491234", "0011990012",
    "00442079460000", "0015550100", "3631", "06399----", "0199----", "00447700900000",
)  # fmt: skip
EDGES = (
    datetime(2026, 3, 29, 1, 58), datetime(2026, 10, 25, 1, 30), datetime(2026, 10, 25, 2, 55),
    datetime(2025, 12, 31, 23, 55), datetime(2026, 1, 1, 0, 0), datetime(2026, 3, 10, 17, 58),
    datetime(2026, 3, 10, 7, 59), datetime(2026, 7, 13, 23, 30), datetime(2026, 3, 14, 12, 0),
)  # fmt: skip


def tariff(rng: random.Random, code: str) -> dict[str, Any]:
    """A document without faults, gaps in time aside."""
    while True:
        document = _draw(rng, code)
        if not document_faults(document, complete=False):
            return document


def _draw(rng: random.Random, code: str) -> dict[str, Any]:
    weights = rng.sample(range(1, 200), 40)
    rates = [
        _rate(rng, name, weights.pop())
        for name in (*PREFIXES, "any")
        for _ in range(rng.randint(0 if name == "any" else 1, 3))
    ]
    return {
        "version": 1,
        "kind": "tariff",
        "tariff": code,
        "currency": "EUR",
        "valid_from": "2025-01-01",
        "timezone": rng.choice(["Europe/Paris", "UTC", "Indian/Reunion"]),
        "rounding": {
            "method": rng.choice(["up", "half_up", "down"]),
            "decimals": rng.choice([2, 4, 4, 5]),
        },
        "destinations": PREFIXES,
        "calendars": {
            "week": {"days": ["mon", "tue", "wed", "thu", "fri"], "exclude_holidays": "FR"},
            "feast": {"holidays": "FR", "dates": ["12-31"]},
            "weekend": {"days": ["sat", "sun"]},
        },
        "rates": rates,
    }


def _rate(rng: random.Random, destination: str, weight: int) -> dict[str, Any]:
    rate: dict[str, Any] = {"destination": destination, "weight": weight}
    rate["direction"] = rng.choice(["outgoing", "outgoing", "any"])
    if rng.random() < 0.6:
        rate["from"], rate["to"] = rng.choice(
            [("08:00", "18:00"), ("18:00", "08:00"), ("22:30", "02:30"), ("00:00", "12:00")]
        )
    if rng.random() < 0.4:
        rate["calendar"] = rng.choice(["week", "feast", "weekend"])
    if rng.random() < 0.12:
        rate["pulse_price"] = _amount(rng)
    elif rng.random() < 0.95:
        rate["steps"] = _steps(rng)
    for key, chance in (("connect_fee", 0.6), ("unanswered_fee", 0.3)):
        if rng.random() < chance:
            rate[key] = _amount(rng)
    if rng.random() < 0.3:
        rate["included_seconds"] = rng.choice([0, 10, 60, 75])
    if rng.random() < 0.3:
        rate["increments"] = "down"
    if rng.random() < 0.2:
        rate["minimum"] = "0.05"
    if rng.random() < 0.2:
        rate["maximum"] = "1.23456"
    if rng.random() < 0.3:
        rate["adjustment"] = {"a": "1.1", "b": "-0.013", "percent": rng.choice(["7.7", "-3"])}
    return rate


def _steps(rng: random.Random) -> list[dict[str, Any]]:
    starts = [0, *sorted(rng.sample([30, 60, 61, 90, 180, 600], rng.randint(0, 2)))]
    if rng.random() < 0.1:
        starts = [30]
    return [
        {
            "from": start,
            "price": _amount(rng),
            "per": rng.choice([1, 7, 60, 60, 3600]),
            "increment": rng.choice([1, 1, 6, 30, 60, 47]),
        }
        for start in starts
    ]


def _amount(rng: random.Random) -> str:
    return f"{rng.randint(0, 2)}.{rng.randint(0, 99999):05d}" if rng.random() < 0.7 else "0.07"


def call(rng: random.Random) -> tuple[str, datetime, int, str]:
    """Number as dialled, local start, seconds, charge units (perhaps blank)."""
    start = rng.choice(EDGES) + timedelta(seconds=rng.randint(-400, 400))
    if rng.random() < 0.1:
        start = datetime(2026, 1, 1) + timedelta(seconds=rng.randrange(365 * 86_400))
    seconds = rng.choice([0, 1, 59, 60, 61, rng.randint(1, 400), rng.randint(1, 9000), 100_000])
    return rng.choice(NUMBERS), start, seconds, rng.choice(["", "0", "7"])
