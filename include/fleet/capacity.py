"""How much each group can take now: what batches are shared out by."""

from dataclasses import dataclass
from datetime import timedelta

from psycopg2.extensions import connection as Connection

from include.db import sql

SILENT_AFTER = timedelta(seconds=60)
LOST_AFTER = timedelta(minutes=5)
SMS_PER_MINUTE = 12  # of one modem, where its group has no rate of its own: 3 to 6 s a part


@dataclass(frozen=True)
class Capacity:
    """A started group: modems that work now, or that would if its host came back."""

    group_id: int
    alias: str
    live: int
    expected: int
    rate_limit: int | None

    @property
    def per_minute(self) -> int:
        """Parts a minute that it may be hoped to send now."""
        hoped = self.live * SMS_PER_MINUTE
        return min(hoped, self.rate_limit) if self.rate_limit else hoped


def capacities(conn: Connection) -> list[Capacity]:
    """Every started group. ``live`` counts modems in service and heard of lately.

    A group never seen yet counts its declared modems; ``expected`` is what to go by where nothing
    is live: then messages wait at the group whose host comes back first, or are moved to another.
    """
    with conn.cursor() as cur:
        cur.execute(sql("fleet/list_capacities"), {"silent_after": SILENT_AFTER})
        return [Capacity(*row) for row in cur.fetchall()]


def weights(groups: list[Capacity]) -> dict[int, int]:
    """Shares by which messages go to groups; empty where no group could ever send."""
    live = {g.group_id: g.live for g in groups if g.live}
    return live or {g.group_id: g.expected for g in groups if g.expected}


def share_out(total: int, by: dict[int, int]) -> dict[int, int]:
    """Divide a number by weights, the largest remainders first; the shares add up to it."""
    whole = sum(by.values())
    if not whole:
        return {}
    shares = {key: total * weight // whole for key, weight in by.items()}
    order = sorted(by, key=lambda key: (-(total * by[key] % whole), key))
    for key in order[: total - sum(shares.values())]:
        shares[key] += 1
    return shares
