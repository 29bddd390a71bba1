"""What bad spools get, row by row of the catalogue of bad input, by real compress(1) data."""

from collections.abc import Callable
from pathlib import Path

import ncompress

from include.taxation.generate import spool_text
from include.taxation.ingest import ingest_paths
from include.taxation.pbx import add
from tests.conftest import Database
from tests.integration.taxation.written import record, spool

Write = Callable[[str, bytes], Path]
COLUMNS = """
    select column_name, data_type from information_schema.columns
    where table_name = 'taxdata' order by 1
"""


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
