"""Groups: enrolment, states, and giving a host up."""

import uuid
from contextlib import AbstractContextManager

import psycopg2
import pytest

from include.errors import InputError
from include.fleet.groups import (
    add_group,
    condemn_group,
    delete_group,
    edit_group,
    list_groups,
    set_state,
)
from tests.conftest import Database
from tests.integration.campaigns.scene import Scene
from tests.integration.fleet.host import Host


def refused(code: str) -> AbstractContextManager[object]:
    return pytest.raises(InputError, check=lambda error: error.code == code)


def test_row_94_an_address_is_normalised_and_taken_once(db: Database) -> None:
    group = add_group("64-31-50-1B-E9-E9", "machine 1", 1)
    assert group["mac"] == "64:31:50:1b:e9:e9"
    with refused("bad_mac"):
        add_group("0", "zero", 1)
    with refused("mac_in_use"):
        add_group("6431501be9e9", "again", 1)
    with refused("alias_in_use"):
        add_group("00:15:c5:b4:1c:8a", "machine 1", 1)
    with refused("bad_modem_count"):
        add_group("00:15:c5:b4:1c:8a", "porta_tony", 0)
    assert [g["alias"] for g in list_groups()] == ["machine 1"]


def test_the_address_given_logs_in_and_reaches_nothing_but_the_functions(db: Database) -> None:
    group = add_group("64:31:50:1b:e9:e9", "machine 1", 1)
    host = Host(group["database_url"], group["mac"])
    assert host.register()["alias"] == "machine 1"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        psycopg2.connect(group["database_url"]).cursor().execute("select * from public.message")


def test_states_and_changes(db: Database) -> None:
    add_group("64:31:50:1b:e9:e9", "machine 1", 1)
    assert set_state("machine 1", "stopped")["state"] == "stopped"
    assert set_state("64-31-50-1b-e9-e9", "started")["state"] == "started"
    changed = edit_group("machine 1", alias="machine 2", modems=3, rate=10)
    assert (changed["alias"], changed["modems"], changed["rate"]) == ("machine 2", 3, 10)
    assert edit_group("machine 2", rate=0)["rate"] is None
    with refused("unknown_group"):
        set_state("machine 1", "stopped")
    with refused("bad_modem_count"):
        edit_group("machine 2", modems=65)
    assert db.one("select count(*) from audit_entry where subject like 'group:%'") == 5


def test_row_95_a_group_with_leased_batches_is_not_deleted(scene: Scene) -> None:
    scene.contacts(3)
    group = scene.group()
    host = Host(group["database_url"], group["mac"])
    host.register()
    scene.apply()
    scene.expand()
    batch = host.claim()
    with refused("group_busy"):
        delete_group("group 0")
    host.report(batch, "sent")
    assert delete_group("group 0")["deleted"]
    with pytest.raises(psycopg2.Error):
        host.register()
    assert list_groups() == []
    again = scene.group()
    assert again["group_id"] == group["group_id"]
    assert Host(again["database_url"], again["mac"]).register()["alias"] == "group 0"


@pytest.mark.parametrize("permit", [1, 2, None])
def test_condemned_is_uncertain_up_to_the_permit_and_planned_again_above(
    scene: Scene, permit: int | None
) -> None:
    scene.contacts(5)
    group = scene.group()
    host = Host(group["database_url"], group["mac"])
    host.register()
    if permit:
        edit_group("group 0", permit=permit)
    else:
        scene.db.conn.cursor().execute("update modem_group set permit_per_modem = null")
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent", only=slice(0, 1))
    may_have_begun = min((permit or 4), 4)
    result = condemn_group("group 0")
    assert result["uncertain"] == may_have_begun
    assert result["planned"] == 4 - may_have_begun
    with pytest.raises(psycopg2.Error) as fenced:
        host.claim()
    assert fenced.value.pgcode == "SM409"
    counts = scene.status()["counts"]
    assert (counts["sent"], counts["uncertain"]) == (1, may_have_begun)
    # What the dead host still says is taken as evidence.
    host.report(batch, "sent", only=slice(1, 2), attempt=str(uuid.uuid4()))
    assert scene.status()["counts"]["sent"] == 2


def test_condemned_parts_of_a_long_message(scene: Scene) -> None:
    scene.contacts(3)
    group = scene.group()
    host = Host(group["database_url"], group["mac"])
    host.register()
    edit_group("group 0", permit=2)
    scene.apply(message="x" * 400)
    scene.expand()
    host.claim()
    assert condemn_group("group 0")["uncertain"] == 1
    states = scene.db.all("select part, state::text from segment order by message_id, part limit 3")
    assert states == [(1, "uncertain"), (2, "uncertain"), (3, "planned")]
    assert scene.status()["counts"]["planned"] == 2
