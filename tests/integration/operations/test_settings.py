"""The settings of the centre: whole or not at all, an area at a time, audited."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from include.billing.parties import seller
from include.cli import smsswitch
from include.db import connect
from include.errors import InputError
from include.fleet.groups import add_group
from include.operations.settings import apply, current, defaults, parse, text_of
from tests.conftest import Database

MORE = "version: 1\nretention: {messages: 6}\ngroups: {rate: 30, permit: 7}\n"


def command(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, ["settings", *arguments])


def test_the_file_that_ships_is_valid_and_says_what_holds_without_one(db: Database) -> None:
    document = parse(text_of("settings.yaml"))
    assert current() == defaults() == {"company": {}} | document


def test_the_company_that_the_file_shows_may_issue_invoices(db: Database, tmp_path: Path) -> None:
    with connect() as conn, pytest.raises(InputError, match="seller_incomplete"):
        seller(conn)
    shown = re.search(r"(?m)^# company:\n(?:#   .*\n)+", text_of("settings.yaml"))
    assert shown is not None
    file = tmp_path / "company.yaml"
    file.write_text("version: 1\n" + re.sub(r"(?m)^# ", "", shown.group()))
    assert command("apply", str(file)).output == "changed: company\n"
    with connect() as conn:
        assert seller(conn)["siren"] == "732829320"


def test_an_area_is_taken_and_the_others_stay(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(MORE)
    assert command("apply", str(file)).output == "changed: groups, retention\n"
    assert command("apply", str(file)).output == "changed: nothing\n"
    shown = json.loads(command("show", "--json").stdout)
    assert shown["retention"] == {**defaults()["retention"], "messages": 6}
    assert shown["alerts"] == {"receivers": []}
    apply("version: 1\nretention: {}\n", by="ops:jane")
    assert current()["retention"] == defaults()["retention"]
    assert db.all("select action, detail -> 'changed' from audit_entry order by entry_id") == [
        ("settings_apply", ["groups", "retention"]),
        ("settings_apply", ["retention"]),
    ]


def test_a_new_group_has_the_usual_rate(db: Database) -> None:
    apply(MORE, by="ops:jane")
    add_group("64:31:50:1b:e9:e9", "machine 1", 1)
    add_group("e8:11:32:c9:ab:36", "notebook", 2, 5)
    assert db.all("select alias, rate_limit, permit_per_modem from modem_group order by 1") == [
        ("machine 1", 30, 7),
        ("notebook", 5, 7),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nretention: {messages: 0}\n", "line 2: retention.messages"),
        ("version: 2\nretention: {}\n", "line 1: version"),
        ("version: 1\n", "settings"),
        (
            "version: 1\nalerts:\n  receivers:\n    - {to: no address}\n",
            "line 4: alerts.receivers.0.to",
        ),
        ("version: 1\nalerts:\n  receivers:\n    - {to: a@b.c, colour: 1}\n", "line 4"),
        ("version: 1\ncompany: {siren: 12}\n", "company.siren"),
        ("version: 1\nunknown: {}\n", "unknown"),
        ("version: 1\nretention: {messages: 3}\nretention: {messages: 4}\n", "comes twice"),
        ("a: &a [1]\nb: *a\n", "anchors"),
        ("- 1\n", "line 1"),
        ("", "line 1"),
    ],
)
def test_a_fault_is_named_with_its_line_and_nothing_is_taken(
    db: Database, text: str, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        apply(text, by="ops:jane")
    assert said in refused.value.message_en
    assert db.one("select count(*) from setting") == 0
