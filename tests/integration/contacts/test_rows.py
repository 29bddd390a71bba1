"""Rows 16–34 of the table of bad inputs as they go through an import, and the faults SA/SB of 2012."""

import csv
import io
import json
from typing import Any

import openpyxl

from include.bucket.process import process
from include.contacts.rows import CODES
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


def rejects(inbox: Inbox, receipt: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Row number -> phone as written and code, from rejects.csv."""
    lines = csv.DictReader(
        io.StringIO(inbox.outbox(receipt, "rejects.csv").lstrip("\ufeff")), delimiter=";"
    )
    return {int(line["_row"]): (line["Téléphone"], line["_code"]) for line in lines}


def written(inbox: Inbox, *phones: Any, list_name: str = "clients") -> dict[str, Any]:
    rows = [["Prénom", "Nom", "Téléphone"], *[["Zoé", "Petit", phone] for phone in phones]]
    return inbox.drop(f"{list_name}.xlsx", xlsx(rows), mapping(list_name, *NAMES))


def test_texts_reach_the_list_as_they_are_with_quotes_or_without(inbox: Inbox) -> None:
    plain = ["Anne, Marie", "\\.", "\\N", "O'Brien", "100 %", "a;b|c", "null", None]
    quoted = [*plain, 'Jo "le grand"', '"', '""x']
    for list_name, names in (("plain", plain), ("quoted", quoted)):
        rows: list[list[Any]] = [["Prénom", "Nom", "Téléphone"]]
        rows += [[name, "Petit", number(n)] for n, name in enumerate(names)]
        for again in range(2):  # into an empty list by COPY, then beside it
            rows[1][1] = f"Petit{again}"
            receipt = inbox.drop(f"{list_name}{again}.xlsx", xlsx(rows), mapping(list_name, *NAMES))
            assert receipt["counts"]["rejected"] == 0
            assert [row[1] for row in inbox.contacts(list_name)] == names
        assert inbox.contacts(list_name)[0][2] == "Petit1"


def test_row_16_numbers_that_excel_made_numbers_of(inbox: Inbox) -> None:
    receipt = written(inbox, 639980001, 639980002.0, "639980003.0", 33639980004)
    assert receipt["counts"]["loaded"] == 4
    assert inbox.numbers("clients") == [f"+3363998000{i}" for i in (1, 2, 3, 4)]
    note = receipt["notes"][0]
    assert (note["code"], note["n"]) == ("leading_zero_restored", 3)
    old = inbox.drop(
        "old.xls", xls([["Téléphone"], [639980001.0], [639980002]]), mapping("old", "phone")
    )
    assert old["counts"]["loaded"] == 2


def test_row_17_digits_lost_are_refused_and_whole_numbers_are_not(inbox: Inbox) -> None:
    receipt = written(inbox, "6.4E+08", "6.39980001E8", number(2))
    assert receipt["counts"]["rejected_by"] == {"excel_truncated": 1}
    assert receipt["counts"]["loaded"] == 2
    assert rejects(inbox, receipt) == {2: ("6.4E+08", "excel_truncated")}


def test_rows_18_to_25_each_row_has_its_own_verdict(inbox: Inbox) -> None:
    phones = {
        "06 39.98-00 01": "",
        "06\u00a039\u202f98\u200e 00 02": "",
        "0033639980003": "",
        "+33 (0)6 39 98 00 04": "",
        "06 39 98 00 5": "phone_too_short",
        "0639980006": "",
        "0123456789": "not_mobile",
        "36123": "premium_or_short_code",
        "+12024561414": "foreign_not_allowed",
        "0639980001 / 0739980002": "several_numbers",
        None: "missing_phone",
        "Dupont": "invalid_phone",
    }
    receipt = written(inbox, *phones)
    expected = {row: code for row, code in enumerate(phones.values(), 2) if code}
    assert {row: code for row, (_, code) in rejects(inbox, receipt).items()} == expected
    assert receipt["counts"]["loaded"] == 5
    assert receipt["counts"]["rejected"] == sum(receipt["counts"]["rejected_by"].values()) == 7
    page = inbox.outbox(receipt, "receipt.html")
    assert "Le numéro est trop court." in page and "phone_too_short" in page


def test_row_26_the_same_number_twice_in_other_spellings(inbox: Inbox) -> None:
    rows = [
        ["Prénom", "Nom", "Téléphone"],
        ["Premier", "x", "06 39 98 00 01"],
        ["Second", "x", "+33639980001"],
        ["Autre", "x", "0639980002"],
        ["Tiers", "x", "0033 6 39 98 00 01"],
    ]
    receipt = inbox.drop("a.xlsx", xlsx(rows), mapping("a", *NAMES))
    assert receipt["counts"]["duplicates"] == 2
    assert receipt["counts"]["rejected_by"] == {"duplicate_in_file": 2}
    assert inbox.contacts("a")[0][1] == "Premier"
    last = mapping("b", *NAMES, on_duplicate="keep_last")
    inbox.drop("b.xlsx", xlsx(rows), last)
    assert inbox.contacts("b")[0][1] == "Tiers"
    none = mapping("c", *NAMES, on_duplicate="reject")
    assert inbox.drop("c.xlsx", xlsx(rows), none)["counts"]["duplicates"] == 3
    assert inbox.numbers("c") == ["+33639980002"]


def test_row_27_numbers_that_said_stop(inbox: Inbox) -> None:
    inbox.db.conn.cursor().execute(
        "insert into opt_out (msisdn, client_id, source) values"
        " ('+33639980000', null, 'test'), ('+33639980001', 1, 'test')"
    )
    receipt = inbox.drop("clients.csv", csv_bytes(people(5)), mapping("clients", *NAMES))
    assert receipt["counts"]["blocklisted"] == 2
    assert receipt["counts"]["rejected_by"] == {"opted_out": 2}
    assert receipt["counts"]["loaded"] == 3


def test_rows_29_to_31_hostile_names_are_only_text(inbox: Inbox) -> None:
    names = [
        "=cmd|'/c calc'!A1",
        "<script>alert(1)</script>",
        "'); DROP TABLE contact;--",
        "O'Brien",
        "_",
    ]
    rows = [["Prénom", "Nom", "Téléphone"], *[[n, n, number(i)] for i, n in enumerate(names)]]
    receipt = inbox.drop(
        "clients.xlsx", xlsx([*rows, [*[names[0]] * 2, "06"]]), mapping("clients", *NAMES)
    )
    assert [row[1] for row in inbox.contacts("clients")] == names
    page = inbox.outbox(receipt, "receipt.html")
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "'=cmd" in inbox.outbox(receipt, "preview.csv")
    place = inbox.root / "outbox/imports" / receipt["import_id"] / "rejects.xlsx"
    sheet = openpyxl.load_workbook(place).active
    assert sheet is not None
    assert sheet["A2"].value == "'=cmd|'/c calc'!A1"


def test_row_29_a_client_may_have_formulas_refused(inbox: Inbox) -> None:
    order = "version: 1\nkind: command\ncommand: preferences\npreferences: {formula_like_text: reject}\n"
    inbox.put("commands/strict.yaml", order.encode())
    assert process(inbox.register("commands/strict.yaml"))["state"] == "loaded"
    names = ["=cmd|'/c calc'!A1", "@SUM(1)", "-2+3", "+33639980001", "-12,5", "Zoé = Léa"]
    rows = [["Prénom", "Nom", "Téléphone"], *[[n, "x", number(i)] for i, n in enumerate(names)]]
    sidecar = {**mapping("clients", *NAMES), "max_reject_ratio": 0.6}
    receipt = inbox.drop("clients.csv", csv_bytes(rows), sidecar)
    assert receipt["counts"]["rejected_by"] == {"formula_like_text": 3}
    assert [row[1] for row in inbox.contacts("clients")] == names[3:]


def test_row_32_control_characters_and_line_breaks(inbox: Inbox) -> None:
    rows = [
        ["Prénom", "Nom", "Téléphone"],
        ["Jean\r\nPaul", "a", number(0)],
        *[[f"x{chr(c)}y", "a", number(c)] for c in (0, 0x1A, 0x1B, 0x7F, 0x90)],
    ]
    receipt = inbox.drop("clients.csv", csv_bytes(rows, "utf-8"), mapping("clients", *NAMES))
    assert receipt["counts"]["rejected_by"] == {"control_character": 5}
    assert inbox.contacts("clients")[0][1] == "Jean Paul"


def test_row_34_emoji_are_kept(inbox: Inbox) -> None:
    rows = [["Prénom", "Nom", "Téléphone"], ["Zoé 🎉", "x", number(1)]]
    inbox.drop("clients.xlsx", xlsx(rows), mapping("clients", *NAMES))
    assert inbox.contacts("clients")[0][1] == "Zoé 🎉"


def test_values_too_long_and_rows_with_cells_to_spare(inbox: Inbox) -> None:
    lines = [
        "Prénom;Nom;Téléphone",
        f"{'x' * 256};a;{number(1)}",
        f"a;b;{number(2)};c;d",
        f"a;b;{number(3)}",
    ]
    receipt = inbox.drop("clients.csv", "\r\n".join(lines).encode(), mapping("clients", *NAMES))
    assert receipt["counts"]["rejected_by"] == {"ragged_row": 1, "too_long_value": 1}
    assert inbox.numbers("clients") == ["+33639980003"]


def test_too_many_refused_rows_load_nothing(inbox: Inbox) -> None:
    wrong = mapping("clients", "phone", "last_name", "first_name")
    receipt = inbox.drop("clients.csv", csv_bytes(people(60)), wrong)
    assert (receipt["state"], receipt["reason"]["code"]) == ("rejected", "too_many_rejects")
    assert inbox.numbers("clients") == []
    lenient = mapping("clients", *NAMES, max_reject_ratio=1)
    rows = [*people(40), *[["x", "y", "06"] for _ in range(40)]]
    assert inbox.drop("half.csv", csv_bytes(rows), lenient)["counts"]["loaded"] == 40
    strict = mapping("clients", *NAMES)
    again = inbox.drop("half2.csv", csv_bytes([*rows, ["z", "z", "06"]]), strict)
    assert again["reason"]["code"] == "too_many_rejects"
    assert len(rejects(inbox, again)) == 41


def test_no_row_that_can_be_loaded(inbox: Inbox) -> None:
    receipt = written(inbox, "06", "07")
    assert (receipt["state"], receipt["reason"]["code"]) == ("rejected", "no_valid_rows")


def test_refused_rows_corrected_can_be_dropped_again(inbox: Inbox) -> None:
    first = inbox.drop(
        "clients.xlsx", xlsx([*people(4), ["Paul", "Roux", "06 39 98"]]), mapping("clients", *NAMES)
    )
    place = inbox.root / "outbox/imports" / first["import_id"] / "rejects.xlsx"
    book = openpyxl.load_workbook(place)
    sheet = book.active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][:5] == [
        "Paul",
        "Roux",
        "06 39 98",
        6,
        "phone_too_short",
    ]
    sheet["C2"] = number(77)
    out = io.BytesIO()
    book.save(out)
    again = inbox.drop("clients.xlsx", out.getvalue())
    assert (again["state"], again["counts"]["loaded"]) == ("loaded", 1)
    assert "+33639980077" in inbox.numbers("clients")


def test_sa5_sa6_the_preview_is_the_first_five_rows_exactly(inbox: Inbox) -> None:
    for width in (2, 3, 4, 5):
        rows = [[f"r{r}c{c}" for c in range(width - 1)] + [number(r)] for r in range(9)]
        receipt = inbox.drop(f"wide{width}.csv", csv_bytes(rows))
        shown = list(zip(*(c["sample"] for c in receipt["columns"]), strict=True))
        assert shown == [tuple(row) for row in rows[:5]]
        assert len(inbox.outbox(receipt, "preview.csv").splitlines()) == 6


def test_sb3_ignoring_a_middle_column_shifts_nothing(inbox: Inbox) -> None:
    rows = [["a", "b", "c", number(1)], ["d", "e", "f", number(2)]]
    inbox.drop("x.csv", csv_bytes(rows), mapping("x", "first_name", "ignore", "last_name", "phone"))
    assert [row[1:3] for row in inbox.contacts("x")] == [("a", "c"), ("d", "f")]


def test_sb5_contacts_who_share_a_first_value_keep_their_own_numbers(
    inbox: Inbox, add_client: Any
) -> None:
    other = add_client("other")
    rows = [["Zoé", "A", number(1)], ["Zoé", "B", number(2)], ["Zoé", "C", number(3)]]
    inbox.drop("base.csv", csv_bytes(rows), mapping("base", *NAMES))
    other.drop("base.csv", csv_bytes([["Zoé", "Z", number(9)]]), mapping("base", *NAMES))
    assert [row[:3] for row in inbox.contacts("base")] == [
        (f"+3363998000{i}", "Zoé", name) for i, name in ((1, "A"), (2, "B"), (3, "C"))
    ]
    assert other.numbers("base") == ["+33639980009"]


def test_sb7_only_the_phone_column_is_normalised(inbox: Inbox) -> None:
    rows = [["Jean Pierre", "De La Tour", number(1), "1 rue X", "06 00"]]
    targets = ("first_name", "last_name", "phone", "variable1", "variable2")
    inbox.drop("x.csv", csv_bytes(rows), mapping("x", *targets))
    assert inbox.contacts("x") == [
        ("+33639980001", "Jean Pierre", "De La Tour", "1 rue X", "06 00")
    ]


def test_own_variables_are_kept_by_name(inbox: Inbox) -> None:
    rows: Rows = [["Ville", "Tél"], ["Orléans", number(1)], [None, number(2)]]
    inbox.drop("x.xlsx", xlsx(rows), mapping("x", "var_ville", "phone"))
    kept = inbox.db.all("select variables from contact order by msisdn")
    assert kept == [({"var_ville": "Orléans"},), ({},)]
    assert inbox.db.one("select variables from contact_list") == ["var_ville"]


def test_great_expectations_says_what_was_held(inbox: Inbox) -> None:
    inbox.drop("x.csv", csv_bytes([*people(5), ["a", "b", "06"]]), mapping("x", *NAMES))
    kept: Any = inbox.db.one("select validation from upload where kind = 'contacts'")
    held = {r["expectation_config"]["type"]: r for r in kept["results"]}
    missing = held["expect_column_values_to_not_be_null"]
    assert missing["result"] == {"element_count": 6, "unexpected_count": 1}
    assert held["expect_column_values_to_be_unique"]["success"]
    assert "0639980000" not in json.dumps(kept)


def test_every_code_has_its_words(inbox: Inbox) -> None:
    from include.pages import words

    assert all(words(lang).has(f"reason.{code}") for lang in ("fr", "en") for code in CODES if code)
