"""Cells, columns and mappings: what a file says of itself."""

from pathlib import Path
from typing import Any

import pytest

from include.contacts.delimited import detect_delimiter
from include.contacts.gates import Limits
from include.contacts.mapping import Mapping, mapping_from, parse_mapping, proposed_columns
from include.contacts.proposal import Proposal, fingerprint, folded, propose
from include.contacts.refusal import RefusalError
from include.contacts.sandbox import read_cells
from include.contacts.table import CellTable

FICTION = ("+3363998",)


def proposal_of(tmp_path: Path, text: str) -> Proposal:
    path = tmp_path / "drop"
    path.write_text(text, "utf-8")
    cells = read_cells(path, "a.csv", tmp_path, Limits(1 << 20, 10_000))
    return propose(CellTable(cells), region="FR", extra_valid_prefixes=FICTION)


def targets(proposal: Proposal) -> list[str]:
    return [column.to for column in proposal.columns]


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a;b;1,5\nc;d;2,5\n", ";"),
        ("a,b\nc,d\n", ","),
        ("a\tb c\nd\te;f\n", "\t"),
        ("a|b|c\nd|e|f\n", "|"),
        ("0639980001\n0639980002\n", ";"),
        ('"x;y",1\n"z;t",2\n', ","),
    ],
)
def test_delimiters(sample: str, delimiter: str) -> None:
    assert detect_delimiter(sample) == delimiter


def test_columns_are_known_by_their_headers(tmp_path: Path) -> None:
    text = "N° de Téléphone;NOM;Prénom;Ville;Date\n" + "0639980001;a;b;c;d\n" * 3
    found = proposal_of(tmp_path, text)
    assert targets(found) == ["phone", "last_name", "first_name", "variable1", "variable2"]
    assert found.header_row == 1 and not found.is_certain


def test_sa10_the_phone_column_is_found_by_content_wherever_it_stands(tmp_path: Path) -> None:
    for place in range(4):
        cells = ["x", "y", "z", "t"]
        cells[place] = "06 39 98 00 01"
        found = proposal_of(tmp_path, (";".join(cells) + "\n") * 5)
        assert targets(found)[place] == "phone"
        assert found.header_row == 0


def test_by_place_as_in_2012_where_nothing_else_is_known(tmp_path: Path) -> None:
    found = proposal_of(tmp_path, "a;b;c;d;0639980001\n" * 4)
    assert targets(found) == ["first_name", "last_name", "variable1", "variable2", "phone"]


def test_one_bad_number_in_five_does_not_hide_the_column(tmp_path: Path) -> None:
    rows = ["x;0639980001"] * 8 + ["x;06", "x;n/a"]
    assert targets(proposal_of(tmp_path, "\n".join(rows)))[1] == "phone"
    rows = ["x;0639980001"] * 7 + ["x;06"] * 3
    assert "phone" not in targets(proposal_of(tmp_path, "\n".join(rows)))


def test_a_headerless_file_whose_first_number_is_bad_has_no_header(tmp_path: Path) -> None:
    rows = ["x;06399800"] + ["x;0639980001"] * 9
    assert proposal_of(tmp_path, "\n".join(rows)).header_row == 0


def test_a_title_above_the_header(tmp_path: Path) -> None:
    text = "Nos clients;;\n\nPrénom;Nom;Tél\n" + "a;b;0639980001\n" * 4
    found = proposal_of(tmp_path, text)
    assert (found.header_row, found.first_data_row) == (3, 4)
    assert targets(found) == ["first_name", "last_name", "phone"]


def test_a_second_column_of_numbers_is_left_out(tmp_path: Path) -> None:
    text = "Nom;Fixe;Mobile\n" + "a;0123456789;0639980001\n" * 4
    assert targets(proposal_of(tmp_path, text)) == ["last_name", "ignore", "phone"]


def test_fingerprints() -> None:
    assert folded(" Télé-phone N°1 ") == "telephonen1"
    assert fingerprint(["Prénom", "Tél"], 2) == fingerprint(["prenom", "TEL"], 2)
    assert fingerprint(["Prénom", "Tél"], 2) != fingerprint(["Prénom", "Tél"], 3)
    assert fingerprint(["ab", "c"], 2) != fingerprint(["a", "bc"], 2)


def mapped(tmp_path: Path, **document: Any) -> Mapping:
    found = proposal_of(tmp_path, "Prénom;Nom;Tél\n" + "a;b;0639980001\n" * 3)
    whole = {"list": "x", "columns": proposed_columns(found), **document}
    return mapping_from(whole, whole["columns"], found)


def test_columns_by_number_letter_and_header(tmp_path: Path) -> None:
    columns = [{"column": "C", "to": "phone"}, {"header": "prenom", "to": "first_name"}]
    assert mapped(tmp_path, columns=columns).columns == {"phone": 3, "first_name": 1}


def test_a_mapping_survives_being_kept(tmp_path: Path) -> None:
    mapping = mapped(tmp_path, accept=["mobile", "fixed"], consent={"source": "form"})
    assert Mapping.from_document(mapping.document()).document() == mapping.document()


def test_a_mapping_is_checked_by_its_schema() -> None:
    good = b"version: 1\nkind: contact-list\nlist: x\nconsent: {source: form, date: 2026-01-02}\n"
    assert parse_mapping(good)["consent"]["date"] == "2026-01-02"
    for bad in (b"list: [", b"version: 1\nkind: contact-list\nlist: X Y\n", b"x" * 70_000):
        with pytest.raises(RefusalError) as caught:
            parse_mapping(bad)
        assert (caught.value.code, caught.value.outcome) == ("mapping_invalid", "awaiting_mapping")
