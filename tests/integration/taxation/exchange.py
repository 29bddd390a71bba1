"""Two exchanges with raw tickets that a wrong join, time zone, mask or duplicate would show in."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ncompress

from include.taxation.ingest import ingest_paths
from include.taxation.pbx import add

FIELDS = (
    ("TicketVersion", 5, "L"), ("CalledNumber", 26, "L"), ("ChargedNumber", 8, "L"),
    ("ChargedUserName", 16, "L"), ("ChargedCostCenter", 10, "L"), ("ChargedCompany", 8, "L"),
    ("CallType", 2, "R"), ("StartDateTime", 17, "L"), ("EndDateTime", 17, "L"),
    ("Duration", 8, "R"), ("WaitingDuration", 5, "R"), ("EffectiveCallDuration", 8, "R"),
    ("TrunkGroupIdentity", 5, "L"),
)  # fmt: skip
ZONES = {"paris": ZoneInfo("Europe/Paris"), "kathmandu": ZoneInfo("Asia/Kathmandu")}
STAMP = "%Y%m%d %H:%M:%S"
PEOPLE = [(f"{1000 + n}", f"Nom {n % 9}", ("10", "20", "255", "")[n % 4]) for n in range(12)]
OUTSIDE = ("0639980001", "0639980002", "0899123456", "0639981", "118218", "00977123456")
DIRECTIONS = {0: "outgoing", 1: "outgoing", 3: "local", 4: "incoming", 6: "unspecified"}

Call = dict[str, Any]


def header() -> str:
    """The format line."""
    items, at = [], 1
    for name, width, kind in FIELDS:
        items.append(f"{name},{at},{at + width - 1},{kind}")
        at += width
    return "#" + ",".join(items)


def line(call: Call) -> str:
    """A record as the PBX writes it."""
    parts = []
    for name, width, kind in FIELDS:
        value = str(call.get(name, ""))
        parts.append(value.rjust(width) if kind == "R" else value.ljust(width))
    return "".join(parts)


def random_call(rng: random.Random, days: list[date], zone: ZoneInfo) -> Call:
    """A call that ends on one of the days, on the clock of the zone."""
    extension, name, centre = rng.choice(PEOPLE)
    kind = rng.choice((0, 0, 0, 1, 3, 4, 4, 6))
    day = rng.choice(days)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    hour = rng.choice((0, 1, 2, 2, 9, 9, 9, 10, 14, 22, 23))
    begin = midnight.timestamp() + hour * 3600 + rng.randrange(3600)
    waited = rng.choice(("", "0", "5", "12", "60"))
    talked = rng.choice((0, 0, 20, 61, 400, 1800, 4000))
    end = begin + talked + int(waited or 0)
    stamps = [datetime.fromtimestamp(t, zone).strftime(STAMP) for t in (begin, end)]
    return {
        "TicketVersion": "5.1", "ChargedNumber": extension, "ChargedUserName": name,
        "CalledNumber": "1001" if kind == 3 else rng.choice(OUTSIDE),
        "ChargedCostCenter": centre, "ChargedCompany": rng.choice(("NORD", "SUD")),
        "CallType": kind, "StartDateTime": stamps[0], "EndDateTime": stamps[1],
        "Duration": talked, "WaitingDuration": waited,
        "EffectiveCallDuration": rng.choice((talked, talked, "")),
        "TrunkGroupIdentity": "" if kind == 3 else rng.choice(("10", "20")),
    }  # fmt: skip


@dataclass
class Exchanges:
    """The calls of each PBX, each once, in the order in which they were first written."""

    folder: Path
    calls: dict[str, list[Call]] = field(default_factory=dict)

    def load(self, pbx: str, name: str, calls: list[Call]) -> None:
        """Write a spool, load it, remember its calls unless they were there."""
        text = "\n".join([header(), *map(line, calls), ""]).encode("cp1252")
        path = self.folder / f"{pbx}-{name}"
        path.write_bytes(ncompress.compress(text))
        report = ingest_paths([path], pbx)
        assert [(f["state"], f["rejected"]) for f in report["files"]] == [("loaded", 0)], report
        known = self.calls.setdefault(pbx, [])
        seen = {line(call) for call in known}
        for call in calls:
            if line(call) not in seen:
                seen.add(line(call))
                known.append({**call, "pbx": pbx})

    def all(self) -> Iterator[Call]:
        """Every call of every PBX."""
        for calls in self.calls.values():
            yield from calls


def two_exchanges(folder: Path, seed: int = 5) -> Exchanges:
    """Paris over the end of summer time, Kathmandu (UTC+5:45), with calls written twice."""
    rng = random.Random(seed)
    made = Exchanges(folder)
    for pbx, zone in ZONES.items():
        add(pbx, timezone=zone.key)
        days = [date(2026, 10, 23) + timedelta(days=n) for n in range(5)]
        first = [random_call(rng, days, zone) for _ in range(150)]
        second = [random_call(rng, days, zone) for _ in range(100)]
        made.load(pbx, "TAXAAAAA.DAT", first)
        made.load(pbx, "TAXAAAAB.DAT", [*first[:9], *second, second[0]])
    return made
