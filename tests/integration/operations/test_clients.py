"""Orders on clients: the same by command and by form, refused whole, carried out once."""

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner, Result

from include.cli import smsswitch
from include.errors import InputError
from include.operations.clients import administer
from include.operations.settings import apply
from tests.conftest import Database


def command(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, ["clients", *arguments])


def order(action: str, once: str = "run 1", **form: str | None) -> dict[str, object]:
    return administer(action, by="ops:jane", once=once, **form)  # type: ignore[arg-type]


def test_a_client_is_added_changed_and_topped_up(db: Database) -> None:
    order(
        "add", code="acme", name="Acme", credit="12.50", language="en", alert_address="a@b.example"
    )
    order("edit", "run 2", code="acme", name="Acme SA", approve_above="100", low_credit="3")
    told = order("topup", "run 3", code="acme", credit="7.50")
    assert told["credit"] == "20.0000"
    assert db.all(
        "select name, language, approve_above, low_credit, alert_address from client"
    ) == [("Acme SA", "en", Decimal(100), Decimal(3), "a@b.example")]
    assert db.all("select actor, action, subject from audit_entry order by entry_id") == [
        ("ops:jane", f"client_{action}", "client:acme") for action in ("add", "edit", "topup")
    ]
    assert (
        json.loads(command("edit", "acme", "--approve-above", "", "--json").stdout)["name"]
        == "Acme SA"
    )
    assert db.one("select approve_above from client") is None


def test_a_run_that_is_cleared_adds_nothing_again(db: Database) -> None:
    for _ in range(3):
        order("add", code="acme", name="Acme", credit="5")
        order("topup", "run 2", code="acme", credit="5")
    assert db.one("select balance from client_balance") == 10
    order("topup", "run 3", code="acme", credit="5")
    assert db.one("select balance from client_balance") == 15


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"action": "add", "code": "Acme !", "name": "x"}, "bad_client_code"),
        ({"action": "add", "code": "new", "name": " "}, "bad_name"),
        ({"action": "add", "code": "new", "name": "x", "credit": "12,50"}, "bad_amount"),
        ({"action": "add", "code": "new", "name": "x", "tariff": "none"}, "unknown_tariff"),
        ({"action": "add", "code": "new", "name": "x", "alert_address": "a b"}, "bad_address"),
        ({"action": "add", "code": "new", "name": "x", "language": "de"}, "bad_language"),
        ({"action": "add", "code": "acme", "name": "x"}, "client_exists"),
        ({"action": "edit", "code": "acme"}, "nothing_to_change"),
        ({"action": "edit", "code": "nobody", "name": "x"}, "no_such_client"),
        ({"action": "topup", "code": "acme"}, "bad_amount"),
        ({"action": "topup", "code": "acme", "credit": "0"}, "bad_amount"),
        ({"action": "topup", "code": "acme", "credit": "-5"}, "bad_amount"),
        ({"action": "burn", "code": "acme"}, "unknown_action"),
    ],
)
def test_an_order_with_a_fault_changes_nothing(
    db: Database, form: dict[str, str], code: str
) -> None:
    command("add", "acme", "--name", "Acme")
    before = db.all("select * from client"), db.one("select count(*) from ledger_entry")
    with pytest.raises(InputError) as refused:
        order(form.pop("action"), "run 9", **form)
    assert refused.value.code == code
    assert before == (db.all("select * from client"), db.one("select count(*) from ledger_entry"))


def test_limits_of_the_settings_hold_for_new_clients(db: Database) -> None:
    apply("version: 1\nlimits: {approve_above: 40, low_credit: 25.5}\n", by="ops:jane")
    command("add", "acme", "--name", "Acme")
    command("add", "rich", "--name", "Rich", "--approve-above", "900")
    assert db.all("select code, approve_above, low_credit from client order by 1") == [
        ("acme", Decimal(40), Decimal("25.5")),
        ("rich", Decimal(900), Decimal("25.5")),
    ]
