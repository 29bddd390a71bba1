"""Batches: who is to send what, shared by what the groups can do, and moved when that changes."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from psycopg2.extensions import connection as Connection

from include.campaigns import regions, store
from include.campaigns.store import Campaign
from include.db import sql
from include.fleet.capacity import Capacity, capacities, share_out, weights

BATCH_MESSAGES = 200


@dataclass(frozen=True)
class Plan:
    """Batches made for a campaign's messages: the n-th message goes into the batch that begins last
    at or before it; from place ``given`` on they wait for another run."""

    batches: list[int]
    firsts: list[int]
    given: int

    def values(self) -> dict[str, Any]:
        """The same as parameters of a statement."""
        return {"batches": self.batches, "firsts": self.firsts, "given": self.given}


def make_batches(
    conn: Connection, campaign: Campaign, waiting: int, parts: float, region: str | None = None
) -> Plan:
    """Make empty batches for so many messages of so many ``parts`` each, by what the groups can do,
    what their SIMs may still send, and the campaign's rate; their window is that of ``region``.

    With no group that could send there are none. The caller holds the campaign and fills them.
    """
    allowed = min(waiting, _allowance(conn, campaign, waiting))
    groups = capacities(conn)
    most = {g.group_id: int(g.room / parts) for g in groups if g.room is not None}
    shares = share_out(allowed, weights(groups), most)
    sizes = [
        (group, min(BATCH_MESSAGES, number - start))
        for group, number in sorted(shares.items())
        for start in range(0, number, BATCH_MESSAGES)
    ]
    if not sizes:
        return Plan([], [], 0)
    values = {
        "activation_month": campaign.activation_month,
        "campaign_id": campaign.campaign_id,
        "groups": [group for group, _size in sizes],
        "region": region,
    }
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/add_batches"), values)
        batches = [row[0] for row in cur.fetchall()]
    firsts = list(accumulate([size for _group, size in sizes], initial=0))
    return Plan(batches, firsts[:-1], firsts[-1])


def batch_again(conn: Connection, campaign: Campaign, *, away_only: bool = False) -> int:
    """Give out the campaign's messages that are in no batch; the caller holds the campaign.

    ``away_only`` leaves those at home alone. With no group that could send they wait, whatever
    happens: the next run tries again.
    """
    rules, spec = regions.rules_of(conn, campaign), campaign.spec
    values: dict[str, Any] = {
        "activation_month": campaign.activation_month,
        "campaign_id": campaign.campaign_id,
        "client_id": campaign.client_id,
        "home": regions.home_of(spec, rules),
    }
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/skip_opted_out"), values)
        cur.execute(sql("campaigns/count_unbatched"), values)
        waiting = regions.group(cur.fetchall())
        cur.execute(sql("campaigns/parts_of_unbatched"), values)
        values["parts"] = (cur.fetchone() or (1,))[0]
        given = 0
        for region in waiting:
            if region.place is None and away_only:
                continue
            if region.place is not None:
                opening = spec.opening(rules, store.now(conn), region.place)
                regions.set_window(conn, campaign.campaign_id, str(region.place), opening)
            given += _fill(conn, campaign, region, values)
    return given


def _fill(
    conn: Connection, campaign: Campaign, region: regions.Region, values: dict[str, Any]
) -> int:
    plan = make_batches(conn, campaign, region.messages, values["parts"], region.name)
    if plan.batches:
        beginnings = None if region.place is None else region.beginnings
        with conn.cursor() as cur:
            filled = values | plan.values() | {"beginnings": beginnings}
            cur.execute(sql("campaigns/fill_batches"), filled)
            cur.execute(sql("campaigns/drop_empty_batches"), plan.values())
    return plan.given


def _allowance(conn: Connection, campaign: Campaign, waiting: int) -> int:
    """How many the campaign's own rate lets go now."""
    rate = campaign.data.get("rate", {})
    if not rate:
        return waiting
    with conn.cursor() as cur:
        cur.execute(
            sql("campaigns/count_batched"),
            {"campaign_id": campaign.campaign_id, "zone": campaign.spec.zone},
        )
        minute, day = cur.fetchone() or (0, 0)
    left = [waiting]
    if "per_minute" in rate:
        left.append(rate["per_minute"] - int(minute))
    if "per_day" in rate:
        left.append(rate["per_day"] - int(day))
    return max(min(left), 0)


def rebalance(conn: Connection) -> int:
    """Move batches that nobody has claimed: away from groups that cannot send, to groups that idle.

    The number of batches moved.
    """
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/list_unclaimed"))
        batches: list[tuple[int, int, int]] = cur.fetchall()
        moves = _moves(batches, capacities(conn))
        if moves:
            cur.execute(
                sql("campaigns/move_batches"),
                {"batches": list(moves), "groups": list(moves.values())},
            )
    return len(moves)


def _moves(batches: list[tuple[int, int, int]], groups: list[Capacity]) -> dict[int, int]:
    """batch -> its new group, for those that should change."""
    by = weights(groups)
    if not by or not batches:
        return {}
    held: dict[int, list[int]] = {group: [] for group in by}
    stray: list[int] = []
    for batch, group, _parts in batches:
        held.get(group, stray).append(batch)
    idle = [group for group in by if not held[group]]
    if not stray and (not idle or all(len(own) < 2 for own in held.values())):
        return {}
    parts = max(sum(parts for _batch, _group, parts in batches) // len(batches), 1)
    most = {g.group_id: g.quota_left // parts for g in groups if g.quota_left is not None}
    wanted = dict.fromkeys(by, 0) | share_out(len(batches), by, most)
    # The oldest stay where they are; what is above a group's share is free to go.
    free = stray + [batch for group, own in held.items() for batch in own[wanted[group] :]]
    moves = {}
    for group, own in held.items():
        for _ in range(wanted[group] - len(own)):
            moves[free.pop()] = group
    return moves


def strays_left(conn: Connection) -> int:
    """Messages planned for nobody, of campaigns that are being sent."""
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/count_waiting"))
        row = cur.fetchone()
    return int(row[0]) if row else 0
