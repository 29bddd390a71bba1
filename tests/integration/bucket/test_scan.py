"""Rows 2 and 40–45 of the table of bad inputs: what a scan takes, leaves, refuses."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.bucket import intake, look
from include.bucket.intake import Registered, scan
from include.bucket.process import scan_and_process
from include.storage import Storage
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people, xlsx

NAMES = ("first_name", "last_name", "phone")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks a twentieth of a second apart are enough for files written in one go."""
    monkeypatch.setattr(look, "STABLE_SECONDS", 0.05)


@pytest.fixture
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that looks once: the second look is the next scan."""
    monkeypatch.setattr(intake, "SECOND_LOOK", False)


def later(inbox: Inbox, seconds: float = 5) -> None:
    """Let time pass for what was seen in the inbox."""
    inbox.db.conn.cursor().execute(
        "update drop_sighting set same_since = same_since - %s * interval '1 second',"
        " first_seen = first_seen - %s * interval '1 second'",
        (seconds, seconds),
    )


def states(inbox: Inbox) -> list[tuple[Any, ...]]:
    return list(inbox.db.all("select key, state::text, reason from upload order by upload_id"))


def receipts_of(inbox: Inbox) -> list[dict[str, Any]]:
    return [
        json.loads(p.read_text("utf-8")) for p in inbox.root.rglob("outbox/imports/*/receipt.json")
    ]


def test_one_scan_takes_what_is_there_and_tells(inbox: Inbox) -> None:
    inbox.put("contacts/Clients Été__mars.csv", csv_bytes(people(5)))
    found = scan()
    assert [r.kind for r in found] == ["contacts"]
    assert inbox.db.all("select list_name, label from upload") == [
        ("clients-ete", "Clients Été mars")
    ]
    assert receipts_of(inbox)[0]["state"] == "received"
    assert scan() == []


def test_row_02_and_43_a_file_that_grows_is_left_alone(inbox: Inbox, one_look: None) -> None:
    whole = xlsx(people(50))
    for size in (1000, 2000, 3000):
        inbox.put("contacts/clients.xlsx", whole[:size])
        assert scan() == []
    inbox.put("contacts/clients.xlsx", whole)
    assert scan() == []
    later(inbox)
    assert len(scan()) == 1
    assert inbox.db.one("select bytes from upload") == len(whole)


def test_row_43_never_complete(inbox: Inbox, one_look: None) -> None:
    inbox.put("contacts/clients.csv", b"0639980001")
    scan()
    inbox.db.conn.cursor().execute(
        "update drop_sighting set first_seen = now() - interval '25 hours'"
    )
    inbox.put("contacts/clients.csv", b"0639980001;0639980002")
    assert scan() == []
    assert states(inbox)[0][1:] == ("quarantined", "never_completed")
    assert receipts_of(inbox)[0]["reason"]["code"] == "never_completed"


@pytest.mark.parametrize("name", ["a\x07.xlsx", "photo\u202excod.xlsx", "---.csv", "日\u200b.csv"])
def test_row_40_names_that_cannot_be(inbox: Inbox, name: str) -> None:
    folder = inbox.root / "inbox/contacts"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(xlsx(people(3)))
    scan_and_process()
    scan_and_process()
    (key, state, reason), *more = states(inbox)
    assert (state, reason, more) == ("quarantined", "bad_file_name", [])
    assert "\x07" not in key and "\u202e" not in key
    kept = [p.name for p in (inbox.root / "quarantine").rglob("*") if p.is_file()]
    assert len(kept) == 2 and "reasons.json" in kept
    assert not any(folder.iterdir())


def test_row_40_a_name_that_cannot_be_opened_is_told_to_ops(inbox: Inbox) -> None:
    folder = inbox.root / "inbox/contacts"
    folder.mkdir(parents=True)
    (folder / "..\\etc\\x.csv").write_bytes(b"")
    (folder / "a\\b.csv").write_bytes(b"0639980001")
    assert scan() == []
    assert "a\\b.csv" in str(inbox.db.one("select subject from alert"))


def test_row_40_bytes_that_are_no_text(inbox: Inbox) -> None:
    folder = inbox.root / "inbox/contacts"
    folder.mkdir(parents=True)
    Path(os.fsdecode(bytes(folder) + b"/a\xff.csv")).write_bytes(b"0639980001")
    inbox.put("contacts/good.csv", csv_bytes(people(3)))
    done = scan_and_process()
    assert [u["state"] for u in done] == ["awaiting_mapping"]
    assert ("quarantined", "bad_file_name") in [s[1:] for s in states(inbox)]


def test_row_40_a_file_in_no_known_folder(inbox: Inbox) -> None:
    inbox.put("clients.csv", csv_bytes(people(3)))
    inbox.put("contacts/deep/clients.csv", csv_bytes(people(3)))
    scan()
    assert [s[1:] for s in states(inbox)] == [("quarantined", "wrong_folder")] * 2


def test_row_41_links_and_pipes_are_never_opened(inbox: Inbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(csv_bytes(people(3)))
    folder = inbox.root / "inbox/contacts"
    folder.mkdir(parents=True)
    (folder / "soft.csv").symlink_to(secret)
    (folder / "hard.csv").hardlink_to(secret)
    os.mkfifo(folder / "pipe.csv")
    assert scan() == []
    alerts = {row[0] for row in inbox.db.all("select subject from alert where kind = 'odd_file'")}
    assert {a.rpartition("/")[2] for a in alerts} == {"soft.csv", "hard.csv", "pipe.csv"}
    scan()
    assert inbox.db.one("select count(*) from alert") == 3


def test_row_41_an_inbox_that_leads_to_another_client(
    inbox: Inbox, add_client: Callable[..., Inbox]
) -> None:
    thief = add_client("thief")
    inbox.put("contacts/clients.csv", csv_bytes(people(3)))
    thief.root.mkdir(parents=True)
    (thief.root / "inbox").symlink_to(inbox.root / "inbox")
    assert len(scan()) == 1
    assert inbox.db.one("select code from upload join client using (client_id)") == "dupont"
    assert inbox.db.one("select subject from alert") == "clients/thief/inbox"


@pytest.mark.parametrize(
    "name", ["~$base.xlsx", ".DS_Store", "x.xlsx.filepart", "x.csv.part", "x.tmp", "x.crdownload"]
)
def test_row_42_files_of_programs(inbox: Inbox, name: str) -> None:
    inbox.put(f"contacts/{name}", csv_bytes(people(3)))
    assert scan() == []
    assert (inbox.root / "inbox/contacts" / name).is_file()


def test_row_44_markers(add_client: Callable[..., Inbox]) -> None:
    marked = add_client("marked", completion="marker")
    data = csv_bytes(people(3))
    marked.put("contacts/a.csv", data)
    marked.put("contacts/b.csv", data)
    marked.put("contacts/c.csv", data)
    assert scan() == []
    marked.put("contacts/a.csv.ok", "")
    marked.put("contacts/b.csv.ok", f"{hashlib.sha256(data).hexdigest()}  b.csv\n")
    marked.put("contacts/c.csv.ok", "0" * 64)
    assert len(scan()) == 2
    assert {s[0].rpartition("/")[2]: s[1:] for s in states(marked)} == {
        "a.csv": ("received", None),
        "b.csv": ("received", None),
        "c.csv": ("quarantined", "checksum_mismatch"),
    }
    assert not list((marked.root / "inbox").rglob("*.ok"))


def test_row_45_a_file_is_its_folders_clients_whatever_it_says(
    inbox: Inbox, add_client: Callable[..., Inbox]
) -> None:
    other = add_client("other")
    other.drop("base.csv", csv_bytes(people(2)), mapping("base", *NAMES))
    inbox.put("contacts/other__base.csv", csv_bytes(people(3, start=20)))
    inbox.put(
        "contacts/other__base.csv.mapping.yaml", mapping("base", *NAMES, label="client: other")
    )
    assert [u["state"] for u in scan_and_process()] == ["loaded"]
    assert len(inbox.numbers("base")) == 3
    assert len(other.numbers("base")) == 2


def test_a_sidecar_beside_its_file_asks_no_question(inbox: Inbox) -> None:
    inbox.put("contacts/clients.csv.mapping.yaml", mapping("clients", *NAMES))
    inbox.put("contacts/clients.csv", csv_bytes(people(5)))
    inbox.put("contacts/autres.xlsx", xlsx(people(5, start=10)))
    inbox.put("contacts/autres.mapping.yaml", mapping("autres", *NAMES))
    assert [u["state"] for u in scan_and_process()] == ["loaded", "loaded"]
    assert not [p for p in (inbox.root / "inbox").rglob("*") if p.is_file()]


def test_a_sidecar_that_comes_late_answers(inbox: Inbox) -> None:
    inbox.put("contacts/clients.csv", csv_bytes(people(5)))
    assert [u["state"] for u in scan_and_process()] == ["awaiting_mapping"]
    inbox.put("contacts/clients.mapping.yaml", mapping("clients", *NAMES))
    assert [(u["kind"], u["state"]) for u in scan_and_process()] == [("mapping", "loaded")]
    assert len(inbox.numbers("clients")) == 5


def test_an_orphan_mapping_waits_an_hour_for_its_file(inbox: Inbox) -> None:
    inbox.put("contacts/clients.mapping.yaml", mapping("clients", *NAMES))
    assert scan_and_process() == []
    later(inbox, 3700)
    assert [(u["state"], u["reason"]) for u in scan_and_process()] == [
        ("rejected", "mapping_without_file")
    ]
    told = json.loads((inbox.root / "outbox/receipts/clients.mapping.yaml.json").read_text("utf-8"))
    assert told["reason"]["code"] == "mapping_without_file"


def test_sa2_one_bad_file_never_holds_up_another(inbox: Inbox) -> None:
    inbox.put("contacts/a.xlsx", b"PK\x03\x04 and nothing more")
    inbox.put("contacts/b.doc", b"hello")
    inbox.put("contacts/c.csv", csv_bytes(people(5)))
    inbox.put("contacts/c.csv.mapping.yaml", mapping("c", *NAMES))
    assert [u["state"] for u in scan_and_process()] == ["quarantined", "quarantined", "loaded"]
    assert len(receipts_of(inbox)) == 3
    assert scan_and_process() == []


def test_uploads_nobody_worked_on_are_named_again(inbox: Inbox) -> None:
    inbox.put("contacts/a.csv", csv_bytes(people(5)))
    (first,) = scan()
    assert scan() == []
    inbox.db.conn.cursor().execute("update upload set updated_at = now() - interval '11 minutes'")
    assert scan() == [Registered(first.upload_id, "contacts")]
    assert scan() == []


def test_a_question_nobody_answers_expires(inbox: Inbox) -> None:
    inbox.put("contacts/a.csv", csv_bytes(people(5)))
    scan_and_process()
    inbox.db.conn.cursor().execute("update upload set created_at = now() - interval '15 days'")
    scan()
    assert states(inbox)[0][1:] == ("expired", "no_mapping_in_time")
    assert receipts_of(inbox)[0]["state"] == "expired"
    assert not (inbox.root / "inbox/contacts/a.csv").exists()


def test_a_blocklist_keeps_numbers_out(inbox: Inbox) -> None:
    inbox.put("blocklist/stop.csv", csv_bytes([["Téléphone"], [number(1)], [number(2)], ["06"]]))
    done = scan_and_process()
    assert [(u["kind"], u["state"]) for u in done] == [("blocklist", "loaded")]
    assert done[0]["document"]["counts"]["loaded"] == 2
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)), mapping("clients", *NAMES))
    assert receipt["counts"]["blocklisted"] == 2


@pytest.mark.parametrize("text", ["0639980031\nnobody\n+33639980013\n", "Tel\nx\n0639980031\n"])
def test_a_bad_line_of_a_blocklist_does_not_spoil_the_others(inbox: Inbox, text: str) -> None:
    inbox.put("blocklist/stop.csv", text.encode())
    [done] = scan_and_process()
    assert (done["state"], done["document"]["counts"]["rejected"]) == ("loaded", 1)


def test_the_same_way_through_an_object_store(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSSWITCH_BUCKET_URL", "memory://bucket")
    store = Storage("memory://bucket")
    try:
        store.write_bytes("clients/dupont/inbox/contacts/c.csv", csv_bytes(people(5)))
        sidecar = json.dumps(mapping("c", *NAMES)).encode()
        store.write_bytes("clients/dupont/inbox/contacts/c.csv.mapping.yaml", sidecar)
        assert [u["state"] for u in scan_and_process()] == ["loaded"]
        keys = [f.key for f in store.list("clients/dupont")]
        assert not [k for k in keys if "/inbox/" in k]
        assert [k for k in keys if "/processed/" in k and k.endswith("/c.csv")]
    finally:
        store.fs.rm("/bucket", recursive=True)
