"""Whole files in and out of taxdata, by real compress(1) data."""

import itertools
from collections.abc import Callable
from pathlib import Path

import ncompress
import pytest

from include.errors import InputError
from include.taxation.generate import layout, spool_text, write_spool
from include.taxation.ingest import ingest_new, ingest_paths
from include.taxation.order import carry_out
from include.taxation.pbx import add
from tests.conftest import Database
from tests.integration.taxation.written import HEADER, record, spool

Write = Callable[[str, bytes], Path]
CONTENT = """
    select f.sha256, md5(string_agg((to_jsonb(t) - 'ticket_id' - 'file_id')::text, ',' order by line_number))
    from taxdata t join spooled_file f using (file_id) group by 1 order by 1
"""
COLUMNS = """
    select column_name, data_type from information_schema.columns
    where table_name = 'taxdata' order by 1
"""
VIEW = """
    select md5(string_agg(v::text, ',' order by file_sha256, line_number))
    from (select {} from v_ticket) v
"""


def test_both_layouts_are_loaded_and_every_field_has_its_stable_name(
    db: Database, tmp_path: Path
) -> None:
    write_spool(tmp_path / "TAXAAAAA.DAT", layout_name="seed", tickets=300, seed=1)
    write_spool(tmp_path / "TAXAAAAB.DAT", layout_name="ed5.2", tickets=200, seed=2)

    report = ingest_paths([tmp_path], "siege")

    assert [(f["name"], f["state"], f["tickets"], f["rejected"]) for f in report["files"]] == [
        ("TAXAAAAA.DAT", "loaded", 300, 0),
        ("TAXAAAAB.DAT", "loaded", 200, 0),
    ]
    assert report["pbx_created"] is True
    assert report["files"][0]["layouts"] == [layout("seed").id]
    assert report["columns_added"][:2] == ["ticketversion", "callednumber"]
    assert len(report["columns_added"]) == 48
    assert (
        "timedlt" in report["columns_added"] and "externfacilities" not in report["columns_added"]
    )
    assert db.one("select count(*) from taxdata") == 500
    assert db.one("select count(*) from v_ticket") == 500
    assert db.one("select count(*) from v_ticket where time_dlt is null") == 300
    assert db.all("select layout, count(*) from meta_columndesc group by 1 order by 2") == [
        (layout("seed").id, 47),
        (layout("ed5.2").id, 48),
    ]


def test_a_folder_whose_name_an_address_must_escape(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "50%20 #1"
    folder.mkdir()
    write_spool(folder / "TAXAAAAA.DAT", layout_name="seed", tickets=3, seed=1)
    assert ingest_paths([folder, folder / "TAXAAAAA.DAT"], "siege")["files"][0]["tickets"] == 3


def test_every_file_has_one_line_in_the_log(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, name in enumerate(("TAXAAAAA.DAT", "TAXAAAAB.DAT")):
        write_spool(tmp_path / name, layout_name="seed", tickets=30, seed=number)
    (tmp_path / "TAXAAAAC.DAT").write_bytes(b"no spool at all")
    with caplog.at_level("INFO"):
        ingest_paths([tmp_path], "siege")
    lines = sorted(r.getMessage() for r in caplog.records if hasattr(r, "event"))
    assert [line.partition(" sha256=")[0] for line in lines] == [
        f"spool_file pbx=siege name=TAXAAAA{letter}.DAT" for letter in "ABC"
    ]
    assert ["tickets=30" in line for line in lines] == [True, True, False]
    assert "state=quarantined" in lines[2]


def test_what_the_generator_wrote_is_what_the_table_holds(db: Database, tmp_path: Path) -> None:
    text = spool_text("seed", 50, 3).decode("cp1252").splitlines()
    (tmp_path / "t.dat").write_bytes(ncompress.compress("\n".join([*text, ""]).encode("cp1252")))
    ingest_paths([tmp_path / "t.dat"], "siege")
    rows = db.all(
        "select line_number, callednumber, chargedusername, calltype, duration,"
        " to_char(startdatetime, 'YYYYMMDD HH24:MI:SS') from taxdata order by 1"
    )
    at = {c.key: (c.first - 1, c.last) for c in layout("seed").columns}
    names = ("callednumber", "chargedusername", "calltype", "duration", "startdatetime")
    for row, line in zip(rows, text[1:], strict=True):
        cut = [line[slice(*at[name])].strip() for name in names]
        assert [str(value) for value in row[1:]] == cut


def test_any_order_of_files_gives_the_same_table(
    db: Database, write: Write, tmp_path: Path
) -> None:
    wide = HEADER.replace("Duration,88,97,R", "Duration,88,97,L").replace(
        "StartDateTime,54,70", "StartDateTime,54,69"
    )
    files = [
        write("a", spool(record(duration="0007"), record(called="0639980002"))),
        write("b", spool(record(duration="about 5", called="0639980003"), header=wide)),
        write("c", spool_text("ed5.2", 20, 5)),
        write("d", spool(record(called="0639980002"), record(called="0639980009"))),
    ]
    seen = set()
    for order in itertools.permutations(files):
        db.conn.cursor().execute(
            "set role smsswitch_owner; truncate spooled_file, ticket_layout, spool_sighting cascade;"
            "reset role; truncate taxdata cascade; truncate alert cascade;"
        )
        _forget_columns(db)
        report = ingest_paths(order, "siege")
        assert [f["state"] for f in report["files"]] == ["loaded"] * 4
        names = "line_number, file_sha256, duration, start_date_time, called_number, call_type_name"
        seen.add((str(db.all(COLUMNS)), str(db.all(CONTENT)), db.one(VIEW.format(names))))
    assert len(seen) == 1
    assert ("duration", "text") in db.all(COLUMNS)
    assert ("startdatetime", "text") in db.all(COLUMNS)
    assert db.one("select count(*) from v_ticket") == 2 + 1 + 20 + 1


def _forget_columns(db: Database) -> None:
    own = ("ticket_id", "file_id", "line_number", "content_digest", "ambiguous_time")
    drops = [f'drop column "{name}"' for name, _ in db.all(COLUMNS) if name not in own]
    with db.conn.cursor() as cur:
        cur.execute("select drop_ticket_views()")
        if drops:
            cur.execute("alter table taxdata " + ", ".join(drops))
        cur.execute("set role smsswitch_taxation; select create_ticket_views(); reset role")


def test_row_68_widening_converts_what_is_stored_and_the_view_keeps_its_types(
    db: Database, write: Write
) -> None:
    ingest_paths([write("a", spool(record(duration="0060")))], "siege")
    wide = HEADER.replace("Duration,88,97,R", "Duration,88,97,N")
    report = ingest_paths([write("b", spool(record(duration="1:30"), header=wide))], "siege")
    assert report["columns_converted"] == ["duration"]
    assert report["columns_added"] == []
    assert db.all("select duration from taxdata order by 1") == [("1:30",), ("60",)]
    assert db.all("select duration from v_ticket order by 1 nulls last") == [(60,), (None,)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"pbx": "seige"}, "unknown_pbx"),
        ({"file": "TAXAAAAZ.DAT"}, "no_such_file"),
        ({"pbx": "siege", "file": "../siege/TAXAAAAA.DAT"}, "no_such_file"),
    ],
)
def test_an_order_for_what_is_not_there_is_refused(
    asked: dict[str, str], code: str, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSSWITCH_SPOOL_URL", tmp_path.as_uri())
    write_spool(tmp_path / "siege" / "TAXAAAAA.DAT", layout_name="seed", tickets=3, seed=1)
    with pytest.raises(InputError) as refused:
        carry_out(**asked)
    assert refused.value.code == code
    assert carry_out(pbx="siege", file="TAXAAAAA.DAT")[0]["files"][0]["tickets"] == 3


def test_new_files_of_the_spool_are_loaded_once_and_tax_tmp_is_left_alone(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "spool"
    monkeypatch.setenv("SMSSWITCH_SPOOL_URL", root.as_uri())
    write_spool(root / "siege" / "TAXAAAAA.DAT", layout_name="seed", tickets=10, seed=1)
    write_spool(root / "siege" / "TAXAAAAB_AC199E64.DAT", layout_name="seed", tickets=5, seed=2)
    write_spool(root / "siege" / "TAXAAAAC.DAT", layout_name="seed", tickets=7, seed=3)
    (root / "siege" / "tax.tmp").write_bytes(b"#half")
    (root / "siege" / "ACCOUNT.LIS").write_text("TAXAAAAA.DAT\nTAXAAAAB_AC199E64.DAT\n")

    report = ingest_new()
    assert [(f["name"], f["tickets"]) for f in report["files"]] == [
        ("TAXAAAAA.DAT", 10),
        ("TAXAAAAB_AC199E64.DAT", 5),
    ]
    assert report["pbxs_created"] == ["siege"]
    assert ingest_new()["files"] == []

    (root / "siege" / "ACCOUNT.LIS").unlink()
    assert [f["name"] for f in ingest_new()["files"]] == ["TAXAAAAC.DAT"]
    kept = {p.name for p in (root / ".raw" / "siege").iterdir()}
    assert kept == {row[0] for row in db.all("select sha256 from spooled_file")}

    write_spool(root / "siege" / "TAXAAAAA.DAT", layout_name="seed", tickets=11, seed=4)
    assert [f["tickets"] for f in ingest_new()["files"]] == [11]
    assert db.all("select subject from alert where kind = 'spool_name_reused'") == [
        ("siege/TAXAAAAA.DAT",)
    ]


def test_policies_freeze_and_approve_load_nothing_of_a_new_layout(
    db: Database, write: Write
) -> None:
    add("frozen", policy="freeze")
    add("careful", policy="approve")
    path = write("a", spool(record()))
    (file,) = ingest_paths([path], "frozen")["files"]
    assert (file["state"], file["reason"]) == ("quarantined", "schema_frozen")
    (file,) = ingest_paths([path], "careful")["files"]
    assert (file["state"], file["reason"]) == ("waiting", "approval_needed")
    assert "add column" in str(db.one("select ddl from ticket_layout"))
    assert len(db.all(COLUMNS)) == 5
    db.conn.cursor().execute("update ticket_layout set approved_at = now(), approved_by = 'op'")
    (file,) = ingest_paths([path], "careful")["files"]
    assert (file["state"], file["tickets"]) == ("loaded", 1)


def test_only_the_taxation_role_alters_taxdata_and_readers_see_masks(
    db: Database, write: Write
) -> None:
    ingest_paths([write("a", spool(record()))], "siege")
    assert (
        db.one("select tableowner from pg_tables where tablename = 'taxdata'")
        == "smsswitch_taxation"
    )
    rights = "select has_table_privilege(%s, %s, %s)"
    assert db.one(rights, ("smsswitch_app", "taxdata", "insert")) is False
    assert db.one(rights, ("smsswitch_reader", "taxdata", "select")) is False
    assert db.one(rights, ("smsswitch_reader", "v_ticket_full", "select")) is False
    assert db.one(rights, ("smsswitch_reader", "v_ticket", "select")) is True
    assert db.one("select called_number from v_ticket") == "063998----"
