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
    """A started group: modems that work now, or that would if its host came back.

    ``quota_left``: parts that the SIMs of its working modems may still send, less what its host has
    claimed; ``None`` where one of them has no quota. ``planned``: parts in batches not yet claimed.
    """

    group_id: int
    alias: str
    live: int
    expected: int
    rate_limit: int | None
    quota_left: int | None = None
    planned: int = 0

    @property
    def per_minute(self) -> int:
        """Parts a minute that it may be hoped to send now."""
        return self._within_rate(self.live)

    @property
    def may_send(self) -> bool:
        """Whether its SIMs have any of their quotas left."""
        return self.quota_left is None or self.quota_left > 0

    @property
    def weight(self) -> int:
        """Parts a minute by which it is given work: those of its modems that are to be expected."""
        return self._within_rate(self.expected)

    @property
    def room(self) -> int | None:
        """How many parts more may be planned for it; ``None`` = any number."""
        return None if self.quota_left is None else max(self.quota_left - self.planned, 0)

    def _within_rate(self, modems: int) -> int:
        hoped = modems * SMS_PER_MINUTE
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
    """Shares by which messages go to groups; empty where no group could ever send.

    Groups that live, by their modems and rates; those whose SIMs have sent all they may are left out.
    """
    live = {g.group_id: g.per_minute for g in groups if g.live and g.may_send}
    if live or any(g.live for g in groups):
        return live
    return {g.group_id: g.weight for g in groups if g.expected}


def share_out(total: int, by: dict[int, int], most: dict[int, int] | None = None) -> dict[int, int]:
    """Divide a number by weights, the largest remainders first, nobody getting more than ``most``.

    The shares add up to the number, unless ``most`` leaves nobody to take the rest.
    """
    limits = most or {}
    full = {
        key: limits[key]
        for key, share in _divide(total, by).items()
        if share > limits.get(key, share)
    }
    if not full:
        return _divide(total, by)
    others = {key: weight for key, weight in by.items() if key not in full}
    return full | share_out(total - sum(full.values()), others, limits)


def _divide(total: int, by: dict[int, int]) -> dict[int, int]:
    whole = sum(by.values())
    if not whole:
        return {}
    shares = {key: total * weight // whole for key, weight in by.items()}
    order = sorted(by, key=lambda key: (-(total * by[key] % whole), key))
    for key in order[: total - sum(shares.values())]:
        shares[key] += 1
    return shares
