"""Rows 1–15, 28, 33, 35, 36 of the table of bad inputs: whole files."""

import io
import json
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

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


def code(receipt: dict[str, Any]) -> tuple[str, str]:
    return receipt["state"], (receipt["reason"] or {}).get("code", "")


def quarantined(inbox: Inbox, receipt: dict[str, Any], name: str) -> bool:
    """The file lies in quarantine with its reasons, and the inbox is empty."""
    place = inbox.root / "quarantine" / receipt["import_id"]
    reasons = json.loads((place / "reasons.json").read_text())
    left = [p for p in (inbox.root / "inbox").rglob("*") if p.is_file()]
    return (place / name).is_file() and reasons["code"] == receipt["reason"]["code"] and not left


def with_entry(book: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one more part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return out.getvalue()


def test_row_01_an_empty_file(inbox: Inbox) -> None:
    receipt = inbox.drop("clients.xlsx", b"")
    assert code(receipt) == ("quarantined", "empty_file")
    assert quarantined(inbox, receipt, "clients.xlsx")
    page = inbox.outbox(receipt, "receipt.html")
    assert "Le fichier est vide." in page
    assert json.loads(inbox.outbox(receipt, "receipt.json")) == receipt


def test_row_02_a_truncated_workbook(inbox: Inbox) -> None:
    whole = xlsx(people(200))
    receipt = inbox.drop("clients.xlsx", whole[: len(whole) * 6 // 10])
    assert code(receipt) == ("quarantined", "not_a_complete_workbook")
    assert quarantined(inbox, receipt, "clients.xlsx")


@pytest.mark.parametrize(
    ("name", "content", "real"),
    [
        ("a.xlsx", xls(people(3)), "xls"),
        ("a.xls", xlsx(people(3)), "xlsx"),
        ("a.csv", xlsx(people(3)), "xlsx"),
        ("a.xls", b"<html><body><table><tr><td>0639980001</td></tr></table></body></html>", "html"),
        ("a.xlsx", csv_bytes(people(3)), "csv"),
        ("a.csv", b"%PDF-1.7 and so on", "pdf"),
        ("a.csv", bytes(range(256)) * 40, "binary"),
    ],
)
def test_row_03_content_that_is_not_what_the_name_says(
    inbox: Inbox, name: str, content: bytes, real: str
) -> None:
    receipt = inbox.drop(name, content)
    assert code(receipt) == ("quarantined", f"content_is_{real}")
    assert real in receipt["reason"]["message_fr"]
    assert quarantined(inbox, receipt, name)


def test_row_03_an_unknown_extension(inbox: Inbox) -> None:
    for name in ("a.doc", "a.xlsx.exe", "a"):
        assert code(inbox.drop(name, xlsx(people(3)))) == ("quarantined", "unknown_format")


def test_sa3_extensions_are_read_without_regard_to_case(inbox: Inbox) -> None:
    assert inbox.drop("A.XLSX", xlsx(people(3)))["state"] == "awaiting_mapping"


def test_row_04_a_workbook_with_a_password(inbox: Inbox) -> None:
    # What Excel writes: the package encrypted inside an OLE2 file of that stream's name.
    ole = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1016 + "EncryptedPackage".encode("utf-16-le")
    receipt = inbox.drop("clients.xlsx", ole + b"\0" * 2000)
    assert code(receipt) == ("quarantined", "password_protected")


def test_row_08_macros(inbox: Inbox) -> None:
    book = with_entry(xlsx(people(3)), "xl/vbaProject.bin", b"\0" * 100)
    assert code(inbox.drop("a.xlsm", book)) == ("quarantined", "macros_not_allowed")
    assert code(inbox.drop("b.xlsx", book)) == ("quarantined", "macros_not_allowed")


def test_row_10_flipped_bytes_never_show_a_traceback_and_leave_the_worker_alive(
    inbox: Inbox,
) -> None:
    sound, dice = xls(people(60)), random.Random(2012)
    for round_ in range(4):
        damaged = bytearray(sound)
        for _ in range(30):
            damaged[dice.randrange(512, len(damaged))] = dice.randrange(256)
        receipt = inbox.drop(f"clients__{round_}.xls", bytes(damaged))
        assert receipt["state"] in ("quarantined", "awaiting_mapping", "rejected")
        assert "Traceback" not in inbox.outbox(receipt, "receipt.html")
    cut = inbox.drop("clients__cut.xls", sound[:700])
    assert code(cut) == ("quarantined", "unreadable_workbook")
    assert inbox.drop("clients.xls", sound)["state"] == "awaiting_mapping"


def test_row_12_more_columns_than_the_client_may_have(inbox: Inbox) -> None:
    rows: Rows = [
        ["Prénom", "Nom", "Tél", "a", "b", "c"],
        *[["x", "y", number(i), 1, 2, 3] for i in range(5)],
    ]
    receipt = inbox.drop("clients.xlsx", xlsx(rows))
    assert code(receipt) == ("quarantined", "too_many_columns")
    assert receipt["reason"]["message_fr"].startswith("Trop de colonnes")
    assert quarantined(inbox, receipt, "clients.xlsx")


def test_row_12_unless_a_mapping_chooses_the_columns(inbox: Inbox) -> None:
    rows: Rows = [
        ["Prénom", "Nom", "Tél", "a", "b", "c"],
        *[["x", "y", number(i), 1, 2, 3] for i in range(5)],
    ]
    chosen = mapping("clients", "first_name", "ignore", "phone", "ignore", "ignore", "variable1")
    receipt = inbox.drop("clients.xlsx", xlsx(rows), chosen)
    assert receipt["state"] == "loaded"
    assert inbox.contacts("clients")[0] == ("+33639980000", "x", None, "3", None)


def test_row_12_the_limit_is_the_clients_own(add_client: Callable[..., Inbox]) -> None:
    wide = add_client("wide", max_columns=6)
    rows = [["x", "y", number(i), 1, 2, 3] for i in range(5)]
    assert wide.drop("clients.xlsx", xlsx(rows))["state"] == "awaiting_mapping"


@pytest.mark.parametrize("form", ["xlsx", "xls", "csv"])
def test_row_13_an_empty_column_inside_in_every_format(inbox: Inbox, form: str) -> None:
    rows: Rows = [["Prénom", "Nom", "", "Tél"], *[["x", "y", None, number(i)] for i in range(5)]]
    writers: dict[str, Callable[[Rows], bytes]] = {"xlsx": xlsx, "xls": xls, "csv": csv_bytes}
    write = writers[form]
    receipt = inbox.drop(f"clients.{form}", write(rows))
    assert code(receipt) == ("rejected", "column_3_empty")
    assert receipt["reason"]["column"] == 3
    assert "colonne 3 est vide" in receipt["reason"]["message_fr"]
    ignored = mapping("clients", "first_name", "last_name", "ignore", "phone")
    assert inbox.drop(f"clients.{form}", write(rows), ignored)["state"] == "loaded"
    wanted = mapping("clients", "first_name", "last_name", "variable1", "phone")
    assert code(inbox.drop(f"other.{form}", write(rows), wanted))[1] == "column_3_empty"


def test_row_14_the_header_is_found_shown_and_confirmed(inbox: Inbox) -> None:
    receipt = inbox.drop("clients.csv", csv_bytes(people(8)))
    assert receipt["state"] == "awaiting_mapping"
    assert receipt["file"]["header_row"] == 1
    assert [c["header"] for c in receipt["columns"]] == ["Prénom", "Nom", "Téléphone"]
    assert [c["to"] for c in receipt["columns"]] == list(NAMES)
    assert receipt["columns"][2]["sample"] == [number(i) for i in range(5)]
    assert "Téléphone" in inbox.outbox(receipt, "receipt.html")
    answered = inbox.answer(mapping("clients", *NAMES, import_id=receipt["import_id"]))
    assert (answered["state"], answered["counts"]["loaded"]) == ("loaded", 8)
    assert answered["import_id"] == receipt["import_id"]


def test_row_14_a_file_without_header_and_a_header_the_client_denies(inbox: Inbox) -> None:
    bare = inbox.drop("bare.csv", csv_bytes(people(8)[1:]))
    assert bare["file"]["header_row"] == 0
    assert bare["counts"]["rows"] == 8
    denied = mapping("denied", *NAMES, file={"header_row": 0})
    receipt = inbox.drop("denied.csv", csv_bytes(people(8)), denied)
    assert receipt["counts"]["rows"] == 9
    assert receipt["counts"]["rejected_by"] == {"invalid_phone": 1}


def test_row_15_two_sheets_with_data(inbox: Inbox) -> None:
    book = xlsx(people(5), people(3, start=50))
    receipt = inbox.drop("clients.xlsx", book)
    assert code(receipt) == ("rejected", "several_sheets")
    assert "Feuille1, Feuille2" in receipt["reason"]["message_fr"]
    for sheet in ("Feuille2", 2):
        named = mapping(f"named{sheet}".lower(), *NAMES, file={"sheet": sheet})
        receipt = inbox.drop(f"named{sheet}.xlsx", book, named)
        assert (receipt["state"], receipt["file"]["sheet"]) == ("loaded", "Feuille2")
        assert receipt["counts"]["loaded"] == 3
    assert "Feuille1" in receipt["notes"][0]["message_fr"]
    wrong = inbox.drop("wrong.xlsx", book, mapping("wrong", *NAMES, file={"sheet": "Feuille9"}))
    assert code(wrong) == ("awaiting_mapping", "no_such_sheet")


def test_sa7_the_first_sheet_that_holds_anything_is_the_one(inbox: Inbox) -> None:
    receipt = inbox.drop("clients.xlsx", xlsx([], people(4)))
    assert (receipt["state"], receipt["file"]["sheet"]) == ("awaiting_mapping", "Feuille2")


def test_row_28_blank_rows_are_skipped_and_keep_their_numbers(inbox: Inbox) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Prénom", "Nom", "Tél"])
    sheet.append(["a", "b", number(1)])
    sheet.append([])
    sheet.append([" ", None, ""])
    sheet.append(["c", "d", "06 39 98"])
    sheet.append(["e", "f", number(2)])
    sheet["A90000"] = " "
    out = io.BytesIO()
    book.save(out)
    receipt = inbox.drop("clients.xlsx", out.getvalue(), mapping("clients", *NAMES))
    assert receipt["counts"]["rows"] == 3
    assert receipt["counts"]["loaded"] == 2
    refused = inbox.outbox(receipt, "rejects.csv").splitlines()
    assert refused[1].startswith("c;d;06 39 98;5;phone_too_short;")


def test_row_33_the_encoding_is_found_or_named(inbox: Inbox) -> None:
    rows = [["Prénom", "Nom", "Tél"], ["Zoé", "L’Hôte", number(1)], ["Noël", "Œuf", number(2)]]
    for encoding in ("cp1252", "utf-8", "utf-8-sig", "utf-16"):
        name = f"{encoding}.csv"
        receipt = inbox.drop(name, csv_bytes(rows, encoding), mapping(encoding, *NAMES))
        assert receipt["state"] == "loaded"
        assert receipt["file"]["encoding"] == encoding.removesuffix("-sig")
        assert inbox.contacts(encoding)[0][1:3] == ("Zoé", "L’Hôte")
    dos = mapping("dos", *NAMES, file={"encoding": "cp850"})
    plain = [[cell.replace("’", "'").replace("Œ", "OE") for cell in row] for row in rows]
    inbox.drop("dos.csv", csv_bytes(plain, "cp850"), dos)
    assert inbox.contacts("dos")[0][1] == "Zoé"
    broken = "Prénom;Tél\r\nZo\x81\x8d;0639980001\r\n".encode("latin-1")
    assert code(inbox.drop("broken.csv", broken)) == ("quarantined", "encoding_unknown")


def test_row_35_delimiters_quotes_and_the_sep_line(inbox: Inbox) -> None:
    text = '\ufeffsep=;\r\nPrénom;Nom;Tél\r\n"Jean\nPaul";"Dup""ont; fils";06 39 98 00 01\r\n'
    receipt = inbox.drop("sep.csv", text.encode(), mapping("sep", *NAMES))
    assert (receipt["state"], receipt["file"]["delimiter"]) == ("loaded", ";")
    assert receipt["file"]["header_row"] == 1
    assert inbox.contacts("sep") == [("+33639980001", "Jean Paul", 'Dup"ont; fils', None, None)]
    for name, delimiter in (("comma", ","), ("tab", "\t"), ("pipe", "|"), ("semi", ";")):
        data = csv_bytes(people(6), "utf-8", delimiter)
        receipt = inbox.drop(f"{name}.csv", data, mapping(name, *NAMES))
        assert (receipt["file"]["delimiter"], receipt["counts"]["loaded"]) == (delimiter, 6)
    unicode_text = csv_bytes(people(6), "utf-16", "\t")
    assert inbox.drop("texte.txt", unicode_text, mapping("texte", *NAMES))["state"] == "loaded"


def test_row_35_one_column_alone(inbox: Inbox) -> None:
    data = csv_bytes([["Téléphone"], *[[number(i)] for i in range(30)]])
    receipt = inbox.drop("only.csv", data, mapping("only", "phone"))
    assert receipt["counts"]["loaded"] == 30


def test_row_36_too_large_and_a_line_too_long(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = b"0639980001;" + b"x" * (1 << 20) + b"\r\n"
    assert code(inbox.drop("long.csv", long)) == ("quarantined", "line_too_long")
    monkeypatch.setenv("SMSSWITCH_MAX_FILE_BYTES", str(1 << 20))
    large = b"0639980001\r\n" * 100_000
    assert code(inbox.drop("large.csv", large)) == ("quarantined", "too_large")


def test_a_quote_never_closed(inbox: Inbox) -> None:
    text = 'Prénom;Tél\r\nAnne;0639980003\r\n"Jean;0639980001\r\n'
    for place, others in enumerate((20_000, 1, 0)):
        whole = text + "Paul;0639980002\r\n" * others
        receipt = inbox.drop(f"quote{place}.csv", whole.encode())
        assert code(receipt) == ("quarantined", "unclosed_quote")
        assert receipt["reason"]["message_fr"].startswith("Ligne 3\N{NO-BREAK SPACE}: ")


def test_no_data_below_the_header(inbox: Inbox) -> None:
    assert code(inbox.drop("head.xlsx", xlsx(people(0)))) == ("rejected", "no_rows")
    assert code(inbox.drop("blank.xlsx", xlsx([]))) == ("quarantined", "empty_file")


def test_one_bad_file_costs_no_time(inbox: Inbox, tmp_path: Path) -> None:
    start = time.monotonic()
    book = xlsx(people(3))
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b'r="C4"', b'r="XFD1048576"')
    receipt = inbox.drop("far.xlsx", with_entry(book, "xl/worksheets/sheet1.xml", far))
    assert code(receipt) == ("quarantined", "sheet_dimension_over_limit")
    assert time.monotonic() - start < 10
