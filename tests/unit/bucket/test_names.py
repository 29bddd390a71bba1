"""What the place and the name of a dropped file say."""

import pytest

from include.bucket.names import is_ignored, list_and_label, named


@pytest.mark.parametrize(
    ("name", "list_name", "label"),
    [
        ("clients.csv", "clients", "clients"),
        ("Clients Été__mars 2026.xlsx", "clients-ete", "Clients Été mars 2026"),
        ("Œuvre_d'art.xls", "oeuvre_d-art", "Œuvre_d'art"),
        (f"{'x' * 100}.csv", "x" * 63, "x" * 100),
        ("a.b.csv", "a-b", "a.b"),
    ],
)
def test_list_and_label(name: str, list_name: str, label: str) -> None:
    assert list_and_label(name) == (list_name, label)


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("contacts/a.csv", "contacts"),
        ("contacts/a.csv.mapping.yaml", "mapping"),
        ("contacts/mapping.yml", "mapping"),
        ("campaigns/promo.yaml", "campaign"),
        ("blocklist/stop.csv", "blocklist"),
        ("commands/preferences.yaml", "command"),
    ],
)
def test_kinds(place: str, kind: str) -> None:
    found = named(place)
    assert (found.kind, found.refusal) == (kind, None)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("a.csv", "wrong_folder"),
        ("contacts/deep/a.csv", "wrong_folder"),
        ("other/a.csv", "wrong_folder"),
        ("contacts/a\x00.xlsx", "bad_file_name"),
        (f"contacts/{'é' * 150}.csv", "bad_file_name"),
        ("contacts/photo\u202excod.xlsx", "bad_file_name"),
        ("contacts/..", "bad_file_name"),
        ("contacts/...csv", "bad_file_name"),
        ("contacts/a\udcff.csv", "bad_file_name"),
    ],
)
def test_row_40_names_that_cannot_be(place: str, code: str) -> None:
    refusal = named(place).refusal
    assert refusal is not None
    assert refusal.code == code


def test_row_42_files_of_programs() -> None:
    for name in ("~$base.xlsx", ".DS_Store", "x.xlsx.filepart", "x.PART", "x.tmp", "x.crdownload"):
        assert is_ignored(name)
    assert not is_ignored("part.csv")
