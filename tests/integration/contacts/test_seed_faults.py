"""The faults of the scripts of 2012 that no other file tests: SA of confirmation, SB of loading.

SA2, SA3, SA5, SA6, SA7, SA10, SB3, SB5 and SB7 stand with what they are about.
"""

import csv
import io
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.bucket import look
from include.bucket.process import scan_and_process
from include.contacts import importer
from include.contacts.importer import ImportFailedError, import_upload
from tests.integration.client_files import (
    Inbox,
    Rows,
    csv_bytes,
    mapping,
    number,
    people,
    xls,
    xlsx,
)

NAMES = ("first_name", "last_name", "phone")


def test_sa1_sa2_sb11_every_file_is_taken_once_in_order_and_a_bad_one_stops_nothing(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "STABLE_SECONDS", 0.05)
    for name in ("a", "b", "d"):
        inbox.put(f"contacts/{name}.csv.mapping.yaml", mapping(name, *NAMES))
        inbox.put(f"contacts/{name}.csv", csv_bytes(people(2)))
    inbox.put("contacts/c.exe", b"MZ")
    told = [(one["file"], one["state"]) for one in scan_and_process()]
    assert sorted(told) == [
        ("a.csv", "loaded"),
        ("b.csv", "loaded"),
        ("c.exe", "quarantined"),
        ("d.csv", "loaded"),
    ]
    assert [name for name, _ in told if name != "c.exe"] == ["a.csv", "b.csv", "d.csv"]
    assert scan_and_process() == []


def test_sa4_sb6_no_name_of_the_clients_becomes_a_command_or_a_column(inbox: Inbox) -> None:
    rows: Rows = [["phone); drop table contact; --", "$(touch x)"], [number(1), "a"]]
    receipt = inbox.drop("x; touch pwned.csv", csv_bytes(rows), mapping("x", "phone", "variable1"))
    assert receipt["state"] == "loaded"
    assert inbox.numbers(receipt["list"]) == ["+33639980001"]
    assert not Path("pwned").exists()
    modes = {stat.S_IMODE(p.stat().st_mode) for p in [inbox.root, *inbox.root.rglob("*")]}
    assert not {mode for mode in modes if mode & 0o002}


@pytest.mark.parametrize("make", [xls, xlsx, csv_bytes])
def test_sa8_an_empty_column_ends_the_matter_in_every_format(inbox: Inbox, make: Any) -> None:
    name = {"xls": "c.xls", "xlsx": "c.xlsx"}.get(make.__name__, "c.csv")
    receipt = inbox.drop(name, make([["a", None, number(n)] for n in range(6)]))
    assert (receipt["reason"]["code"], receipt["reason"]["column"]) == ("column_2_empty", 2)
    assert receipt["reason"]["message_fr"].startswith("La colonne 2")
    assert inbox.db.one("select state::text from upload") in ("quarantined", "rejected")


def test_sa9_sa15_one_column_of_damaged_numbers_is_a_list(inbox: Inbox) -> None:
    receipt = inbox.drop("only.xls", xls([[639980001.0], [639980002.0]]), mapping("only", "phone"))
    assert receipt["state"] == "loaded"
    assert inbox.numbers("only") == ["+33639980001", "+33639980002"]


def test_sa11_sa13_sb4_what_is_written_is_what_is_kept(inbox: Inbox) -> None:
    rows: Rows = [["Prénom", "Nom", "Tél"], ["_", "O'Brien\\'; --", number(1)], ["", "", number(2)]]
    inbox.drop("c.csv", csv_bytes(rows), mapping("c", *NAMES))
    assert inbox.contacts("c") == [
        ("+33639980001", "_", "O'Brien\\'; --", None, None),
        ("+33639980002", None, None, None, None),
    ]


def test_sa12_sb2_sb9_two_files_of_one_client_keep_their_own_rows_and_answers(
    inbox: Inbox,
) -> None:
    first = inbox.drop("one.csv", csv_bytes(people(6)))
    second = inbox.drop(
        "two.csv", csv_bytes([["Tel", "Ville"], *[[number(n), "Gap"] for n in range(6)]])
    )
    answer = yaml.safe_load(inbox.outbox(first, "mapping.yaml")) | {"confirmed": True}
    assert inbox.answer(answer)["import_id"] == first["import_id"]
    assert len(inbox.numbers("one")) == 6
    assert inbox.db.all("select state::text from upload where key like '%two.csv'") == [
        ("awaiting_mapping",)
    ]
    preview = list(csv.reader(io.StringIO(inbox.outbox(second, "preview.csv")), delimiter=";"))
    assert sum("Gap" in row for row in preview) == 5


def test_sa14_two_workers_on_one_file_load_it_once(inbox: Inbox) -> None:
    inbox.put("contacts/c.csv.mapping.yaml", mapping("c", *NAMES))
    inbox.put("contacts/c.csv", csv_bytes(people(40)))
    upload = inbox.register("contacts/c.csv")
    with ThreadPoolExecutor(2) as pool:
        states = [done["state"] for done in pool.map(import_upload, [upload, upload])]
    assert states == ["loaded", "loaded"]
    assert inbox.db.one("select count(*) from contact") == 40
    assert inbox.db.one("select count(*) from upload") == 1


def test_sa16_sb8_a_large_file_is_one_transaction(inbox: Inbox) -> None:
    receipt = inbox.drop("c.csv", csv_bytes(people(10_000)), mapping("c", *NAMES))
    assert receipt["counts"]["loaded"] == 10_000
    # Rows written in one transaction carry its number.
    assert inbox.db.one("select count(distinct xmin::text) from contact") == 1


def test_sb1_a_load_that_breaks_off_is_begun_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.put("contacts/c.csv.mapping.yaml", mapping("c", *NAMES))
    inbox.put("contacts/c.csv", csv_bytes(people(3)))
    upload = inbox.register("contacts/c.csv")

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(importer, "load", broken)
        with pytest.raises(ImportFailedError):
            import_upload(upload)
    assert inbox.db.one("select count(*) from contact") == 0
    assert inbox.db.one("select state::text from upload") == "failed"
    assert import_upload(upload)["state"] == "loaded"
    assert inbox.db.one("select count(*) from contact") == 3


def test_sb10_the_receipt_counts_and_gives_back_what_was_refused(inbox: Inbox) -> None:
    rows: Rows = [*people(3), ["a", "b", "06 39 98"], ["c", "d", number(0)]]
    receipt = inbox.drop("c.csv", csv_bytes(rows), mapping("c", *NAMES))
    counts = receipt["counts"]
    assert (counts["rows"], counts["loaded"], counts["rejected"]) == (5, 3, 2)
    assert counts["rejected_by"] == {"duplicate_in_file": 1, "phone_too_short": 1}
    assert "06 39 98;" in inbox.outbox(receipt, "rejects.csv")
    assert json.loads(inbox.outbox(receipt, "receipt.json"))["counts"] == counts
