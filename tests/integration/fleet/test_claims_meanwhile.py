"""Orders and the roll-up close batches while hosts claim: nobody waits in a circle."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from time import monotonic, sleep
from typing import Any

import psycopg2
import pytest

from include.campaigns.control import order
from tests.integration.campaigns.scene import Scene
from tests.integration.fleet.host import Host

WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock'"
)


@pytest.fixture
def hosts(scene: Scene) -> list[Host]:
    """Two hosts, each with two messages of one campaign planned for it."""
    scene.contacts(4)
    made = []
    for number in range(2):
        group = scene.group(number)
        made.append(Host(group["database_url"], group["mac"]))
        made[number].register()
        made[number].heartbeat()
    scene.apply(schedule={"expire_at": "2031-01-01"})
    scene.expand()
    return made


@contextmanager
def last_message_held(scene: Scene) -> Iterator[None]:
    """Whoever changes every message of the campaign has to wait for the last of them."""
    with closing(psycopg2.connect(scene.db.url)) as conn, conn.cursor() as cur:
        cur.execute(
            "select from message where message_id = (select max(message_id) from message) "
            "for update"
        )
        yield


def until(scene: Scene, waiting: int, *, or_done: Future[Any]) -> None:
    """So many sessions wait for a lock, or the work is over."""
    limit = monotonic() + 120
    while scene.db.one(WAITING) != waiting and not or_done.done():
        assert monotonic() < limit, "nobody waits, and nothing ends"
        sleep(0.01)


def while_claiming(scene: Scene, host: Host, work: Callable[[], Any]) -> Any:
    """The host claims in the middle of the work, as one that asked before it began; what it got."""
    claim = "select api.claim_batch_v1(%s, %s, gen_random_uuid())"
    with closing(psycopg2.connect(host.url)) as conn, conn.cursor() as cur:
        cur.execute("select now()")
        with ThreadPoolExecutor(2) as pool:
            with last_message_held(scene):
                working = pool.submit(work)
                until(scene, 1, or_done=working)
                claiming = pool.submit(cur.execute, claim, (host.epoch, host.journal))
                until(scene, 2, or_done=claiming)
            working.result()
            claiming.result()
        return (cur.fetchone() or ({},))[0]


def test_a_cancelled_campaign(scene: Scene, hosts: list[Host]) -> None:
    got = while_claiming(scene, hosts[0], lambda: order("acme", "hello", "cancel", "ops:jane"))
    assert got["batch"] is None
    assert scene.status()["counts"]["cancelled"] == 4


def test_a_campaign_at_its_limit(scene: Scene, hosts: list[Host]) -> None:
    def roll_up() -> None:
        scene.db.conn.cursor().execute("update campaign set expire_at = clock_timestamp()")
        scene.rollup()

    assert while_claiming(scene, hosts[0], roll_up)["batch"] is None
    assert scene.status()["counts"]["expired"] == 4
