"""A cost is reported where the person was then."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from include.cli import smsswitch
from include.errors import InputError
from include.settings import settings
from include.storage import Storage
from include.taxation.analyse import analyse
from include.taxation.ingest import ingest_new, ingest_paths
from include.taxation.organisation import import_file, import_new
from tests.conftest import Database
from tests.integration.taxation.written import record, spool

Write = Callable[[str, bytes], Path]
USERS = """pbx,extension,person,cost_centre,company,valid_from,valid_to
p,1001,Ada,sales,NORD,2026-01-01,
p,1001,Ada,support,,2026-03-10,2026-03-11
p,1002,Bob,sales,,2026-03-11,
"""
CENTRES = """Centre de coût;Nom;Société;Du;Au
sales;Ventes;SUD;01/01/2026;
support;Assistance;EST;01/01/2026;09/03/2026
support;Support client;OUEST;10/03/2026;
"""


def by_centre(**given: str) -> dict[Any, tuple[int, str | None]]:
    found = analyse("cost_per_cost_centre", given)
    rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    key = {"company": "company", "user": "user_name"}.get(given.get("per", ""), "cost_centre")
    counted: dict[Any, tuple[int, str | None]] = {}
    for row in rows:
        before = counted.get(row[key], (0, None))[0]
        counted[row[key]] = (before + row["calls"], row["cost_centre_name"])
    return counted


def calls(write: Write) -> None:
    days = ("20260309", "20260310", "20260311", "20260312")
    made = [
        record(
            charged=ext, start=f"{day} 23:59:59", end=f"{day} 23:59:59", called=f"06399800{n}{k}"
        )
        for n, day in enumerate(days)
        for k, ext in enumerate(("1001", "1002"))
    ]
    ingest_paths([write("a", spool(*made))], "p")


def test_a_call_counts_where_the_person_was_that_day(db: Database, write: Write) -> None:
    calls(write)
    assert by_centre() == {None: (8, None)}
    import_file("users.csv", USERS.encode(), by="ops:test")
    import_file("centres.csv", CENTRES.encode("cp1252"), by="ops:test")
    # 1001: sales on the 9th, support on the 10th and 11th, nowhere on the 12th (its entry had ended).
    # 1002: nobody's until the 10th, then sales.
    assert by_centre() == {
        "sales": (3, "Ventes"),
        "support": (2, "Support client"),
        None: (3, None),
    }
    assert by_centre(per="company") == {
        "NORD": (1, None), "SUD": (2, None), "OUEST": (2, None), None: (3, None)
    }  # fmt: skip
    assert by_centre(per="user") == {"Ada": (3, None), "Bob": (2, None), "Martin": (3, None)}
    assert by_centre(cost_centre="support", **{"from": "2026-03-11"}) == {
        "support": (1, "Support client")
    }


def test_the_order_of_files_and_reading_again_change_nothing(db: Database, write: Write) -> None:
    calls(write)
    head, first, second, third = USERS.splitlines(keepends=True)
    seen = set()
    for order in ((first, second, third), (third, second, first)):
        db.conn.cursor().execute("delete from org_user")
        for line in (*order, order[0]):
            import_file("u.csv", (head + line).encode(), by="ops:test")
        seen.add(str(by_centre()))
    assert len(seen) == 1


def test_replace_takes_out_what_the_file_does_not_name(db: Database, write: Write) -> None:
    calls(write)
    ingest_paths([write("q", spool(record(called="0639989999")))], "q")
    import_file("u.csv", USERS.encode(), by="ops:test")
    import_file("u.csv", USERS.replace("p,", "q,").encode(), by="ops:test")
    head, first, *_ = USERS.splitlines(keepends=True)
    assert import_file("u.csv", (head + first).encode(), by="x", replace=True)["removed"] == 2
    assert db.all("select pbx, count(*) from org_user group by 1 order by 1") == [
        ("p", 1),
        ("q", 3),
    ]
    import_file("c.csv", CENTRES.encode(), by="ops:test")
    lines = CENTRES.splitlines(keepends=True)
    assert import_file("c.csv", "".join(lines[:2]).encode(), by="x", replace=True)["removed"] == 2


BAD_FILES = (
    ("", "line 1"),
    ("a,b\n1,2\n", "line 1"),
    ("pbx,extension\np,1001\n", "valid_from"),
    (USERS.splitlines()[0] + "\n", "no entry"),
    (USERS.replace("2026-03-11\n", "2026-03-09\n"), "line 3, valid_to"),
    (USERS.replace("2026-01-01", "2026-02-30"), "line 2, valid_from"),
    (USERS.replace("p,1002", "p,"), "line 4, extension"),
    (USERS.replace("p,1002", "nowhere,1002"), "nowhere"),
    (USERS + USERS.splitlines()[3] + "\n", "line 5"),
    (USERS + "p,1,2\n", "line 5"),
    (USERS.replace("Ada", "A" * 201), "line 2, person"),
    (USERS + 'p,"1003\n', "line"),
    ("pbx,extension,valid_from,valid_from\np,1,2026-01-01,2026-01-01\n", "valid_from"),
    ("\0\0\0\0", "no text"),
)


def test_a_file_is_taken_as_a_whole_or_not_at_all(db: Database, write: Write) -> None:
    calls(write)
    for text, told in BAD_FILES:
        with pytest.raises(InputError, match="bad_organisation") as refused:
            import_file("u.csv", text.encode(), by="ops:test")
        assert told in refused.value.message_en
    assert db.one("select count(*) from org_user") == 0


def test_files_of_the_spool_are_read_once_and_never_as_spools(db: Database, write: Write) -> None:
    calls(write)
    storage = Storage(settings().spool_url)
    storage.write_text("_organisation/users.csv", USERS)
    storage.write_text("_organisation/bad.csv", "nothing\n")
    found = {f["file"]: f for f in import_new()}
    assert found["users.csv"]["entries"] == 3 and "line 1" in found["bad.csv"]["refused"]
    assert import_new() == []
    assert db.all("select kind, subject from alert") == [("organisation_refused", "bad.csv")]
    assert ingest_new()["files"] == []
    assert db.one("select count(*) from audit_entry where action = 'organisation_import'") == 1


def test_the_commands(db: Database, write: Write, tmp_path: Path) -> None:
    calls(write)
    file = tmp_path / "users.csv"
    file.write_text(USERS)
    run = CliRunner().invoke
    assert run(smsswitch, ["taxation", "organisation", "import", str(file)]).exit_code == 0
    shown = run(smsswitch, ["taxation", "organisation", "show", "--at", "2026-03-10"])
    assert [(u["extension"], u["cost_centre"]) for u in json.loads(shown.stdout)["users"]] == [
        ("1001", "support")
    ]


def test_the_report_of_costs_follows(db: Database, write: Write) -> None:
    from datetime import UTC, datetime

    from include.reports.build import build

    calls(write)
    import_file("u.csv", USERS.encode(), by="ops:test")
    key = build(["T1"], "2026-03", at=datetime(2026, 4, 1, tzinfo=UTC), lang="en")[0]
    page = Storage(settings().reports_url).read_bytes(key).decode()
    assert "support" in page and "Ada" in page
