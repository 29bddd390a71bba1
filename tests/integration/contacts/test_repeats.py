"""Rows 37–39 and 46–50 of the table of bad inputs: the same again, and mappings."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from include.contacts import importer, receipts
from include.contacts.importer import ImportFailedError, import_upload
from include.contacts.loading import load
from include.errors import InputError
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people, xlsx

NAMES = ("first_name", "last_name", "phone")


def code(receipt: dict[str, Any]) -> tuple[str, str]:
    return receipt["state"], (receipt["reason"] or {}).get("code", "")


def uploads(inbox: Inbox) -> list[tuple[Any, ...]]:
    return list(
        inbox.db.all("select kind::text, state::text, reason from upload order by upload_id")
    )


def test_row_37_the_same_file_twice_loads_once(inbox: Inbox) -> None:
    book = xlsx(people(6))
    first = inbox.drop("clients.xlsx", book, mapping("clients", *NAMES))
    again = inbox.drop("clients.xlsx", book, mapping("clients", *NAMES))
    assert (first["state"], first["counts"]["loaded"]) == ("loaded", 6)
    assert code(again) == ("duplicate", "duplicate")
    assert again["counts"]["loaded"] == 0
    assert first["import_id"] in again["reason"]["message_fr"]
    remembered = inbox.drop("clients.xlsx", book)
    assert remembered["state"] == "duplicate"
    assert len(inbox.numbers("clients")) == 6


def test_row_37_twice_while_the_first_still_waits(inbox: Inbox) -> None:
    data = csv_bytes(people(6))
    first = inbox.drop("clients__a.csv", data)
    second = inbox.drop("clients__b.csv", data)
    assert (first["state"], code(second)) == ("awaiting_mapping", ("duplicate", "duplicate"))


def test_row_38_the_same_name_with_other_content_updates(inbox: Inbox) -> None:
    inbox.drop("clients.csv", csv_bytes(people(4)), mapping("clients", *NAMES))
    rows = [
        ["Prénom", "Nom", "Téléphone"],
        ["Neuf", "N", number(1)],
        ["Zoé2", "O'Brien", number(2)],
    ]
    receipt = inbox.drop("clients.csv", csv_bytes([*rows, ["A", "B", number(50)]]))
    counts = receipt["counts"]
    assert (counts["loaded"], counts["updated"], counts["unchanged"]) == (1, 1, 1)
    assert inbox.contacts("clients")[1][:3] == ("+33639980001", "Neuf", "N")
    assert len(inbox.numbers("clients")) == 5


def test_row_38_modes_append_and_replace(inbox: Inbox) -> None:
    inbox.drop("clients.csv", csv_bytes(people(3)), mapping("clients", *NAMES))
    rows = [["Prénom", "Nom", "Téléphone"], ["Neuf", "N", number(1)], ["A", "B", number(50)]]
    added = inbox.drop("clients.csv", csv_bytes(rows), mapping("clients", *NAMES, mode="append"))
    assert (added["counts"]["loaded"], added["counts"]["unchanged"]) == (1, 1)
    assert inbox.contacts("clients")[1][1] == "Zoé1"
    replaced = inbox.drop(
        "clients.csv", csv_bytes(rows), mapping("clients", *NAMES, mode="replace")
    )
    assert replaced["state"] == "loaded"
    assert replaced["notes"][0]["n"] == 2
    assert inbox.numbers("clients") == ["+33639980001", "+33639980050"]


def test_row_38_replace_while_a_campaign_uses_the_list(inbox: Inbox) -> None:
    inbox.drop("clients.csv", csv_bytes(people(3)), mapping("clients", *NAMES))
    inbox.db.conn.cursor().execute(
        "insert into campaign (client_id, name, list_id, state, purpose, spec)"
        " select client_id, 'rentree', list_id, 'sending', 'transactional', '{}' from contact_list"
    )
    data = csv_bytes(people(2, start=60))
    refused = inbox.drop("clients.csv", data, mapping("clients", *NAMES, mode="replace"))
    assert code(refused) == ("rejected", "list_in_use")
    assert "rentree" in refused["reason"]["message_fr"]
    assert len(inbox.numbers("clients")) == 3


def test_row_39_the_same_content_under_another_name(inbox: Inbox) -> None:
    data = csv_bytes(people(3))
    first = inbox.drop("clients.csv", data, mapping("clients", *NAMES))
    other = inbox.drop("autres.csv", data)
    assert (other["state"], other["list"]) == ("loaded", "autres")
    assert other["notes"][0]["code"] == "mapping_remembered"
    same = inbox.drop("clients__copie.csv", data)
    assert same["state"] == "duplicate" and first["import_id"] in same["reason"]["message_en"]


def test_a_remembered_mapping_counts_only_for_its_client_and_header(
    inbox: Inbox, add_client: Callable[..., Inbox]
) -> None:
    inbox.drop("clients.csv", csv_bytes(people(3)), mapping("clients", *NAMES))
    other = add_client("other").drop("clients.csv", csv_bytes(people(3)))
    assert other["state"] == "awaiting_mapping"
    rows = people(3, start=10)
    rows[0][1] = "Surnom"
    assert inbox.drop("clients.csv", csv_bytes(rows))["state"] == "awaiting_mapping"


def test_a_client_may_trust_a_certain_proposal(add_client: Callable[..., Inbox]) -> None:
    trusting = add_client("trusting", auto_confirm="high_confidence")
    assert trusting.drop("a.csv", csv_bytes(people(3)))["state"] == "loaded"
    rows = [[f"x{i}", "y", number(i)] for i in range(5)]
    assert trusting.drop("b.csv", csv_bytes(rows))["state"] == "awaiting_mapping"


@pytest.mark.parametrize(
    ("columns", "refused"),
    [
        ([{"column": 1, "to": "phone"}, {"column": 3, "to": "phone"}], "field_mapped_twice"),
        ([{"column": 3, "to": "last_name"}], "phone_required"),
        ([{"column": 7, "to": "phone"}], "no_such_column"),
        ([{"column": "G", "to": "phone"}], "no_such_column"),
        ([{"header": "Télephon", "to": "phone"}], "no_such_column"),
        ([{"column": 3, "to": "phone"}, {"column": 3, "to": "last_name"}], "column_mapped_twice"),
        ([{"column": 3, "to": "téléphone"}, {"column": 1, "to": "phone"}], "mapping_invalid"),
    ],
    ids=["row_46", "row_47", "row_48", "row_48_letter", "row_48_header", "twice", "target"],
)
def test_rows_46_to_48_mappings_that_cannot_be(
    inbox: Inbox, columns: list[dict[str, Any]], refused: str
) -> None:
    document = {**mapping("clients"), "columns": columns}
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)), document)
    assert code(receipt) == ("awaiting_mapping", refused)
    assert inbox.numbers("clients") == []
    # The file was read all the same, and a better mapping loads it.
    assert receipt["columns"][2]["to"] == "phone"
    right = yaml.safe_load(inbox.outbox(receipt, "mapping.yaml")) | {"confirmed": True}
    assert inbox.answer(right)["state"] == "loaded"


def test_row_48_says_what_was_meant(inbox: Inbox) -> None:
    document = {**mapping("clients"), "columns": [{"header": "Telefone", "to": "phone"}]}
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)), document)
    assert "« Téléphone »" in receipt["reason"]["message_fr"].replace("\u00a0", " ")


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2", "a: &x [1]\nb: *x", "\x00", "version: 2", ""])
def test_a_sidecar_that_is_no_mapping(inbox: Inbox, text: str) -> None:
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)), text)
    assert code(receipt) == ("awaiting_mapping", "mapping_invalid")


def test_an_answer_refused_leaves_the_question_open(inbox: Inbox) -> None:
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)))
    wrong = mapping("clients", "first_name", import_id=receipt["import_id"])
    assert inbox.answer(wrong)["reason"]["code"] == "phone_required"
    not_yet = mapping("clients", *NAMES, import_id=receipt["import_id"], confirmed=False)
    assert inbox.answer(not_yet)["reason"]["code"] == "mapping_not_confirmed"
    beyond = {
        **mapping("clients", import_id=receipt["import_id"]),
        "columns": [{"column": 9, "to": "phone"}],
    }
    assert code(inbox.answer(beyond)) == ("awaiting_mapping", "no_such_column")
    assert inbox.answer(mapping("clients", *NAMES))["reason"]["code"] == "mapping_without_file"
    right = mapping("clients", *NAMES, import_id=receipt["import_id"])
    assert inbox.answer(right)["state"] == "loaded"
    assert [u[1] for u in uploads(inbox)] == ["loaded", *["rejected"] * 4, "loaded"]


def test_row_49_a_mapping_for_a_version_replaced_since(inbox: Inbox) -> None:
    old = inbox.drop("clients.csv", csv_bytes(people(5)))
    new = inbox.drop("clients.csv", csv_bytes(people(6)))
    assert (old["state"], new["state"]) == ("awaiting_mapping", "awaiting_mapping")
    told = inbox.outbox(old, "receipt.json")
    assert '"expired"' in told and "remplacé" in told
    late = inbox.answer(mapping("clients", *NAMES, import_id=old["import_id"]))
    assert code(late) == ("rejected", "mapping_for_another_version")
    beside = mapping("clients", *NAMES, import_id=old["import_id"])
    assert code(inbox.drop("clients.csv", csv_bytes(people(7)), beside)) == (
        "awaiting_mapping",
        "mapping_for_another_version",
    )
    assert inbox.numbers("clients") == []


def test_row_49_the_answer_beside_the_very_file_it_was_made_for(inbox: Inbox) -> None:
    data = csv_bytes(people(5))
    waiting = inbox.drop("clients.csv", data)
    answer = mapping("clients", *NAMES, import_id=waiting["import_id"])
    receipt = inbox.drop("clients.csv", data, answer)
    assert (receipt["state"], receipt["import_id"]) == ("loaded", waiting["import_id"])


def test_row_50_a_mapping_confirmed_twice_is_confirmed_once(inbox: Inbox) -> None:
    waiting = inbox.drop("clients.csv", csv_bytes(people(5)))
    answer = mapping("clients", *NAMES, import_id=waiting["import_id"])
    first = inbox.answer(answer)
    second = inbox.answer({**answer, "label": "encore"})
    assert first == second
    assert [u[1:] for u in uploads(inbox)[1:]] == [
        ("loaded", None),
        ("duplicate", "already_confirmed"),
    ]


def test_row_50_two_answers_at_once(inbox: Inbox) -> None:
    waiting = inbox.drop("clients.csv", csv_bytes(people(5)))
    answers = []
    for name in ("a.yaml", "b.yaml"):
        document = mapping("clients", *NAMES, import_id=waiting["import_id"], label=name)
        inbox.put(f"contacts/{name}", document)
        answers.append(inbox.register(f"contacts/{name}"))
    results: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda i=i: results.append(import_upload(i))) for i in answers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert sorted(str(u[1]) for u in uploads(inbox)[1:]) == ["duplicate", "loaded"]
    assert inbox.db.one("select count(*) from audit_entry where action = 'contacts.loaded'") == 1


def test_importing_again_changes_nothing(inbox: Inbox) -> None:
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)), mapping("clients", *NAMES))
    upload_id = inbox.db.one("select upload_id from upload")
    written = inbox.outbox(receipt, "receipt.json")
    assert import_upload(int(upload_id)) == receipt
    assert inbox.outbox(receipt, "receipt.json") == written
    with pytest.raises(InputError, match="no_such_upload"):
        import_upload(999)


def test_a_crash_after_the_load_still_gets_its_receipt(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = receipts.write

    def fails_once_loaded(storage: Any, upload: Any, found: Any) -> Any:
        if upload.state == "loaded":
            raise OSError("no space left on device")
        return write(storage, upload, found)

    monkeypatch.setattr(receipts, "write", fails_once_loaded)
    with pytest.raises(ImportFailedError):
        inbox.drop("clients.csv", csv_bytes(people(5)), mapping("clients", *NAMES))
    monkeypatch.setattr(receipts, "write", write)
    receipt = import_upload(int(inbox.db.one("select upload_id from upload")))
    assert (receipt["state"], receipt["counts"]["loaded"]) == ("loaded", 5)
    assert not (inbox.root / "inbox/contacts/clients.csv").exists()


def test_a_fault_of_ours_is_told_without_a_traceback_and_can_be_run_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "load", lambda *_: 1 / 0)
    with pytest.raises(ImportFailedError):
        inbox.drop("clients.csv", csv_bytes(people(5)), mapping("clients", *NAMES))
    assert inbox.db.one("select state::text from upload") == "failed"
    page = next((inbox.root / "outbox/imports").rglob("receipt.html")).read_text("utf-8")
    assert "panne de notre côté" in page and "ZeroDivision" not in page
    monkeypatch.setattr(importer, "load", load)
    assert import_upload(int(inbox.db.one("select upload_id from upload")))["state"] == "loaded"


def test_the_receipt_speaks_the_clients_language(add_client: Callable[..., Inbox]) -> None:
    english = add_client("north", language="en")
    receipt = english.drop("a.csv", csv_bytes([*people(5), ["x", "y", "06"]]), mapping("a", *NAMES))
    page = english.outbox(receipt, "receipt.html")
    assert '<html lang="en">' in page
    assert "5 contacts loaded into the list" in page
    assert "The number is too short." in english.outbox(receipt, "rejects.csv")
