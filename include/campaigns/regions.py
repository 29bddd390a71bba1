"""Where a campaign's recipients live, and when those of each region may be written to.

Home is where the compliance profile says; its window is the campaign's own. A region is a place
elsewhere: its batches have a window of their own, which the claim looks at.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg2.extensions import connection as Connection

from include.campaigns import store
from include.campaigns.compliance import Profile, profile
from include.campaigns.spec import Spec
from include.campaigns.store import Campaign, Client
from include.campaigns.windows import Interval
from include.db import sql
from include.phones.place import Place, place_of
from include.settings import settings

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Region:
    """Recipients of one place: how their numbers begin and how many messages go there.

    ``place`` is None at home.
    """

    place: Place | None
    beginnings: list[str] = field(default_factory=list)
    messages: int = 0

    @property
    def name(self) -> str | None:
        """How the database calls it; None at home."""
        return None if self.place is None else str(self.place)


@dataclass(frozen=True)
class Openings:
    """The next windows of rendered texts: at home, and wherever it opens first.

    ``elsewhere``: how many of the texts to be sent do not go home.
    """

    home: Interval | None
    first: Interval | None
    elsewhere: int


def rules_for(owner: Client) -> Profile:
    """The compliance profile of this centre, with the public holidays that the client goes by."""
    return profile(settings().compliance_profile, owner.holidays)


def rules_of(conn: Connection, campaign: Campaign) -> Profile:
    """The same for a campaign's client."""
    return rules_for(store.client(conn, campaign.client))


def home_of(spec: Spec, rules: Profile) -> str:
    """A ``like`` pattern for numbers that the campaign's own window holds for."""
    return f"{rules.home}%" if spec.goes_by_place(rules) else "%"


def group(rows: Iterable[tuple[str, str, int]]) -> list[Region]:
    """Regions from (beginning, a number with it, messages), home first; an empty beginning is home."""
    found: dict[Place | None, Region] = {}
    for beginning, sample, messages in rows:
        place = place_of(sample) if beginning else None
        region = found.setdefault(place, Region(place))
        region.messages += messages
        region.beginnings.append(beginning)
    return sorted(found.values(), key=lambda region: region.name or "")


def settle(conn: Connection, spec: Spec, rules: Profile, at: datetime) -> Openings:
    """When the rendered texts may go out; those that never may are skipped as ``no_window``."""
    home = spec.opening(rules, at)
    if not spec.goes_by_place(rules):
        return Openings(home, home, 0)
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/count_regions"), {"home": home_of(spec, rules)})
        regions = group(cur.fetchall())
        at_home = not regions or regions[0].place is None
        found, elsewhere = [home] if at_home else [], 0
        for region in regions[int(at_home) :]:
            opening = spec.opening(rules, at, region.place)
            if opening is None:
                cur.execute(sql("campaigns/skip_closed"), {"beginnings": region.beginnings})
                continue
            found.append(opening)
            elsewhere += region.messages
    # Those at home never written to is a fault of the campaign; it is not begun elsewhere.
    first = None if None in found else min((o for o in found if o), default=None)
    return Openings(home, first, elsewhere)


def set_window(conn: Connection, campaign_id: int, name: str, opening: Interval | None) -> None:
    """Write down the next window of a region; None = it never opens again."""
    opens, closes = opening or (NEVER, NEVER)
    values = {"campaign_id": campaign_id, "region": name, "opens": opens, "closes": closes}
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/set_region"), values)


def refresh(conn: Connection, now: datetime) -> int:
    """Move the windows of regions on to the next ones, where the last are over; how many."""
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/list_past_regions"), {"now": now})
        past: list[tuple[int, str]] = cur.fetchall()
    moved = 0
    for campaign_id, name in past:
        campaign = store.get(conn, campaign_id)
        if campaign is not None:
            rules = rules_of(conn, campaign)
            set_window(conn, campaign_id, name, campaign.spec.opening(rules, now, Place.read(name)))
            moved += 1
    return moved
