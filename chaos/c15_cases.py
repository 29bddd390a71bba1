"""Generated cases of C15: a place, an instant near something awkward, a profile, a campaign's own hours."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from include.campaigns.spec import Spec
from include.campaigns.windows import DAYS
from include.phones.place import Place, place_of

#: A number of each place, and where its owner lives as the atlas says, not as the product does.
#: The zone of home stands first.
NUMBERS = {
    "+33639980000": ("FR", "Europe/Paris"),
    "+590690000000": ("GP", "America/Guadeloupe"),
    "+596696000000": ("MQ", "America/Martinique"),
    "+594694000000": ("GF", "America/Cayenne"),
    "+262692000000": ("RE", "Indian/Reunion"),
    "+262639000000": ("YT", "Indian/Mayotte"),
    "+508550000": ("PM", "America/Miquelon"),
    "+687750000": ("NC", "Pacific/Noumea"),
    "+68187000000": ("WF", "Pacific/Wallis"),
    "+41790000000": ("CH", "Europe/Zurich"),
    "+447700900000": ("GB", "Europe/London"),
    "+4915100000000": ("DE", "Europe/Berlin"),
    "+12125550100": ("US", "America/New_York"),
    "+14155550100": ("US", "America/Los_Angeles"),
}
_PROFILES = ("fr", "fr_charter", "fr_strict")
_OWN_ZONES = (
    "Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "America/New_York", "Europe/London",
    "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Cairo", "America/Santiago",
)  # fmt: skip
#: Nights in which clocks are put on or back somewhere, and days around public holidays.
_AWKWARD = [
    datetime(year, month, day, tzinfo=UTC)
    for year in range(2025, 2035)
    for month, day in (
        (3, 9), (3, 29), (4, 3), (4, 5), (5, 1), (5, 8), (5, 27), (6, 10), (7, 14), (9, 5), (9, 24),
        (10, 3), (10, 25), (11, 1), (11, 11), (12, 20), (12, 25), (12, 26), (1, 1),
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """A campaign's own hours: minutes of the day in a zone, and weekdays (Monday is 0)."""

    zone: str
    days: frozenset[int]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Case:
    """Who is written to (None: at home), since when, and by whose rules."""

    number: str
    since: datetime
    profile: str
    alsace: bool
    own: Own | None

    @property
    def spec(self) -> Spec:
        """The campaign file that asks for it."""
        schedule = {}
        if self.own is not None:
            schedule = {
                "timezone": self.own.zone,
                "window": [_clock(self.own.first), _clock(self.own.last)],
                "days": [DAYS[day] for day in sorted(self.own.days)],
            }
        return Spec({"purpose": "marketing", "schedule": schedule})

    @property
    def place(self) -> Place | None:
        """Where the product believes the recipient to live."""
        return None if self.number.startswith("+33") else place_of(self.number)


def make_case(rng: random.Random) -> Case:
    """One case; half of them within two days of something awkward."""
    number = rng.choice(list(NUMBERS)) if rng.random() < 0.6 else "+33639980000"
    if rng.random() < 0.5:
        since = rng.choice(_AWKWARD) + timedelta(seconds=rng.randrange(-172_800, 172_800))
    else:
        since = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(300_000_000))
    alsace = number.startswith("+33") and rng.random() < 0.3
    own = _own(rng) if rng.random() < 0.5 else None
    return Case(number, since, rng.choice(_PROFILES), alsace, own)


def _own(rng: random.Random) -> Own:
    days = frozenset(rng.sample(range(7), rng.randrange(3, 8)))
    first, last = (5 * rng.randrange(288) for _ in range(2))
    return Own(rng.choice(_OWN_ZONES), days, first, last)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
