"""The partitions of the signal's history are there whatever the clock says: no heartbeat fails for one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest

from include.operations.whole_months import months_before
from tests.conftest import Database
from tests.integration.campaigns.scene import Scene
from tests.integration.fleet.host import Host

NOW = datetime.now(UTC)
THIS, NEXT = (f"modem_sample_{months_before(NOW.replace(day=1), -n):%Y%m}" for n in (0, 1))
MONTHS = "select relname from pg_class where relname ~ '^modem_sample_[0-9]+$' order by 1"
BOUNDS = "select pg_get_expr(relpartbound, oid) from pg_class where relname = %s"


@pytest.fixture
def hosts(scene: Scene) -> list[Host]:
    made = []
    for number in range(3):
        group = scene.group(number)
        made.append(Host(group["database_url"], group["mac"]))
        made[number].register()
    return made


def test_a_heartbeat_makes_its_month_and_the_next(scene: Scene, hosts: list[Host]) -> None:
    assert scene.db.all(MONTHS) == []
    hosts[0].heartbeat(2)
    assert scene.db.all(MONTHS) == [(THIS,), (NEXT,)]
    assert scene.db.one(f"select count(*) from {THIS}") == 2
    hosts[0].heartbeat(2)
    assert scene.db.one("select count(*) from modem_sample") == 2, "one a minute at most"


def test_a_month_that_is_missing_is_made_once_for_all(scene: Scene, hosts: list[Host]) -> None:
    """As after a jump of the clock, or a partition that was dropped with all that was made ahead."""
    hosts[0].heartbeat()
    for month in (THIS, NEXT):
        scene.db.all(f"select drop_sample_month(to_date(right('{month}', 6), 'YYYYMM'))")
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(lambda host: host.heartbeat(3), hosts))
    assert scene.db.all(MONTHS) == [(THIS,), (NEXT,)]
    assert scene.db.one("select count(*) from modem_sample") == 9


def test_months_are_those_of_utc_wherever_the_host_is(
    hosts: list[Host], db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Europe/Paris")
    hosts[0].heartbeat()
    with closing(psycopg2.connect(db.url)) as conn, conn.cursor() as cur:
        cur.execute("select current_setting('timezone')")
        assert cur.fetchone() == ("Europe/Paris",)
        cur.execute("select ensure_sample_months('2031-10-31 23:30+00')")
        conn.commit()
    assert [db.one(BOUNDS, (f"modem_sample_{month}",)) for month in (203110, 203111)] == [
        "FOR VALUES FROM ('2031-10-01 00:00:00+00') TO ('2031-11-01 00:00:00+00')",
        "FOR VALUES FROM ('2031-11-01 00:00:00+00') TO ('2031-12-01 00:00:00+00')",
    ]


def test_a_late_sample_of_a_month_long_gone_has_a_place(db: Database) -> None:
    db.all("select ensure_sample_months('2019-03-05 10:00+00')")
    assert db.all(MONTHS) == []
    db.all(
        "insert into modem_sample (group_id, imei, at) values (1, 'i', '2019-03-05 10:00+00') returning 1"
    )
    assert db.one("select tableoid::regclass::text from modem_sample") == "modem_sample_earlier"
