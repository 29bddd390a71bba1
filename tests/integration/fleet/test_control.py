"""Orders on groups by a form: two messages for two mistakes, and no secret in an answer."""

from typing import Any

import psycopg2
import pytest

from include.errors import InputError
from include.fleet.control import carry_out
from include.fleet.groups import add_group, list_groups, new_credential
from tests.conftest import Database
from tests.integration.fleet.host import Host

MAC = "64:31:50:1b:e9:e9"


@pytest.mark.parametrize(
    ("mac", "modems", "code", "messages"),
    [
        ("0", 1, "bad_mac", ["Numéro de MAC non valide"]),
        (None, 1, "bad_mac", ["Numéro de MAC non valide"]),
        (MAC, 0, "bad_modem_count", ["Nombre de modems non valide : 0"]),
        (MAC, None, "bad_modem_count", ["Nombre de modems non valide : aucun"]),
        ("ff:ff:ff:ff:ff:ff", 65, "bad_group", ["Numéro de MAC", "Nombre de modems"]),
    ],
)
def test_row_94_each_mistake_has_its_message(
    db: Database, mac: str | None, modems: int | None, code: str, messages: list[str]
) -> None:
    with pytest.raises(InputError) as refused:
        carry_out("add", by="ops:jane", mac=mac, alias="machine 1", modems=modems)
    assert refused.value.code == code
    for message in ("Numéro de MAC", "Nombre de modems"):
        wanted = any(one.startswith(message) for one in messages)
        assert (message in refused.value.message_fr) is wanted
    assert messages[0] in refused.value.message_fr
    assert list_groups() == []


def test_a_form_answered_twice_has_one_effect(db: Database) -> None:
    form: dict[str, Any] = {"by": "ops:jane", "mac": MAC, "alias": "machine 1", "modems": 1}
    added = carry_out("add", **form)
    assert set(added) == {"group_id", "mac", "alias", "next"}
    with pytest.raises(InputError, check=lambda error: error.code == "mac_in_use"):
        carry_out("add", **form)
    assert len(list_groups()) == 1


@pytest.mark.parametrize(
    ("action", "alias", "code"),
    [
        ("explode", "x", "unknown_action"),
        ("stop", None, "no_group"),
        ("stop", "x", "unknown_group"),
    ],
)
def test_orders_that_make_no_sense(db: Database, action: str, alias: str | None, code: str) -> None:
    with pytest.raises(InputError, check=lambda error: error.code == code):
        carry_out(action, by="ops:jane", alias=alias)


def test_a_new_credential_voids_the_one_before(db: Database) -> None:
    old = add_group(MAC, "machine 1", 1)
    new = new_credential("machine 1", by="ops:jane")
    assert Host(new["database_url"], MAC).register()["alias"] == "machine 1"
    with pytest.raises(psycopg2.OperationalError):
        Host(old["database_url"], MAC).register()
    assert db.one("select count(*) from audit_entry where action = 'group_credential'") == 1
    assert new["database_url"] not in str(db.all("select detail from audit_entry"))
