"""The other half of C15: one commercial campaign around the world, through expansion, claim and send."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import yaml

from chaos.c15_cases import NUMBERS
from chaos.hours import lawful
from chaos.scale import Outcome, Scale
from chaos.world import World
from include.billing import ledger
from include.campaigns import control
from include.campaigns.expand import expand_due, refresh_windows
from include.campaigns.intake import apply_upload, drop
from include.db import connect
from tests.integration.sender.hosts import Machine

PROFILE = "fr"
#: Numbers set aside for fiction or given to nobody.
PLACES = {n: NUMBERS[n] for n in NUMBERS if NUMBERS[n][0] not in ("CH", "DE")}
EACH = 100
#: The last seconds before a region's hours are cut short, in which the host may claim and begin.
CUT_AFTER = timedelta(seconds=4)
_CAMPAIGN = {
    "version": 1,
    "kind": "campaign",
    "list": "monde",
    "purpose": "marketing",
    "sender_name": "Acme",
    "stop_mention": "STOP au 36111",
    "message": "Acme : soldes demain",
}


def run(world: World, scale: Scale, outcome: Outcome) -> None:
    """Send to every place; each part taken by the network went out within the hours of its place."""
    os.environ["SMSSWITCH_COMPLIANCE_PROFILE"] = PROFILE
    host = world.fleet.host(modems=scale.modems, k=None)
    numbers = _contacts(world, scale.messages)
    began = datetime.now(UTC)
    _activate(world, "monde")
    waiting = world.fleet.db.one("select count(*) from message where batch_id is null")
    outcome.expect(waiting == 0, f"{waiting} messages of a place have no batch")
    machine = world.machine(host)
    machine.simulate(scale.modems, "--delivered", "0", "--latency", "50")
    machine.run_until_idle(600)
    _check_sent(machine, numbers, began, outcome)
    _check_cut(world, scale, machine, outcome)


def _contacts(world: World, messages: int) -> list[str]:
    """The client, its credit and its list; every place gets some contacts, home twice as many."""
    db = world.fleet.db
    client = db.one("insert into client (code, name) values ('monde', 'Monde') returning client_id")
    assert isinstance(client, int)
    with connect() as conn:
        ledger.topup(conn, client, Decimal(1_000_000))
    upload = db.one(
        "insert into upload (import_id, client_id, kind, key, sha256, bytes, state, in_inbox)"
        " values ('imp_000000000000', %s, 'contacts', 'x', repeat('0', 64), 1, 'loaded', false)"
        " returning upload_id",
        (client,),
    )
    list_id = db.one(
        "insert into contact_list (client_id, name, variables) values (%s, 'monde', '{}')"
        " returning list_id",
        (client,),
    )
    each = max(min(messages // len(PLACES), EACH), 1)
    numbers = [f"{start[: -len(str(EACH - 1))]}{n:02d}" for start in PLACES for n in range(each)]
    with db.conn.cursor() as cur:
        cur.executemany(
            "insert into contact (list_id, msisdn, upload_id, row_number) values (%s, %s, %s, %s)",
            [(list_id, number, upload, row) for row, number in enumerate(numbers, 2)],
        )
    return numbers


def _activate(world: World, name: str) -> None:
    draft = _CAMPAIGN | {"campaign": name, "state": "draft"}
    apply_upload(drop("monde", f"{name}.yaml", yaml.safe_dump(draft).encode()))
    control.exempt("monde", name, "own_recipients", "chaos")
    active = draft | {"state": "active"}
    apply_upload(drop("monde", f"{name}-active.yaml", yaml.safe_dump(active).encode()))
    # It would begin when the first place opens; its messages are to wait for each place by itself.
    world.fleet.db.conn.cursor().execute(
        "update campaign set start_at = now() where name = %s", (name,)
    )
    expand_due()


def _check_sent(machine: Machine, numbers: list[str], began: datetime, outcome: Outcome) -> None:
    accepted = _accepted(machine)
    outside = sum(not _allowed(number, at) for number, at in accepted)
    sent = {number for number, _ in accepted}
    ended = datetime.now(UTC)
    due = {n for n in numbers if _allowed(n, began) and _allowed(n, ended)}
    outcome.counted |= {
        "places": len(PLACES),
        "places_open": len({_start(n) for n in due}),
        "messages": len(numbers),
        "sent": len(accepted),
        "sent_outside": outside,
        "not_sent_though_open": len(due - sent),
    }
    outcome.expect(outside == 0, f"{outside} parts sent outside the hours of their place")
    outcome.expect(not due - sent, f"{len(due - sent)} not sent though their place was open")


def _check_cut(world: World, scale: Scale, machine: Machine, outcome: Outcome) -> None:
    """Hours that end while batches are on a host: it begins nothing later."""
    db = world.fleet.db
    control.order("monde", "monde", "cancel", "chaos")
    _activate(world, "coupe")
    until = db.one(
        "with closing as (select now() + %s as at),"
        " regions as (update campaign_region set window_from = now(), window_until = c.at"
        " from closing as c),"
        " home as (update campaign set window_from = now(), window_until = c.at from closing as c"
        " where name = 'coupe')"
        " select at from closing",
        (CUT_AFTER,),
    )
    assert isinstance(until, datetime)
    before = len(_accepted(machine))
    machine.simulate(scale.modems, "--delivered", "0", "--latency", "400", "--offset", "50")
    machine.run_until_idle(600)
    begun = [at - timedelta(milliseconds=400) for _, at in _accepted(machine)[before:]]
    late = sum(at > until for at in begun)
    outcome.counted |= {"sent_before_the_hours_ended": len(begun), "begun_after": late}
    outcome.expect(late == 0, f"{late} parts begun after the hours had ended")
    moved = refresh_windows(datetime.now(UTC) + CUT_AFTER)
    outcome.expect(moved > 0, "no window was moved on to the next day")


def _accepted(machine: Machine) -> list[tuple[str, datetime]]:
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in machine.network.read_text().splitlines()
    ]
    return [
        (line["to"], datetime.fromisoformat(line["at"]))
        for line in lines
        if line["event"] == "accepted"
    ]


def _start(number: str) -> str:
    return next(start for start in PLACES if start[:-2] == number[:-2])


def _allowed(number: str, at: datetime) -> bool:
    country, zone = PLACES[_start(number)]
    return bool(lawful(pd.DatetimeIndex([at]), zone, PROFILE, country, alsace=False)[0])
