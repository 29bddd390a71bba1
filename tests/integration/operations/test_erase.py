"""Erasing a person: found in every table and file, in every spelling; what stays is said."""

import io
import json
from typing import Any

import openpyxl
import pytest
import xlwt
from click.testing import CliRunner

from include.cli import smsswitch
from include.errors import InputError
from include.fleet.uncertain import resolve_uncertain
from include.operations.erase import erase
from include.settings import settings
from include.storage import Storage
from tests.conftest import Database
from tests.integration.campaigns.scene import Scene, scene
from tests.integration.fleet.host import Host

__all__ = ["scene"]
NUMBER, OTHER = "+33639980001", "+33639980012"
SPELLINGS = (
    "06 39 98 00 01",
    "0639980001",
    "+33 6 39 98 00 01",
    "0033639980001",
    "06.39.98.00.01",
    "33639980001",
)


def csv(spelling: str) -> bytes:
    return f"nom;telephone\nZoé;{spelling}\n".encode()


def xlsx(value: Any) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["Zoé", value])
    book.save(out)
    return out.getvalue()


def xls(value: Any) -> bytes:
    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("a")
    sheet.write(0, 0, value)
    book.save(out)
    return out.getvalue()


@pytest.fixture
def known(scene: Scene) -> Scene:
    """A person in lists, messages, replies, receipts, tickets, and somebody else beside."""
    scene.db.all(
        "insert into opt_out (msisdn, source) values (%s, 'blocklist') returning 1",
        ("+33639980099",),
    )
    scene.contacts(0)
    list_id = scene.db.one("select list_id from contact_list")
    for row, number in enumerate((NUMBER, OTHER), 2):
        scene.db.all(
            "insert into contact (list_id, msisdn, first_name, upload_id, row_number) "
            "select %s, %s, 'Zoé', upload_id, %s from upload returning 1",
            (list_id, number, row),
        )
    group = scene.group(0)
    host = Host(group["database_url"], group["mac"])
    host.register()
    host.heartbeat(1)
    scene.apply()
    scene.expand()
    host.report(host.claim(), "sent")
    scene.rollup()
    scene.db.all(
        "insert into inbound_message (group_id, journal_id, host_key, imei, sender, text) "
        "values (%s, gen_random_uuid(), 'k', 'i', %s, 'oui') returning 1",
        (group["group_id"], NUMBER),
    )
    scene.db.all(
        "update upload set receipt = %s where list_name is null and kind = 'contacts' returning 1",
        (json.dumps({"rows": [["Zoé", "0639980001"], ["Léo", OTHER]]}),),
    )
    with scene.db.conn.cursor() as cur:
        cur.execute(
            "select drop_ticket_views(); alter table taxdata add column callednumber text; "
            "select create_ticket_views()"
        )
        cur.execute(
            "insert into taxdata (ticket_id, file_id, line_number, content_digest, ambiguous_time, "
            "callednumber) values (100000001, 1, 1, gen_random_uuid(), false, '00639980001'), "
            "(100000002, 1, 2, gen_random_uuid(), false, '00639980012')"
        )
    return scene


def everywhere(db: Database) -> int:
    """Rows of any table of the database that still hold the number, the audit trail apart."""
    tables = db.all(
        "select quote_ident(table_name) from information_schema.tables "
        "where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'audit_entry'"
    )
    return sum(
        int(str(db.one(f"select count(*) from {table} as t where t::text ~ '639980001'")))
        for (table,) in tables
    )


def test_every_table_forgets_and_the_ledger_still_adds_up(known: Scene) -> None:
    balance = known.balance()
    assert everywhere(known.db) > 0
    told = erase("06 39 98 00 01", by="ops:jane")
    assert everywhere(known.db) == 0
    found = {place["where"]: place["found"] for place in told["places"]}
    assert found == {
        "contact": 1,
        "message": 1,
        "inbound_message": 1,
        "upload": 1,
        "taxdata.callednumber": 1,
    }
    known.rollup()
    assert known.balance() == balance
    assert known.db.all("select count(*) from message") == [(2,)]
    others = "select count(*) from contact where msisdn = %s"
    assert known.db.one(others, (OTHER,)) == 1
    assert (
        known.db.one(
            "select receipt -> 'rows' -> 1 ->> 1 from upload where receipt is not null "
            "and kind = 'contacts'"
        )
        == OTHER
    )
    (entry,) = known.db.all(
        "select subject, detail::text from audit_entry where action = 'person_erase'"
    )
    assert "639980001" not in str(entry)
    assert erase(NUMBER, by="ops:jane")["places"] == []


def test_a_dry_run_lists_the_same_and_changes_nothing(known: Scene) -> None:
    before = everywhere(known.db)
    done = CliRunner().invoke(smsswitch, ["retention", "erase", NUMBER, "--dry-run", "--json"])
    told = json.loads(done.stdout)
    assert everywhere(known.db) == before
    assert told["places"] == erase(NUMBER, by="ops:jane")["places"]


def with_a_host(scene: Scene) -> tuple[str, Host]:
    """A number with a planned message, and the host that may claim it."""
    scene.contacts([("Zoé", None, None)])
    group = scene.group(0)
    host = Host(group["database_url"], group["mac"])
    host.register()
    host.heartbeat(1)
    scene.apply()
    scene.expand()
    return "+33639980000", host


def test_what_a_host_holds_and_who_said_stop_stay_and_are_named(scene: Scene) -> None:
    number, host = with_a_host(scene)
    batch = host.claim()
    scene.db.all("insert into opt_out (msisdn, source) values (%s, 'stop') returning 1", (number,))
    kept = {place["where"]: place["done"] for place in erase(number, by="ops:jane")["kept"]}
    assert "run this again" in kept["message"]
    assert "nobody writes" in kept["opt_out"]
    host.report(batch, "sent")
    again = erase(number, by="ops:jane", opt_outs=True)
    assert [place["where"] for place in again["places"]] == ["message", "opt_out"]
    assert "message" not in {place["where"] for place in again["kept"]}


def test_what_may_have_gone_out_is_erased_once_a_person_has_said(scene: Scene) -> None:
    number, host = with_a_host(scene)
    host.report(host.claim(), "uncertain")
    assert "message" in {place["where"] for place in erase(number, by="ops:jane")["kept"]}
    ids = [row[0] for row in scene.db.all("select message_id from message")]
    resolve_uncertain([int(str(n)) for n in ids], "planned", "ops:jane")
    scene.expand()
    assert [m["msisdn"] for m in host.claim()["messages"]] == [number]


def test_what_was_planned_is_not_sent_any_more(scene: Scene) -> None:
    scene.contacts([("Zoé", None, None), ("Léo", None, None)])
    group = scene.group(0)
    host = Host(group["database_url"], group["mac"])
    host.register()
    host.heartbeat(1)
    scene.apply()
    scene.expand()
    erase("+33639980000", by="ops:jane")
    assert [m["msisdn"] for m in host.claim()["messages"]] == ["+33639980001"]
    assert scene.db.one("select count(*) from message where reason = 'erased' and msisdn = ''") == 1


def test_every_spelling_in_every_kind_of_file_is_found(scene: Scene) -> None:
    bucket = Storage(settings().bucket_url)
    mine = {f"processed/2026/11/imp_{n}/a.csv": csv(text) for n, text in enumerate(SPELLINGS)}
    mine |= {
        "processed/2026/11/imp_x/a.xlsx": xlsx("06 39 98 00 01"),
        "processed/2026/11/imp_y/a.xlsx": xlsx(33639980001),
        "quarantine/imp_z/a.xls": xls("06 39 98 00 01"),
        "quarantine/imp_u/a.xls": xls(639980001),
        "outbox/lists/l/contacts.xlsx": xlsx(NUMBER),
        "inbox/contacts/utf16.csv": csv("0639980001").decode().encode("utf-16"),
        "quarantine/imp_v/broken.xlsx": b"PK\x03\x04 no archive 0639980001 ",
    }
    others = {
        "processed/2026/11/imp_o/a.csv": csv("06 39 98 00 12"),
        "processed/2026/11/imp_p/a.csv": b"10639980001;06399800012;9993363998000177\n",
        "outbox/lists/o/contacts.xlsx": xlsx(OTHER),
        "quarantine/imp_w/a.xls": xls(639980012),
    }
    for place, data in (mine | others).items():
        bucket.write_bytes(f"clients/acme/{place}", data)
    told = erase(NUMBER, by="ops:jane")
    assert {place["where"] for place in told["places"]} == {
        f"clients/acme/{place}" for place in mine
    }
    assert {file.key for file in bucket.list("clients")} == {
        f"clients/acme/{place}" for place in others
    }


@pytest.mark.parametrize("number", ["", "12", "abc", "06 39 98 00"])
def test_what_is_no_number_is_refused(db: Database, number: str) -> None:
    with pytest.raises(InputError):
        erase(number, by="ops:jane")
