"""``outbox/lists/``: written when an import changed the list, safe to open, bounded in memory."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl

from include.bucket.process import process
from include.contacts.list_files import write_list
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people

HOSTILE = ("=cmd|' /C calc'!A0", "@SUM(1)", "+1+cmd", "-2+3", "<script>", "http://x.example/")


def load(inbox: Inbox, name: str, data: bytes, sidecar: dict[str, Any]) -> dict[str, Any]:
    inbox.put(f"contacts/{name}.mapping.yaml", sidecar)
    inbox.put(f"contacts/{name}", data)
    return process(inbox.register(f"contacts/{name}"))


def folder(inbox: Inbox, name: str) -> Path:
    return inbox.root / "outbox/lists" / name


def cells(inbox: Inbox, name: str) -> list[list[Any]]:
    book = openpyxl.load_workbook(BytesIO((folder(inbox, name) / "contacts.xlsx").read_bytes()))
    sheet = book.active
    assert sheet is not None
    assert all(c.data_type in ("s", "n") for row in sheet.iter_rows() for c in row)
    assert all(c.hyperlink is None for row in sheet.iter_rows() for c in row)
    return [[c.value for c in row] for row in sheet.iter_rows()]


def test_the_list_is_told_and_hostile_cells_compute_nothing(inbox: Inbox) -> None:
    rows = [[number(i), value, value] for i, value in enumerate(HOSTILE)]
    sidecar = mapping("guests", "phone", "first_name", "var_ville")
    receipt = load(inbox, "guests.csv", csv_bytes([["tel", "prénom", "ville"], *rows]), sidecar)
    assert receipt["counts"]["loaded"] == 6, receipt
    summary = json.loads((folder(inbox, "guests") / "summary.json").read_text())
    assert (summary["contacts"], summary["opted_out"]) == (6, 0)
    head, *body = cells(inbox, "guests")
    assert head == ["Téléphone", "Prénom", "Nom", "Variable 1", "Variable 2", "var_ville"]
    assert [row[0] for row in body] == [f"+3363998{i:04d}" for i in range(6)]
    shown = [f"'{v}" if v[0] in "=@+-" else v for v in HOSTILE]
    assert [row[1] for row in body] == shown
    assert [row[5] for row in body] == shown


def test_it_is_written_again_only_when_the_list_changed(inbox: Inbox) -> None:
    sidecar = mapping("guests", "first_name", "last_name", "phone")
    load(inbox, "guests.csv", csv_bytes(people(3)), sidecar)
    book = folder(inbox, "guests") / "contacts.xlsx"
    before = book.stat().st_ino
    load(inbox, "guests.csv", csv_bytes(people(2)), sidecar)
    assert book.stat().st_ino == before
    load(inbox, "guests.csv", csv_bytes(people(2)), {**sidecar, "mode": "replace"})
    assert len(cells(inbox, "guests")) == 3
    book.unlink()
    client_id = inbox.db.one("select client_id from client where code = 'dupont'")
    assert write_list(inbox.storage, client_id, "guests")
    assert not write_list(inbox.storage, client_id, "guests")
    assert not write_list(inbox.storage, client_id, "nobody")


def test_a_refused_file_writes_no_list(inbox: Inbox) -> None:
    process_me = csv_bytes([["tel"], ["12"], ["13"]])
    receipt = load(inbox, "guests.csv", process_me, mapping("guests", "phone"))
    assert receipt["state"] == "rejected"
    assert not folder(inbox, "guests").exists()


def test_another_client_s_list_of_the_same_name_is_another(inbox: Inbox, add_client: Any) -> None:
    other = add_client("autre", language="en")
    sidecar = mapping("guests", "first_name", "last_name", "phone")
    load(inbox, "guests.csv", csv_bytes(people(3)), sidecar)
    load(other, "guests.csv", csv_bytes(people(1, start=50)), sidecar)
    assert len(cells(inbox, "guests")) == 4
    assert cells(other, "guests")[0][0] == "Phone"
    assert [row[0] for row in cells(other, "guests")[1:]] == ["+33639980050"]
