"""What the note of 2007 asks for, A1 to A14, each in its own words."""

import gzip
from pathlib import Path

import ncompress

from include.taxation.analyse import treatments
from include.taxation.generate import write_spool
from include.taxation.ingest import ingest_paths
from tests.conftest import Database
from tests.integration.taxation.written import HEADER, record, spool

OWN = ["ambiguous_time", "content_digest", "file_id", "line_number", "ticket_id"]
COLUMNS = """
    select attname::text, format_type(atttypid, null) from pg_attribute
    where attnum > 0 and not attisdropped and attrelid = 'taxdata'::regclass
    order by 1
"""


def _load(tmp_path: Path, data: bytes, name: str = "TAXAAAAA.DAT") -> dict[str, object]:
    path = tmp_path / name
    path.write_bytes(data)
    found: dict[str, object] = ingest_paths([path], "siege")["files"][0]
    return found


def _types(db: Database) -> dict[str, str]:
    return {str(name): str(kind) for name, kind in db.all(COLUMNS)}


def test_a1_compressed_files_and_a2_a_format_line_in_mid_file(db: Database, tmp_path: Path) -> None:
    packings = (ncompress.compress, gzip.compress, bytes)
    for number, pack in enumerate(packings):
        text = spool(record(called=f"063998000{number}")) + spool(
            record(called=f"063998001{number}", version="4.9")[:97],
            header=HEADER.rsplit(",Charged", 1)[0],
        )
        assert _load(tmp_path, pack(text))["tickets"] == 2
    assert db.one("select count(*) from v_ticket") == 6
    assert db.one("select count(*) from ticket_layout") == 2


def test_a3_types_a9_the_table_grows_and_widens_only(db: Database, tmp_path: Path) -> None:
    assert [name for name, _ in db.all(COLUMNS)] == OWN  # only ticket and file, at first
    kinds = "#TicketVersion,1,5,L,Carrier,6,7,N,Duration,8,12,R"
    _load(tmp_path, spool(b"5.1  7    60", header=kinds))
    there = _types(db)
    assert (there["carrier"], there["duration"]) == ("text", "bigint")
    wide = kinds.replace("12,R", "14,L")
    _load(tmp_path, spool(b"5.1  7 1 minute", header=wide).replace(b"minute", b"minut"))
    assert _types(db)["duration"] == "text"
    _load(tmp_path, spool(b"5.1  8    61", header=kinds))  # never narrowed
    assert db.all("select duration from taxdata order by ticket_id") == [
        ("60",), ("1 minut",), ("61",)
    ]  # fmt: skip


def test_a4_the_versions_of_the_note_and_todays(db: Database, tmp_path: Path) -> None:
    for number, name in enumerate(("4.8", "4.9", "5.1", "ed5.2")):
        write_spool(tmp_path / f"TAX{name}.DAT", layout_name=name, tickets=7, seed=number)
    report = ingest_paths([tmp_path], "siege")
    assert [f["tickets"] for f in report["files"]] == [7] * 4
    assert db.all("select ticket_version, count(*) from v_ticket group by 1 order by 1") == [
        ("4.8", 7), ("4.9", 7), ("5.1", 7), ("ED5.2", 7)
    ]  # fmt: skip


def test_a5_47_documented_fields_none_of_them_required_and_a6_call_types(
    db: Database, tmp_path: Path
) -> None:
    assert db.one("select count(*) from ticket_field where label_fr <> '' and position <= 47") == 47
    _load(tmp_path, spool(b"5.1  ", header="#TicketVersion,1,5,L"))
    names = ", ".join(str(n) for (n,) in db.all("select stable_name from ticket_field"))
    (row,) = db.all(f"select {names} from v_ticket")
    assert [value for value in row if value is not None] == ["5.1"]
    assert db.one("select count(*) from call_type where code <= 14") == 15
    for direction, codes in (("incoming", "{4,5,9,10,12,13}"), ("local", "{3,14}")):
        found = "select array_agg(code order by code)::text from call_type where direction = %s and code < 15"
        assert db.one(found, (direction,)) == codes


def test_a7_only_new_files_are_loaded_and_a_used_name_is_told(db: Database, tmp_path: Path) -> None:
    assert _load(tmp_path, spool(record()))["state"] == "loaded"
    assert _load(tmp_path, spool(record()))["state"] == "duplicate"
    assert _load(tmp_path, spool(record(called="0639980002")))["state"] == "loaded"
    assert db.one("select count(*) from spooled_file") == 2
    assert db.all("select kind from alert") == [("spool_name_reused",)]
    more = [tmp_path / f"TAXBBBB{letter}.DAT" for letter in "AB"]
    for number, path in enumerate(more):  # files that are loaded together tell it too
        path.write_bytes(spool(record(called=f"063998100{number}")))
    ingest_paths(more, "siege")
    for number, path in enumerate(more):
        path.write_bytes(spool(record(called=f"063998200{number}")))
    assert {f["state"] for f in ingest_paths(more, "siege")["files"]} == {"loaded"}
    assert db.one("select count(*) from alert where kind = 'spool_name_reused'") == 3
    assert db.one("select count(*) from v_ticket") == 6


def test_a8_a_new_format_adjusts_the_table_a10_trims_a11_reads_dates(
    db: Database, tmp_path: Path
) -> None:
    _load(tmp_path, spool(record(name="  Martin "), record(start="31/12/2026 10:00 ")))
    report = ingest_paths([_spool_with_a_new_field(tmp_path)], "siege")
    assert report["columns_added"] == ["mood"]
    assert db.one("select chargedusername from taxdata where line_number = 2") == "Martin"
    assert db.all("select start_date_time::text from v_ticket where called_number is not null") == [
        ("2026-03-10 10:00:00",)
    ]
    assert db.all("select line_number, reason from rejected_ticket") == [(3, "bad_datetime")]
    assert db.one("select count(*) from meta_columndesc where column_name = 'mood'") == 1


def _spool_with_a_new_field(folder: Path) -> Path:
    path = folder / "TAXAAAAB.DAT"
    path.write_bytes(spool(b"9.9  good ", header="#TicketVersion,1,5,L,Mood,6,10,L"))
    return path


def test_a12_a13_a14_treatments_are_documented_sql_with_triggers_and_parameters(
    db: Database,
) -> None:
    from include.db import sql

    found = treatments()
    assert len(found) == 9
    triggers = {trigger for each in found for trigger in each["triggers"]}
    assert triggers >= {"file_loaded", "daily", "monthly", "manual"}  # threshold: where it is set
    for each in found:
        text = sql(f"taxation/{each['name']}")
        assert text.startswith("-- ") and "Parameters:" in text
        assert each["parameters"]["properties"]
    for table in ("treatment_run", "treatment_result", "taxation_profile"):
        assert db.one("select obj_description(%s::regclass)", (table,)) or table == "treatment_run"
