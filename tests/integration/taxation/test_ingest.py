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


def test_row_61_truncated_at_any_byte_loads_nothing(db: Database, tmp_path: Path) -> None:
    data = ncompress.compress(spool_text("seed", 40, 9))
    for size in (len(data) // 2, len(data) - 1, 4, 100, len(data) * 2 // 3):
        path = tmp_path / f"TAX{size}.DAT"
        path.write_bytes(data[:size])
        (file,) = ingest_paths([path], "siege")["files"]
        assert (file["state"], file["tickets"]) == ("quarantined", 0)
        assert file["reason"] in ("truncated", "no_format_line"), size
    assert db.one("select count(*) from taxdata") == 0
    assert db.one("select count(*) from alert where kind = 'spool_quarantined'") == 5


def test_row_61_not_compressed_and_bomb(db: Database, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x00\x01\x02 neither")
    (tmp_path / "b").write_bytes(b"\x1f\x9d\x90\xff\xff\xff\xff")
    (tmp_path / "c").write_bytes(ncompress.compress(b"#" + b" " * 300_000_000))
    report = ingest_paths([tmp_path], "siege")
    assert [f["reason"] for f in report["files"]] == [
        "not_compressed_data",
        "not_compressed_data",
        "inflates_over_limit",
    ]


BAD_HEADERS = (
    ("TicketVersion,1,5,L", "no_format_line", 62),
    ("5.1  0639980001", "no_format_line", 62),
    ("#TicketVersion,1,5,L,CalledNumber,6,3x,L", "bad_format_line", 63),
    ("#TicketVersion,1,5,L,CalledNumber,6,31", "bad_format_line", 63),
    ("#TicketVersion,1,5,L,CalledNumber,6,31,L,", "bad_format_line", 63),
    ("#TicketVersion,1,5,L,CalledNumber,31,6,L", "bad_format_line", 64),
    ("#TicketVersion,1,5,L,CalledNumber,5,31,L", "bad_format_line", 64),
    ("#TicketVersion,1,5,L,CalledNumber,0,31,L", "bad_format_line", 64),
    ("#TicketVersion,1,5,L,CalledNumber,6,100000,L", "bad_format_line", 64),
    ('#TicketVersion,1,5,L,x"; DROP TABLE t;--,6,31,L', "bad_field_name", 65),
    ("#TicketVersion,1,5,L,SELECT,6,31,L", "bad_field_name", 65),
    ("#TicketVersion,1,5,L,ctid,6,31,L", "bad_field_name", 65),
    ("#TicketVersion,1,5,L,ticket_id,6,31,L", "bad_field_name", 65),
    (f"#TicketVersion,1,5,L,{'x' * 80},6,31,L", "bad_field_name", 65),
    ("#TicketVersion,1,5,L,Duration,6,15,R,DURATION,16,31,R", "bad_field_name", 65),
)


def test_rows_62_to_65_bad_headers_quarantine_the_file(db: Database, write: Write) -> None:
    for number, (header, reason, row) in enumerate(BAD_HEADERS):
        path = write(f"x{number}", spool(b"5.1".ljust(31), header=header))
        (file,) = ingest_paths([path], "siege")["files"]
        assert (file["state"], file["reason"], file["line"]) == ("quarantined", reason, 1), row
    assert db.one("select count(*) from taxdata") == 0
    assert len(db.all(COLUMNS)) == 5


def test_row_64_a_gap_between_fields_is_fine(db: Database, write: Write) -> None:
    header = "# TicketVersion , 1,5,l , CalledNumber,9,18,L"
    path = write("gap", spool(b"5.1  ???0639980001", header=header))
    assert ingest_paths([path], "siege")["files"][0]["tickets"] == 1
    assert db.all("select ticketversion, callednumber from taxdata") == [("5.1", "0639980001")]


def test_row_66_and_67_new_layout_in_mid_file_with_an_unknown_field(
    db: Database, write: Write
) -> None:
    second = b"#TicketVersion,1,5,L,Mood,6,10,L\n" + b"9.9  happy\n"
    (file,) = ingest_paths([write("x", spool(record()) + second)], "siege")["files"]
    assert (file["state"], file["tickets"], len(file["layouts"])) == ("loaded", 2, 2)
    assert db.all("select line_number, ticketversion, mood from taxdata order by 1") == [
        (2, "5.1", None),
        (4, "9.9", "happy"),
    ]
    assert db.all("select subject from alert where kind = 'new_ticket_field'") == [("siege/mood",)]


def test_row_66b_version_mismatch_and_empty(db: Database, write: Write, tmp_path: Path) -> None:
    write("a", spool(record(), record(), record(version="4.9")))
    (tmp_path / "drop" / "b").write_bytes(b"")
    files = ingest_paths([tmp_path / "drop"], "siege")["files"]
    assert [(f["reason"], f["line"]) for f in files] == [
        ("version_mismatch", 4),
        ("no_format_line", 1),
    ]


def test_rows_69_to_72_single_values(db: Database, write: Write) -> None:
    report = ingest_paths(
        [
            write(
                "x",
                spool(
                    record(),
                    record(duration="12,5"),
                    record(duration=""),
                    record(start="20260231 10:00:00"),
                    record(end="20260310 24:00:00"),
                    record(start="20260329 02:30:00", end="20260329 03:30:00"),
                    record(start="20261025 02:30:00", end="20261025 02:10:00"),
                    record(start="20260310 10:00:00", end="20260310 09:59:59"),
                    record(duration="99999999"),
                    record(call_type="15"),
                    record(call_type=""),
                    record(start="20280229 10:00:00", end="20280229 10:00:10"),
                    record(name="tab\there\\"),
                    record(name="nul\0"),
                    record(called="029845----"),
                ),
            )
        ],
        "siege",
    )
    assert (report["files"][0]["tickets"], report["files"][0]["rejected"]) == (8, 7)
    assert db.all("select line_number, reason from rejected_ticket order by 1") == [
        (3, "bad_integer"),
        (5, "bad_datetime"),
        (6, "bad_datetime"),
        (7, "bad_datetime"),
        (9, "implausible_duration"),
        (10, "implausible_duration"),
        (15, "control_character"),
    ]
    (counts,) = db.all("select counts from spooled_file")[0]
    assert isinstance(counts, dict)
    assert counts["unspecified_call_types"] == 2 and counts["ambiguous_times"] == 1
    assert db.all("select call_type_name from v_ticket where line_number in (11, 12)") == [
        ("Unspecified",),
        ("Unspecified",),
    ]
    assert db.one("select chargedusername from taxdata where line_number = 14") == "tab\there\\"
    assert db.all(
        "select start_at_earlier is not null, start_at - start_at_earlier = '1 hour'"
        " from v_ticket where line_number = 8"
    ) == [(True, True)]


def test_row_73_same_file_twice_and_same_ticket_in_two_files(db: Database, write: Write) -> None:
    first = write("TAXAAAAA.DAT", spool(record(), record(called="0639980002")))
    second = write("TAXAAAAB.DAT", spool(record(called="0639980002"), record(called="0639980003")))
    ingest_paths([first], "siege")
    again = ingest_paths([first], "siege")["files"][0]
    assert (again["state"], again["tickets"]) == ("duplicate", 0)
    ingest_paths([second], "siege")
    assert db.one("select count(*) from taxdata") == 4
    assert db.one("select count(*) from v_ticket") == 3
    assert (
        db.one("select counts ->> 'duplicate_tickets' from spooled_file where name like '%B.DAT'")
        == "1"
    )
    same = db.all(
        "select f.sha256 from taxdata join spooled_file f using (file_id)"
        " where callednumber = '0639980002' order by 1"
    )
    assert db.all("select file_sha256 from v_ticket_full where called_number = '0639980002'") == [
        same[0]
    ]


def test_row_74_record_lengths(db: Database, write: Write) -> None:
    stripped = spool(record().rstrip(b" "), record())
    files = ingest_paths(
        [
            write("long", spool(record(), record() + b"x")),
            write("short", spool(record(), record(), record()[:-1])),
            write("unended", spool(record(), record())[:-1]),
            write("stripped", stripped),
        ],
        "siege",
    )["files"]
    assert [(f["reason"], f["line"]) for f in files] == [
        ("bad_record_length", 3),
        ("bad_record_length", 4),
        ("truncated", 3),
        ("bad_record_length", 2),
    ]
    add("siege", blanks_stripped=True)
    (file,) = ingest_paths([write("stripped", stripped)], "siege")["files"]
    assert (file["state"], file["tickets"]) == ("loaded", 2)
    too_long = spool(record() + b" x")
    assert (
        ingest_paths([write("l", too_long)], "siege")["files"][0]["reason"] == "bad_record_length"
    )


def test_row_75_names_in_the_charset_of_the_pbx(db: Database, write: Write) -> None:
    ingest_paths([write("a", spool(record(name="Élodie Muñoz")))], "siege")
    add("old", charset="cp437")
    ingest_paths([write("b", spool(record(name="Élodie", charset="cp437")))], "old")
    assert db.all("select charged_user_name, called_number from v_ticket order by pbx") == [
        ("Élodie", "063998----"),
        ("Élodie Muñoz", "063998----"),
    ]


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
