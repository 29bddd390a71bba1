"""The model of the hosts' functions against PostgreSQL: random calls get the same answers."""

import json
import random
import uuid
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2
import pytest

from chaos.simulation.model import Model
from chaos.simulation.tables import Campaign, Group, Message, SqlError
from include.billing import ledger
from include.db import connect
from include.fleet.groups import condemn_group
from include.fleet.rollup import rollup
from tests.integration.sender.hosts import MONTH, Fleet, Host

KINDS = ("sent", "failed", "retryable", "not_sent", "uncertain", "delivered", "undelivered")
# Two disks of each host: nobody has another's.
JOURNALS = [[str(uuid.UUID(int=10 * at + n)) for n in (1, 2)] for at in (0, 1)]
CALLS = 60
PRICE = Decimal("0.05")  # of a part
TYPES = {
    "register_host_v1": "%s::macaddr, %s::uuid, %s, %s::jsonb",
    "claim_batch_v1": "%s, %s::uuid, %s::uuid",
    "report_results_v1": "%s, %s::uuid, %s::jsonb",
    "heartbeat_v1": "%s, %s::uuid, %s::jsonb",
    "report_inbound_v1": "%s, %s::uuid, %s::jsonb",
}


class Pair:
    """One database and one model, told the same things."""

    def __init__(self, fleet: Fleet, rng: random.Random) -> None:
        self.fleet, self.rng = fleet, rng
        self.model = Model(lambda: 0.0)
        self.hosts = [fleet.host(n, modems=2, k=rng.choice((1, 2, 20, None))) for n in (1, 2)]
        self.campaigns = [
            fleet.campaign(f"essai-{n}", on_uncertain=rule)
            for n, rule in enumerate(("hold", "resend"))
        ]
        self.connections = [psycopg2.connect(host.url) for host in self.hosts]
        self.answers = 0
        self.refusals: set[str] = set()
        self.kinds: set[str] = set()
        self.tokens: list[str] = []
        self.given: list[dict[str, Any]] = []
        for conn in self.connections:
            conn.autocommit = True
        for host in self.hosts:
            k: Any = fleet.db.one(
                "select permit_per_modem from modem_group where group_id = %s", (host.group_id,)
            )
            self.model.groups[host.group_id] = Group(
                host.group_id, host.mac, modems=2, permit_per_modem=k
            )
        client: Any = fleet.db.one("select client_id from client")
        for number, rule in zip(self.campaigns, ("hold", "resend"), strict=True):
            self.model.campaigns[number] = Campaign(number, client, on_uncertain=rule)
            for host in self.hosts:
                self._batch(host, number)
        self._prepay(client)

    def close(self) -> None:
        for conn in self.connections:
            conn.close()

    def call(self, at: int, function: str, *values: Any) -> Any:
        """Call both; both answer, or refuse, alike."""
        shown = [json.dumps(v) if isinstance(v, dict | list) else v for v in values]
        real: Any
        try:
            with self.connections[at].cursor() as cur:
                cur.execute(f"select api.{function}({TYPES[function]})", shown)
                (real,) = cur.fetchone() or (None,)
        except psycopg2.Error as error:
            real = error.pgcode
        model: Any
        try:
            model = getattr(self.model, function)(self.hosts[at].group_id, *values)
        except SqlError as error:
            model = error.code
        assert _same(real) == _same(model), (function, values)
        self.answers += 1
        if isinstance(real, str):
            self.refusals.add(real)
        elif real.get("batch"):
            self.given.append({"host": at, **real})
        return real

    def both(self, query: str, values: tuple[object, ...]) -> None:
        """Change the database; the caller changes the model."""
        self.fleet.db.conn.cursor().execute(query, values)

    def compare_tables(self) -> None:
        model, db = self.model, self.fleet.db
        assert {
            m.message_id: (m.state, m.batch_id, m.first_seq, m.attempts)
            for m in model.messages.values()
        } == {
            row[0]: tuple(row[1:])
            for row in db.all(
                "select message_id, state::text, batch_id, first_seq, attempts from message"
            )
        }
        assert {key: (s.state, s.batch_id) for key, s in model.segments.items()} == {
            (n, part): (state, batch)
            for n, part, state, batch in db.all(
                "select message_id, part, state::text, batch_id from segment"
            )
        }
        assert {
            b.batch_id: (b.state, b.reported, b.permit_seq, b.leased_segments)
            for b in model.batches.values()
        } == {
            row[0]: tuple(row[1:])
            for row in db.all(
                "select batch_id, state::text, reported, permit_seq, coalesce(leased_segments, 0)"
                " from send_batch"
            )
        }
        assert {key: row["conflict"] for key, row in model.attempts.items()} == {
            tuple(row[:4]): row[4]
            for row in db.all(
                "select message_id, part, attempt_id::text, kind, conflict from attempt"
            )
        }
        assert {number for number, _ in model.opted_out} == {
            str(number) for (number,) in db.all("select msisdn from opt_out")
        }

    def check_ledger(self) -> None:
        """Settled as the pipeline does it, again and again: what is paid is what was sent, once."""
        rollup()
        assert rollup()["settled"]["messages"] == 0
        with connect() as conn:
            assert ledger.disagreements(conn) == []
        sent: Any = self.fleet.db.one(
            "select count(*) from segment join message using (activation_month, message_id)"
            " where settled and segment.state in ('sent', 'delivered', 'undelivered')"
        )
        captured: Any = self.fleet.db.one(
            "select coalesce(-sum(held), 0) from ledger_entry where kind = 'capture'"
        )
        assert captured == sent * PRICE

    def _prepay(self, client: int) -> None:
        self.both("update message set price = segments * %s", (PRICE,))
        held: list[Any] = self.fleet.db.all(
            "select campaign_id, sum(price) from message group by campaign_id"
        )
        with connect() as conn:
            ledger.topup(conn, client, Decimal(1000))
            for campaign, price in held:
                ledger.reserve(conn, client, campaign, price)

    def _batch(self, host: Host, campaign: int) -> None:
        texts = [(f"texte {n}", self.rng.choice((1, 1, 2, 3))) for n in range(4)]
        number = self.fleet.batch(host, texts, campaign)
        rows: list[Any] = self.fleet.db.all(
            "select message_id, msisdn, text, segments from message where batch_id = %s", (number,)
        )
        self.model.plan(campaign, host.group_id, [])
        assert number == len(self.model.batches)
        for message_id, msisdn, text, segments in rows:
            self.model.messages[message_id] = Message(
                message_id, campaign, msisdn, text, segments, number
            )


def _same(answer: Any) -> Any:
    if not isinstance(answer, dict):
        return answer
    left_out = {"server_time", "channel", "alias", "reconcile"}
    found = {name: value for name, value in answer.items() if name not in left_out}
    if "messages" in found:
        found["messages"] = [
            {name: value for name, value in entry.items() if name != "text_md5"}
            for entry in found["messages"]
        ]
    return found


def _register(pair: Pair, at: int, journal: str) -> None:
    mac = pair.rng.choice([pair.hosts[at].mac] * 4 + [pair.hosts[1 - at].mac])
    pair.call(at, "register_host_v1", mac, journal, "boot", {})


def _claim(pair: Pair, at: int, journal: str) -> None:
    rng = pair.rng
    if not pair.tokens or rng.random() < 0.7:
        pair.tokens.append(str(uuid.UUID(int=rng.getrandbits(128), version=4)))
    pair.call(at, "claim_batch_v1", _epoch(pair, at), journal, rng.choice(pair.tokens[-3:]))


def _report(pair: Pair, at: int, journal: str) -> None:
    rng, results = pair.rng, []
    for _ in range(rng.randrange(1, 6)):
        mine = [given for given in pair.given if given["host"] == at and given["messages"]]
        pool = mine if rng.random() < 0.97 else pair.given
        batches = [given for given in pool if given["messages"]]
        if not batches:
            return
        batch = rng.choice(batches[-3:])
        message = rng.choice(batch["messages"])
        part = rng.randrange(1, message["segments"] + 1)
        kind = rng.choice(KINDS)
        pair.kinds.add(kind)
        seed = message["message_id"] * 100 + part * 10 + rng.choice((0, 0, 0, 1))
        results.append(
            {
                "batch_id": batch["batch"],
                "message_id": message["message_id"],
                "part": part if rng.random() < 0.99 else 9,
                "attempt_id": str(uuid.UUID(int=seed)),
                "kind": kind if rng.random() < 0.99 else "nonsense",
                "reference": rng.randrange(256) if rng.random() < 0.99 else 300,
            }
        )
    pair.call(at, "report_results_v1", _epoch(pair, at), journal, results)


def _heartbeat(pair: Pair, at: int, journal: str) -> None:
    held = sorted({given["batch"] for given in pair.given} | {999})
    status = {"host_time": None, "queued": 1, "batches": held, "modems": []}
    pair.call(at, "heartbeat_v1", _epoch(pair, at), journal, status)


def _inbound(pair: Pair, at: int, journal: str) -> None:
    rng = pair.rng
    sender = rng.choice([*(m.msisdn for m in pair.model.messages.values()), "ORANGE"])
    text = rng.choice(("STOP", " stop.", "Arrêt", "merci, stop", "STOPPER", "bonjour", "Stopppp"))
    message = {"host_key": f"k{rng.randrange(20)}", "imei": "860", "sender": sender, "text": text}
    pair.call(at, "report_inbound_v1", _epoch(pair, at), journal, [message])


def _change(pair: Pair, at: int, journal: str) -> None:
    """What people and pipelines do meanwhile."""
    del journal
    rng, model = pair.rng, pair.model
    campaign, group = rng.choice(pair.campaigns), pair.hosts[at].group_id
    what = rng.choice(("campaign", "group", "batch", "window", "plan", "condemn"))
    if what == "campaign":
        state = rng.choice(("sending", "sending", "sending", "paused"))
        model.campaigns[campaign].state = state
        pair.both("update campaign set state = %s where campaign_id = %s", (state, campaign))
    elif what == "group":
        state = rng.choice(("started", "started", "started", "draining", "stopped"))
        model.groups[group].state = state
        pair.both("update modem_group set state = %s where group_id = %s", (state, group))
    elif what == "batch":
        batch = rng.choice(list(model.batches))
        model.batches[batch].revoked = rng.random() < 0.3
        pair.both(
            "update send_batch set revoked = %s where batch_id = %s",
            (model.batches[batch].revoked, batch),
        )
    elif what == "window":
        ended = rng.random() < 0.3
        model.campaigns[campaign].window_until = -1.0 if ended else None
        until = "2020-01-01T00:00Z" if ended else None
        pair.both("update campaign set window_until = %s where campaign_id = %s", (until, campaign))
    elif what == "plan":
        _plan(pair, campaign, group)
    elif rng.random() < 0.2:
        condemn_group(pair.hosts[at].mac)
        model.condemn(group)


def _plan(pair: Pair, campaign: int, group: int) -> None:
    free = [
        m.message_id
        for m in pair.model.messages.values()
        if m.state == "planned" and m.batch_id is None and m.campaign_id == campaign
    ]
    if free:
        batch = pair.model.plan(campaign, group, free)
        found = pair.fleet.db.one(
            "insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
            " values (%s, %s, %s, %s, 1) returning batch_id",
            (MONTH, campaign, group, len(free)),
        )
        assert found == batch.batch_id
        pair.both("update message set batch_id = %s where message_id = any(%s)", (found, free))


def _epoch(pair: Pair, at: int) -> int:
    now = pair.model.groups[pair.hosts[at].group_id].epoch
    return now if pair.rng.random() < 0.93 else now - 1


STEPS = [_register] + [_claim] * 4 + [_report] * 7 + [_heartbeat] * 2 + [_inbound, _change, _change]


@pytest.mark.parametrize("seed", range(8))
def test_both_answer_alike(fleet: Fleet, seed: int) -> None:
    rng = random.Random(seed)
    with closing(Pair(fleet, rng)) as pair:
        for at in (0, 1):
            pair.call(at, "register_host_v1", pair.hosts[at].mac, JOURNALS[at][0], "boot", {})
        for _ in range(CALLS):
            at = rng.randrange(2)
            rng.choice(STEPS)(pair, at, JOURNALS[at][rng.random() < 0.05])
        pair.compare_tables()
        pair.check_ledger()
        assert pair.given
        assert len(pair.kinds) > 2
