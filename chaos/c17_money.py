"""C17: invoices issued by many at once, one in ten undone, and credit spent by many at once.

Numbers run from 1 without a gap, an issued invoice cannot be changed, no balance is ever negative.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg2
import yaml
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, execute_values

from chaos.scale import Outcome, Scale
from chaos.world import World
from include.billing.invoicing import issue_in
from include.campaigns.intake import apply_upload, drop
from include.db import connect
from tests.conftest import Database
from tests.integration.campaigns.scene import Scene

FULL = Scale(times=200, messages=1000)
SHORT = Scale(times=24, messages=60)
AT_ONCE = 48
MARCH = date(2024, 3, 1)
AFTER = datetime(2024, 4, 2, tzinfo=UTC)
PRICE = Decimal("0.06")
SELLER = {
    "name": "Exemple", "street": "1 rue Neuve", "postcode": "75002", "city": "Paris",
    "siren": "732829320", "vat_number": "FR44732829320",
}  # fmt: skip
CHANGES = (
    "update invoice set payable = 0 where number = 'F000001'",
    "delete from invoice where number = 'F000001'",
    "update invoice_line set net = 0",
    "delete from invoice_line",
    "truncate invoice cascade",
    "update invoice_counter set last = 0",
)


def run(world: World, scale: Scale) -> Outcome:
    """`messages` clients are invoiced at once; `times` campaigns of another one are activated."""
    outcome, db = Outcome(scale), world.fleet.db
    _issue_all(db, scale, outcome)
    _activate_all(db, scale, outcome)
    return outcome


class _Undone(Exception):
    """The transaction is to be rolled back."""


def _issue_all(db: Database, scale: Scale, outcome: Outcome) -> None:
    rng = random.Random(scale.seed)
    _clients(db, scale.messages)
    codes = [f"c{n}" for n in range(scale.messages)]
    rng.shuffle(codes)
    undone = set(rng.sample(codes, max(1, scale.messages // 10)))
    killed = set(rng.sample(sorted(undone), len(undone) // 2))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda code: _issue(code, undone, killed), codes))
    numbers = [row[0] for row in db.all("select number from invoice order by sequence")]
    left = scale.messages - len(undone)
    outcome.counted |= {
        "issues": scale.messages, "undone": len(undone), "of_them_killed": len(killed),
        "invoices": len(numbers), "last_number": numbers[-1] if numbers else None,
    }  # fmt: skip
    outcome.expect(
        numbers == [f"F{n:06d}" for n in range(1, left + 1)], "the numbers do not run from 1 on"
    )
    clients = {
        str(row[0]) for row in db.all("select code from invoice join client using (client_id)")
    }
    outcome.expect(clients == set(codes) - undone, "who was invoiced is not who should be")
    refused = [statement for statement in CHANGES if _is_refused(db, statement)]
    outcome.counted["changes_refused"] = len(refused)
    outcome.expect(refused == list(CHANGES), "an issued invoice could be changed")


def _issue(code: str, undone: set[str], killed: set[str]) -> None:
    with suppress(_Undone, psycopg2.OperationalError, psycopg2.InterfaceError), connect() as conn:
        issue_in(conn, code, MARCH, AFTER)
        if code in killed:
            _die(conn)
        if code in undone:
            raise _Undone


def _die(conn: Connection) -> None:
    conn.cursor().execute("reset role; select pg_terminate_backend(pg_backend_pid())")


def _is_refused(db: Database, statement: str) -> bool:
    try:
        with db.conn.cursor() as cur:
            cur.execute(statement)
    except psycopg2.Error:
        return True
    return False


def _clients(db: Database, count: int) -> None:
    """Clients with a legal identity and one captured message each in March 2024."""
    company = "insert into setting (area, document, applied_by) values ('company', %s, 'chaos') returning 1"
    db.all(company, (Json(SELLER),))
    db.all("select ensure_message_partitions(%s)", (MARCH,))
    with db.conn.cursor() as cur:
        codes = [(f"c{n}", "C") for n in range(count)]
        execute_values(cur, "insert into client (code, name) values %s", codes)
        cur.execute(
            "insert into client_identity (client_id, legal_name, siren, address, postcode, city) "
            "select client_id, 'Client ' || code, '552100554', '1 rue', '69001', 'Lyon' from client "
            "where code ~ '^c[0-9]+$'"
        )
        cur.execute(
            "insert into campaign (client_id, name, state, purpose, spec, activation_month) "
            "select client_id, 'mars', 'completed', 'transactional', '{}', %s from client "
            "where code ~ '^c[0-9]+$'",
            (MARCH,),
        )
        cur.execute(
            "insert into message (activation_month, campaign_id, contact_id, msisdn, text, segments, "
            "price, state, settled, sent_at) select %s, campaign_id, 1, '+33639980001', 'x', 1, %s, "
            "'delivered', true, '2024-03-05 12:00Z' from campaign where name = 'mars'",
            (MARCH, PRICE),
        )
        for kind, amount, held in (("topup", 1, 0), ("reserve", -1, 1), ("capture", 0, -1)):
            cur.execute(
                "insert into ledger_entry (client_id, campaign_id, kind, amount, held) select "
                "client_id, case when %(kind)s <> 'topup' then campaign_id end, %(kind)s, "
                "%(amount)s, %(held)s from campaign where name = 'mars'",
                {"kind": kind, "amount": amount * PRICE, "held": held * PRICE},
            )


def _activate_all(db: Database, scale: Scale, outcome: Outcome) -> None:
    affordable = scale.times * 3 // 10
    scene = Scene(db)
    scene.client("busy", credit=str(PRICE * affordable + PRICE / 2))
    scene.contacts(1, client="busy")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        receipts = list(pool.map(lambda n: _activate(scene, n), range(scale.times)))
    states = [receipt["state"] for receipt in receipts]
    reasons = {receipt["reason"] for receipt in receipts if receipt["state"] != "scheduled"}
    available, held = scene.balance("busy")
    lowest, at_the_end = _running_sums(db)
    outcome.counted |= {
        "activations": scale.times, "activated": states.count("scheduled"),
        "refused": states.count("quoted"), "available": str(available), "held": str(held),
        "lowest_balance": str(lowest),
    }  # fmt: skip
    outcome.expect(states.count("scheduled") == affordable, "not as many as the credit pays for")
    outcome.expect(reasons == {"credit_insufficient"}, f"refused for {reasons}")
    outcome.expect(lowest >= 0, f"a balance was {lowest}")
    outcome.expect(held == PRICE * affordable, f"{held} is held for {affordable} campaigns")
    outcome.expect(at_the_end == available, "the balance is not the sum of the ledger")


def _activate(scene: Scene, number: int) -> dict[str, Any]:
    name = f"c{number}"
    text = yaml.safe_dump(scene.file(campaign=name)).encode()
    return apply_upload(drop("busy", f"{name}.yaml", text))


def _running_sums(db: Database) -> tuple[Decimal, Decimal]:
    balance = lowest = Decimal(0)
    for (amount,) in db.all(
        "select amount from ledger_entry join client using (client_id) where code = 'busy' order by entry_id"
    ):
        balance += Decimal(str(amount))
        lowest = min(lowest, balance)
    return lowest, balance
