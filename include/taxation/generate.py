"""Spools as a PBX writes them, for tests, demo and benchmarks: the same seed, the same bytes.

Outside numbers are those that ARCEP keeps for fiction; the people do not exist.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import ncompress

from include.taxation.clock import FORMAT
from include.taxation.layout import Column, Layout, parse_format_line

# The note of 2007 gives one layout and three versions; which fields each lacks is lost.
VERSIONS = {"seed": "5.1", "4.8": "4.8", "4.9": "4.9", "5.1": "5.1", "ed5.2": "ED5.2"}
LAYOUTS = tuple(VERSIONS)
ZONE = ZoneInfo("Europe/Paris")
FIRST_DAY = date(2026, 3, 2)
TICKETS_A_DAY = 500
MOBILE = "063998"
LANDLINES = ("019900", "026191", "035301", "046571", "053649")
COST_CENTRES = ("1000", "1100", "1200", "2000", "2100", "3000", "3100", "4000")
FIRST_NAMES = (
    "Amélie",
    "Benoît",
    "Chloé",
    "Daniel",
    "Élodie",
    "François",
    "Gaëlle",
    "Hugo",
    "Inès",
)
LAST_NAMES = ("Lefèvre", "Muñoz", "Dupré", "Martin", "Garçon", "Nguyen", "Bézier", "Roux")
# code: how often in a hundred calls
CALL_TYPES = {0: 46, 1: 4, 3: 18, 4: 24, 5: 3, 7: 2, 13: 1, 14: 1, 6: 1}
INCOMING = (4, 5, 9, 10, 12, 13)
LOCAL = (3, 14)


@cache
def layout(name: str) -> Layout:
    """A layout that ships with the project: ``ed5.2``, or ``seed`` under any of its versions."""
    stem = "ed5.2" if name == "ed5.2" else "seed"
    file = Path(__file__).with_name("layouts") / f"{stem}.txt"
    return parse_format_line(file.read_bytes().rstrip(b"\n"))


@dataclass(frozen=True)
class Person:
    """Whose extension it is."""

    extension: str
    name: str
    cost_centre: str
    company: str


def write_spool(
    target: Path,
    *,
    layout_name: str,
    tickets: int,
    seed: int,
    first_day: date = FIRST_DAY,
) -> int:
    """Write compress(1) data as a PBX does; the number of bytes written."""
    data = ncompress.compress(spool_text(layout_name, tickets, seed, first_day))
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.write_bytes(data)


def spool_text(
    layout_name: str, tickets: int, seed: int, first_day: date = FIRST_DAY, charset: str = "cp1252"
) -> bytes:
    """A format line and ``tickets`` records in the order in which the calls ended."""
    used = layout(layout_name)
    lines = [used.header().encode("ascii")]
    write = _Writer(used, VERSIONS[layout_name], charset)
    lines += [write.record(call) for call in _calls(tickets, random.Random(seed), first_day)]
    return b"\n".join(lines) + b"\n"


class _Writer:
    def __init__(self, used: Layout, version: str, charset: str) -> None:
        self.columns = used.columns
        self.version = version
        self.charset = charset

    def record(self, call: dict[str, str]) -> bytes:
        call["ticketversion"] = self.version
        return b"".join(self._field(column, call.get(column.key, "")) for column in self.columns)

    def _field(self, column: Column, value: str) -> bytes:
        data = value.encode(self.charset)[: column.width]
        return data.rjust(column.width) if column.type == "R" else data.ljust(column.width)


def _calls(tickets: int, rng: random.Random, first_day: date) -> Iterator[dict[str, str]]:
    people = _people(rng)
    midnight = datetime(first_day.year, first_day.month, first_day.day, tzinfo=ZONE).astimezone(UTC)
    days = max(1, tickets // TICKETS_A_DAY)
    ends = sorted(_second(rng, days) for _ in range(tickets))
    for reference, end in enumerate(ends, 1):
        yield _call(rng, rng.choice(people), midnight + timedelta(seconds=end), reference)


def _people(rng: random.Random) -> list[Person]:
    people = []
    for number in range(1001, 1121):
        name = f"{rng.choice(LAST_NAMES)} {rng.choice(FIRST_NAMES)}"
        centre = "255" if rng.random() < 0.03 else rng.choice(COST_CENTRES)
        people.append(Person(str(number), name, centre, rng.choice(("NORD", "SUD"))))
    return people


def _second(rng: random.Random, days: int) -> int:
    """An instant of the period: nine calls in ten end in office hours."""
    hour = rng.gauss(13, 2.6) if rng.random() < 0.9 else rng.uniform(0, 24)
    return rng.randrange(days) * 86_400 + int(min(max(hour, 0), 23.99) * 3600)


def _call(rng: random.Random, person: Person, end: datetime, reference: int) -> dict[str, str]:
    kind = rng.choices(list(CALL_TYPES), list(CALL_TYPES.values()))[0]
    waiting = int(rng.expovariate(1 / 8))
    talk = 0 if rng.random() < 0.15 else 1 + min(int(rng.expovariate(1 / 150)), 7200)
    outside = "" if kind in LOCAL else _outside_number(rng)
    other = f"{rng.randrange(1001, 1121)}" if kind in LOCAL else outside
    start = end - timedelta(seconds=talk + waiting)
    trunk = "" if kind in LOCAL else str(rng.randrange(1, 31))
    return {
        "callednumber": other,
        "chargednumber": person.extension,
        "chargedusername": person.name,
        "chargedcostcenter": person.cost_centre,
        "chargedcompany": person.company,
        "chargedpartynode": "1",
        "callingnumber": outside if kind in INCOMING else person.extension,
        "calltype": str(kind),
        "costtype": "" if kind in LOCAL else "1",
        "enddatetime": end.astimezone(ZONE).strftime(FORMAT),
        "chargeunits": str(-(-talk // 60)) if kind not in (*LOCAL, *INCOMING) else "0",
        "duration": str(talk),
        "trunkidentity": trunk,
        "trunkgroupidentity": "10" if trunk else "",
        "trunknode": "1" if trunk else "",
        "personalorbusiness": rng.choice("BBBBBBBBBP"),
        "bearercapability": "1",
        "callreference": f"{reference:010d}",
        "initialdiallednumber": other,
        "waitingduration": str(waiting),
        "effectivecallduration": str(talk),
        "redirectedcallindicator": "0",
        "startdatetime": start.astimezone(ZONE).strftime(FORMAT),
        "callednumbernode": "1",
        "callingnumbernode": "1",
        "nodetimeoffset": "0",
        "timedlt": "0",
    }


def _outside_number(rng: random.Random) -> str:
    prefix = MOBILE if rng.random() < 0.55 else rng.choice(LANDLINES)
    return f"{prefix}{rng.randrange(10_000):04d}"
