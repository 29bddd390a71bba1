"""The commands: what they print and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.cli import main
from tests.integration.client_files import csv_bytes, mapping, number, people, xlsx

NAMES = ("first_name", "last_name", "phone")


@pytest.fixture
def smsswitch(db: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; (exit status, stdout, stderr)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["smsswitch", *arguments])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return run


def test_clients(smsswitch: Any, tmp_path: Path) -> None:
    status, out, _ = smsswitch(
        "clients", "add", "dupont", "--name", "Dupont SA", "--credit", "100.00", "--json"
    )
    assert (status, json.loads(out)["code"]) == (0, "dupont")
    assert (tmp_path / "var/bucket/clients/dupont/inbox/contacts").is_dir()
    status, out, _ = smsswitch("clients", "topup", "dupont", "12.50", "--json")
    assert json.loads(out)["credit"] == "112.5000"
    _, out, _ = smsswitch("clients", "list", "--json")
    assert [(c["code"], c["balance"]) for c in json.loads(out)["clients"]] == [
        ("dupont", "112.5000")
    ]
    _, out, _ = smsswitch("clients", "list")
    assert "112.5000 EUR" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "Dupont!", "--name", "x"), "bad_client_code"),
        (("add", "a", "--name", "x", "--credit", "ten"), "bad_amount"),
        (("add", "a", "--name", "x", "--credit", "-1"), "bad_amount"),
        (("add", "a", "--name", "x", "--credit", "NaN"), "bad_amount"),
        (("add", "a", "--name", "x", "--tariff", "none"), "unknown_tariff"),
        (("topup", "nobody", "5"), "no_such_client"),
    ],
)
def test_clients_refused(smsswitch: Any, arguments: tuple[str, ...], code: str) -> None:
    status, out, err = smsswitch("clients", *arguments)
    assert (status, out) == (1, "")
    assert code in err and len(err.splitlines()) == 1
    assert json.loads(smsswitch("clients", "list", "--json")[1]) == {"clients": []}


def test_a_client_is_added_once(smsswitch: Any) -> None:
    smsswitch("clients", "add", "dupont", "--name", "x", "--credit", "5")
    status, _, err = smsswitch("clients", "add", "dupont", "--name", "y", "--credit", "5")
    assert status == 1 and "client_exists" in err
    assert (
        json.loads(smsswitch("clients", "list", "--json")[1])["clients"][0]["balance"] == "5.0000"
    )


def test_import_asks_then_loads_then_knows_it(smsswitch: Any, tmp_path: Path) -> None:
    smsswitch("clients", "add", "dupont", "--name", "x")
    book = tmp_path / "Mes Clients.xlsx"
    book.write_bytes(xlsx(people(7)))
    status, out, err = smsswitch("contacts", "import", str(book), "--client", "dupont")
    assert status == 3
    assert "awaiting_mapping" in out and "confirmed: true" in err
    (proposal,) = (tmp_path / "var/bucket").rglob("outbox/imports/*/mapping.yaml")
    answer = tmp_path / "answer.yaml"
    answer.write_text(
        proposal.read_text("utf-8").replace("confirmed: false", "confirmed: true"), "utf-8"
    )
    command = (
        "contacts",
        "import",
        str(book),
        "--client",
        "dupont",
        "--mapping",
        str(answer),
        "--json",
    )
    status, out, _ = smsswitch(*command)
    receipt = json.loads(out)
    assert (status, receipt["state"], receipt["counts"]["loaded"]) == (0, "loaded", 7)
    assert receipt["list"] == "mes-clients"
    status, out, _ = smsswitch("contacts", "import", str(book), "--client", "dupont", "--json")
    assert (status, json.loads(out)["state"]) == (0, "duplicate")


def test_import_into_a_named_list(smsswitch: Any, tmp_path: Path) -> None:
    smsswitch("clients", "add", "dupont", "--name", "x")
    file, sidecar = tmp_path / "export.csv", tmp_path / "m.yaml"
    file.write_bytes(csv_bytes(people(4)))
    sidecar.write_text(yaml.safe_dump(mapping("else", *NAMES)), "utf-8")
    base = ("contacts", "import", str(file), "--client", "dupont")
    status, out, _ = smsswitch(*base, "--list", "vip", "--mapping", str(sidecar), "--json")
    assert (status, json.loads(out)["list"]) == (0, "vip")
    status, _, err = smsswitch(*base, "--list", "Not A Name")
    assert status == 1 and "bad_list_name" in err


def test_import_refused(smsswitch: Any, tmp_path: Path) -> None:
    smsswitch("clients", "add", "dupont", "--name", "x")
    bad, sidecar = tmp_path / "bad.xlsx", tmp_path / "m.yaml"
    bad.write_bytes(b"")
    status, out, err = smsswitch("contacts", "import", str(bad), "--client", "dupont")
    assert status == 1 and "quarantined" in out and "empty_file" in err
    good = tmp_path / "good.csv"
    good.write_bytes(csv_bytes(people(4)))
    sidecar.write_text(yaml.safe_dump(mapping("good", "phone", "phone")), "utf-8")
    base = ("contacts", "import", str(good), "--client", "dupont")
    status, _, err = smsswitch(*base, "--mapping", str(sidecar))
    assert status == 1 and "field_mapped_twice" in err
    assert smsswitch("contacts", "import", str(good), "--client", "nobody")[0] == 1
    assert smsswitch("contacts", "import", str(tmp_path / "none.csv"), "--client", "dupont")[0] == 2


def test_scan(smsswitch: Any, tmp_path: Path) -> None:
    assert smsswitch("scan")[1] == "nothing new\n"
    smsswitch("clients", "add", "dupont", "--name", "x")
    inbox = tmp_path / "var/bucket/clients/dupont/inbox/contacts"
    (inbox / "a.csv").write_bytes(csv_bytes(people(4)))
    (inbox / "b.xlsx").write_bytes(b"PK\x03\x04")
    status, out, _ = smsswitch("scan", "--json")
    done = {u["file"]: (u["state"], u["reason"]) for u in json.loads(out)["uploads"]}
    assert status == 0
    assert done == {
        "a.csv": ("awaiting_mapping", None),
        "b.xlsx": ("quarantined", "not_a_complete_workbook"),
    }


def test_phone_check(smsswitch: Any) -> None:
    status, out, _ = smsswitch("phone", "check", number(7), "--json")
    assert status == 0
    assert json.loads(out) == {
        "number": number(7),
        "region": "FR",
        "msisdn": "+33639980007",
        "code": None,
        "notes": [],
    }
    status, _, err = smsswitch("phone", "check", "36123")
    assert (status, err) == (1, "refused: premium_or_short_code\n")


def test_a_bucket_login_is_printed_once_and_only_where_it_can_be_made(
    smsswitch: Any, db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.conn.cursor().execute("insert into client (code, name) values ('dupont', 'Dupont')")
    login = ("clients", "bucket-login", "dupont")
    assert smsswitch(*login)[::2] == (
        1,
        "smsswitch: SMSSWITCH_BUCKET_LOGINS is not set: the folder that the bucket's server reads"
        " (no_logins_folder)\n",
    )
    monkeypatch.setenv("SMSSWITCH_BUCKET_LOGINS", str(tmp_path / "logins"))
    status, _, err = smsswitch(*login)
    assert status == 1 and err.endswith("(not_s3)\n")
    monkeypatch.setenv("SMSSWITCH_BUCKET_URL", "s3://files")
    key = tmp_path / "key.pub"
    key.write_text("rsa AAAA\n")
    status, _, err = smsswitch(*login, "--sftp-key", str(key))
    assert status == 1 and err.endswith("(bad_ssh_key)\n")
    assert not (tmp_path / "logins").exists()
    status, out, _ = smsswitch(*login, "--revoke", "--json")
    assert (status, json.loads(out)) == (0, {"client": "dupont", "revoked": False})
