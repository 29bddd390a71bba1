"""Tariffs in the database, by the commands."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from include.billing.price import sms_price
from include.billing.tariff import SHIPPED, current
from include.cli import smsswitch
from include.db import connect
from include.errors import InputError
from tests.conftest import Database


def _run(*args: str) -> Result:
    return CliRunner().invoke(smsswitch, list(args))


def test_price_prints_the_contracts_document(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(SHIPPED.read_text())
    found = _run(
        "billing", "price", "--tariff", str(path), "--called", "+33639980012",
        "--start", "2026-03-10T10:00:00", "--seconds", "61", "--json",
    )  # fmt: skip
    assert json.loads(found.stdout) == {
        "cost": "0.1415",
        "currency": "EUR",
        "rated": True,
        "reason": None,
        "pieces": [
            {
                "rate": "mobile",
                "from_second": 0,
                "seconds": 61,
                "price": "0.09",
                "per": 60,
                "amount": "0.0915",
            }
        ],
    }
    wrong = _run(
        "billing", "price", "--tariff", str(path), "--called", "1", "--start", "x", "--seconds", "1"
    )
    assert wrong.exit_code == 2


def test_the_default_tariff_is_there_on_first_use_once(db: Database) -> None:
    for _ in range(2):
        with connect() as conn:
            tariff = current(conn, "default", date(2026, 5, 1))
    assert str(sms_price(tariff, "+33639980012", 3)) == "0.1800"
    assert db.all("select code, version from tariff") == [("default", 1)]


def test_versions_diff_and_assign(db: Database, tmp_path: Path) -> None:
    db.conn.cursor().execute("insert into client (code, name) values ('acme', 'Acme')")
    path = tmp_path / "gold.yaml"
    text = SHIPPED.read_text().replace("tariff: default", "tariff: gold")
    path.write_text(text)
    first = json.loads(_run("billing", "tariff", "load", str(path), "--json").stdout)
    assert (first["version"], first["created"]) == (1, True)
    again = json.loads(_run("billing", "tariff", "load", str(path), "--json").stdout)
    assert again == {**first, "created": False}
    path.write_text(text.replace('"0.0600"', '"0.0500"'))
    assert json.loads(_run("billing", "tariff", "diff", str(path), "--json").stdout) == {
        "tariff": "gold",
        "differences": [{"place": "sms.price_per_segment", "before": "0.0600", "after": "0.0500"}],
    }
    assert json.loads(_run("billing", "tariff", "load", str(path), "--json").stdout)["version"] == 2
    with connect() as conn:
        assert str(sms_price(current(conn, "gold", date(2026, 5, 1)), "33639980012", 1)) == "0.0500"
        with pytest.raises(InputError, match="no_tariff_version"):
            current(conn, "gold", date(2020, 1, 1))
        with pytest.raises(InputError, match="unknown_tariff"):
            current(conn, "lead", date(2026, 5, 1))
    assert _run("billing", "tariff", "assign", "gold", "--client", "acme").exit_code == 0
    assert db.one("select tariff from client") == "gold"
    assert isinstance(
        _run("billing", "tariff", "assign", "gold", "--client", "x").exception, InputError
    )
    listed = json.loads(_run("billing", "tariff", "show", "gold", "--json").stdout)["tariffs"]
    assert [each["version"] for each in listed] == [1, 2]


def test_a_bad_file_is_refused_and_nothing_is_loaded(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(SHIPPED.read_text().replace('"0.0140"', "0.0140"))
    refused = _run("billing", "tariff", "load", str(path))
    assert isinstance(refused.exception, InputError)
    assert "rates[1].steps[0].price (line" in str(refused.exception)
    assert db.one("select count(*) from tariff") == 0
