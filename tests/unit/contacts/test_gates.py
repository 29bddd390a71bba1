"""Rows 3–11 of the table of bad inputs: the gate, and the limits of the reading process."""

import io
import os
import random
import socket
import threading
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt

from include.contacts.gates import Limits, check_file
from include.contacts.refusal import RefusalError
from include.contacts.sandbox import Budget, read_cells

LIMITS = Limits(max_bytes=50 << 20, max_rows=1_000_000)
SHEET = "xl/worksheets/sheet1.xml"


def book(rows: int = 3) -> bytes:
    out = io.BytesIO()
    work = openpyxl.Workbook()
    assert work.active is not None
    for i in range(rows):
        work.active.append([f"x{i}", "06 39 98 00 01"])
    work.save(out)
    return out.getvalue()


def patched(parts: dict[str, bytes], whole: bytes | None = None) -> bytes:
    """A workbook some of whose parts are others."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole or book())) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.infolist():
            if entry.filename not in parts:
                new.writestr(entry, old.read(entry))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def refused(tmp_path: Path, content: bytes, name: str = "a.xlsx") -> str:
    path = tmp_path / "drop"
    path.write_bytes(content)
    with pytest.raises(RefusalError) as caught:
        check_file(path, name, LIMITS)
    assert caught.value.outcome == "quarantined"
    return caught.value.code


def refused_in_child(
    tmp_path: Path, content: bytes, name: str, budget: Budget | None = None
) -> str:
    path = tmp_path / "drop"
    path.write_bytes(content)
    with pytest.raises(RefusalError) as caught:
        read_cells(path, name, tmp_path, LIMITS, budget=budget)
    return caught.value.code


def bomb(mebibytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry))
        with new.open("xl/media/bomb.bin", "w") as part:
            for _ in range(mebibytes):
                part.write(bytes(1 << 20))
    return out.getvalue()


def test_row_05_a_zip_bomb_is_counted_while_it_inflates(tmp_path: Path) -> None:
    content = bomb(256)
    assert len(content) < 300_000
    assert refused_in_child(tmp_path, content, "a.xlsx") == "inflates_over_limit"
    peak = (tmp_path / "result.json").read_text()
    assert int(peak.rpartition('"peak_kib": ')[2].rstrip("}")) < 150 * 1024


def test_row_05_a_workbook_that_is_only_well_packed_passes(tmp_path: Path) -> None:
    path = tmp_path / "drop"
    path.write_bytes(book(20_000))
    assert check_file(path, "a.xlsx", LIMITS) == "xlsx"


@pytest.mark.parametrize(
    "address",
    ['"XFD1048576"', '"A1048576"', '"BM1"', '"AAA1"', '"CA7"', "'CA7'", "'A99999999999'"],
)
def test_row_06_a_cell_far_away(tmp_path: Path, address: str) -> None:
    cell = f'<row r="1"><c r={address}><v>1</v></c></row>'
    sheet = f"<worksheet><sheetData>{cell}</sheetData></worksheet>".encode()
    start = time.process_time()
    assert refused(tmp_path, patched({SHEET: sheet})) == "sheet_dimension_over_limit"
    assert time.process_time() - start < 2


def test_row_06_the_last_column_allowed(tmp_path: Path) -> None:
    path = tmp_path / "drop"
    cell = (
        b'<worksheet><sheetData><row r="1000000"><c r="BL1000000"/></row></sheetData></worksheet>'
    )
    path.write_bytes(patched({SHEET: cell}))
    assert check_file(path, "a.xlsx", LIMITS) == "xlsx"


def test_row_07_a_dtd_opens_no_file_and_no_connection(tmp_path: Path) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l "lol"><!ENTITY m "&l;&l;">]><sst>&m;</sst>'
    assert refused(tmp_path, patched({"xl/sharedStrings.xml": laughs})) == "dtd_not_allowed"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        port = listener.getsockname()[1]
        xxe = f'<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x"><sst/>'.encode("utf-16-le")
        content = patched({"xl/sharedStrings.xml": xxe})
        assert refused_in_child(tmp_path, content, "a.xlsx") == "dtd_not_allowed"
        with pytest.raises(TimeoutError):
            listener.accept()


def test_row_08_macros(tmp_path: Path) -> None:
    assert refused(tmp_path, patched({"xl/vbaProject.bin": b"x"}), "a.xlsm") == "macros_not_allowed"


def test_row_09_links_to_other_files(tmp_path: Path) -> None:
    link = {"xl/externalLinks/externalLink1.xml": b"<externalLink><ddeLink/></externalLink>"}
    assert refused(tmp_path, patched(link)) == "external_links_not_allowed"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("xl/../../etc/passwd", "bad_part_name"),
        ("/etc/passwd", "bad_part_name"),
        ("xl/embeddings/other.xlsx", "nested_archive"),
    ],
)
def test_parts_that_no_spreadsheet_writes(tmp_path: Path, name: str, code: str) -> None:
    assert refused(tmp_path, patched({name: b"x"})) == code


def test_an_archive_under_an_innocent_name(tmp_path: Path) -> None:
    assert refused(tmp_path, patched({"xl/media/image.png": book()})) == "nested_archive"


def test_too_many_parts(tmp_path: Path) -> None:
    parts = {f"xl/media/{i}.bin": b"" for i in range(2_001)}
    assert refused(tmp_path, patched(parts)) == "too_many_parts_in_workbook"


def test_encrypted_entries_and_flipped_bytes(tmp_path: Path) -> None:
    content = bytearray(book())
    directory = content.rfind(b"PK\x01\x02")
    content[directory + 8] |= 1
    assert refused(tmp_path, bytes(content)) == "password_protected"
    spoilt = bytearray(patched({"xl/media/noise.bin": os.urandom(5_000)}))
    spoilt[len(spoilt) // 2] ^= 255
    assert refused(tmp_path, bytes(spoilt)) == "not_a_complete_workbook"


def test_row_10_no_flipped_byte_gets_past_the_child(tmp_path: Path) -> None:
    work, out = xlwt.Workbook(), io.BytesIO()
    sheet = work.add_sheet("x")
    for i in range(100):
        sheet.write(i, 0, f"name {i}")
        sheet.write(i, 1, 639980000 + i)
    work.save(out)
    sound, dice = out.getvalue(), random.Random(10)
    for _ in range(6):
        damaged = bytearray(sound)
        for _ in range(40):
            damaged[dice.randrange(512, len(damaged))] = dice.randrange(256)
        path = tmp_path / "drop"
        path.write_bytes(damaged)
        try:
            assert read_cells(path, "a.xls", tmp_path, LIMITS).rows > 0
        except RefusalError as refusal:
            assert refusal.code in ("unreadable_workbook", "empty_file", "parser_limit")


def test_row_11_a_parser_that_wants_too_much(tmp_path: Path) -> None:
    # Within every limit of the gate, and yet some ten million strings to hold.
    strings = b"<sst>" + b"<si><t>ab</t></si>" * 10_000_000 + b"</sst>"
    parts = {"xl/sharedStrings.xml": strings, "xl/media/noise.bin": os.urandom(3 << 20)}
    content = patched(parts)
    little = Budget(memory_bytes=450 << 20)
    assert refused_in_child(tmp_path, content, "a.xlsx", little) == "parser_limit"
    hasty = Budget(wall_seconds=0.05)
    assert refused_in_child(tmp_path, content, "a.xlsx", hasty) == "parser_limit"


def test_row_11_the_limit_on_computing_time_is_the_systems(tmp_path: Path) -> None:
    many = b'"a";0639980001\r\n' * 6_000_000
    lines = Limits(max_bytes=200 << 20, max_rows=10_000_000)
    path = tmp_path / "drop"
    path.write_bytes(many)
    with pytest.raises(RefusalError) as caught:
        read_cells(path, "a.csv", tmp_path, lines, budget=Budget(cpu_seconds=1))
    assert caught.value.code == "parser_limit"


def test_the_child_gets_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://secret")
    path = tmp_path / "drop"
    path.write_bytes(b"a;0639980001\r\n" * 300_000)
    seen: list[bytes] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
                for pid in child.read_text().split():
                    try:
                        environ = Path(f"/proc/{pid}/environ").read_bytes()
                        command = Path(f"/proc/{pid}/cmdline").read_bytes()
                    except OSError:
                        continue
                    if b"include.contacts.reading" in command:
                        seen.append(environ)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        read_cells(path, "a.csv", tmp_path, LIMITS)
    finally:
        done.set()
        watcher.join()
    assert seen
    assert not any(b"secret" in environ for environ in seen)
