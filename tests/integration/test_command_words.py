"""What a command says where its surroundings are wrong: one line, no traceback, exit status 1."""

import sys

import pytest

from include.cli import main
from tests.conftest import Database


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["smsswitch", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    return err


@pytest.mark.parametrize("words", [("clients", "list"), ("scan", "--json"), ("groups", "list")])
def test_a_database_that_was_never_migrated(
    empty_database: str,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", empty_database)
    assert "run `smsswitch db migrate`" in said(capsys, monkeypatch, *words)


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("SMSSWITCH_BUCKET_URL", "nope://x", "nope://x cannot be used"),
        ("SMSSWITCH_TIMEZONE", "Mars", "SMSSWITCH_TIMEZONE"),
        ("SMSSWITCH_MAX_ROWS", "many", "SMSSWITCH_MAX_ROWS"),
    ],
)
def test_a_wrong_setting_is_named(
    db: Database,
    name: str,
    value: str,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert word in said(capsys, monkeypatch, "clients", "add", "acme", "--name", "Acme")


def test_what_nobody_foresaw_is_a_line_too(
    db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fall() -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("include.cli.db.migrate", fall)
    line = said(capsys, monkeypatch, "db", "migrate")
    assert line == "smsswitch: no such luck (RuntimeError; `smsswitch -v …` says where)\n"
