"""A centre and its hosts to be cruel to: real PostgreSQL, real senders on pseudo-terminals."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import psycopg2
from psycopg2.extras import execute_values

from include.billing import ledger
from include.db import connect
from include.db.migrate import migrate
from include.stack import postgres
from tests.conftest import Database
from tests.integration.sender.hosts import MONTH, Fleet, Host, Machine

BATCH = 100
TWO_PARTS_EVERY = 5
PRICE = Decimal("0.05")  # of a part


@dataclass
class World:
    """One database, and machines that end with it."""

    fleet: Fleet
    folder: Path
    machines: list[Machine] = field(default_factory=list)
    prepaid: bool = False
    """Whether there is a campaign of `campaign`, whose price is held."""

    def machine(self, host: Host) -> Machine:
        """A computer for a host; what is started on it is ended with this world."""
        folder = self.folder / f"machine{len(self.machines)}"
        folder.mkdir()
        self.machines.append(Machine(folder, host))
        return self.machines[-1]

    def campaign(self, host: Host, messages: int) -> None:
        """Plan messages that each name themselves in every part: `#17#`; their price is held."""
        campaign_id = self.fleet.campaign()
        price = PRICE * sum(_text(number)[1] for number in range(1, messages + 1))
        client_id = self.fleet.db.one(
            "select client_id from campaign where campaign_id = %s", (campaign_id,)
        )
        assert isinstance(client_id, int)
        with connect() as conn:
            ledger.topup(conn, client_id, price)
            ledger.reserve(conn, client_id, campaign_id, price)
        self.prepaid = True
        for first in range(1, messages + 1, BATCH):
            self._batch(host, range(first, min(first + BATCH, messages + 1)))

    def plan_again(self, host: Host) -> int:
        """Put what was given back into batches; returns how many messages that were."""
        with self.fleet.db.conn.cursor() as cur:
            cur.execute(
                "with free as (select message_id, segments from message"
                "  where state = 'planned' and batch_id is null order by message_id limit 200),"
                " again as (insert into send_batch"
                "  (activation_month, campaign_id, group_id, messages, segments)"
                "  select %s, %s, %s, count(*), sum(segments) from free having count(*) > 0"
                "  returning batch_id)"
                " update message as m set batch_id = again.batch_id from again, free"
                " where m.message_id = free.message_id",
                (MONTH, self.fleet.campaign_id, host.group_id),
            )
            return cur.rowcount

    def end(self) -> None:
        """End every process that was started here."""
        for machine in self.machines:
            machine.end()

    def _batch(self, host: Host, numbers: range) -> None:
        texts = [(n, *_text(n)) for n in numbers]
        segments = sum(parts for _, _, parts in texts)
        batch_id = self.fleet.db.one(
            "insert into send_batch (activation_month, campaign_id, group_id, messages, segments)"
            " values (%s, %s, %s, %s, %s) returning batch_id",
            (MONTH, self.fleet.campaign_id, host.group_id, len(texts), segments),
        )
        with self.fleet.db.conn.cursor() as cur:
            execute_values(
                cur,
                "insert into message (activation_month, campaign_id, contact_id, msisdn, text,"
                " encoding, segments, price, batch_id) values %s",
                [
                    (
                        *(MONTH, self.fleet.campaign_id, n, number_of(n), text, "gsm7", parts),
                        *(parts * PRICE, batch_id),
                    )
                    for n, text, parts in texts
                ],
            )


def number_of(message: int) -> str:
    """The number a message goes to; there are ten thousand that are nobody's."""
    return f"+3363998{message % 10_000:04d}"


def _text(number: int) -> tuple[str, int]:
    if number % TWO_PARTS_EVERY:
        return f"#{number}# Bonjour", 1
    return (f"#{number}# " * 60)[:200], 2


@contextmanager
def made(*, durable: bool = False) -> Iterator[World]:
    """A world of its own, gone afterwards; its database gives up durability unless told not to."""
    with tempfile.TemporaryDirectory(prefix="smsswitch-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        before = dict(os.environ)
        os.environ |= {
            "SMSSWITCH_VAR": str(folder / "var"),
            "SMSSWITCH_EXTRA_VALID_PREFIXES": "+3363998",
        }
        server = postgres.start(folder / "pg", fast=not durable)
        try:
            os.environ["SMSSWITCH_DATABASE_URL"] = server.url
            migrate(server.url)
            with closing(psycopg2.connect(server.url)) as conn:
                conn.autocommit = True
                world = World(Fleet(Database(server.url, conn)), folder)
                try:
                    yield world
                finally:
                    world.end()
        finally:
            postgres.stop(folder / "pg")
            os.environ.clear()
            os.environ.update(before)


class Tail:
    """Counts what the network accepted, as its log grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._rest = b""
        self.accepted = 0

    def count(self) -> int:
        """Return the number of parts accepted so far."""
        if self._path.exists():
            with self._path.open("rb") as log:
                log.seek(self._at)
                data = self._rest + log.read()
                self._at = log.tell()
            whole, _, self._rest = data.rpartition(b"\n")
            self.accepted += whole.count(b'"event": "accepted"')
        return self.accepted

    def wait(self, least: int, timeout: float) -> bool:
        """Wait until so many were accepted; False when they were not in time."""
        end = time.monotonic() + timeout
        while self.count() < least:
            if time.monotonic() >= end:
                return False
            time.sleep(0.005)
        return True
