"""P2: a workbook of 100,000 contacts, against reading it alone, and against openpyxl and row inserts.

``P2_ROWS`` for fewer; ``P2_ROUNDS``.
"""

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import python_calamine
import xlsxwriter

from benchmarks import contact_files
from benchmarks.side_by_side import Side, database, in_turns, measured, ratio
from include.db import connect

ROWS = int(os.environ.get("P2_ROWS", "100000"))
ROUNDS = int(os.environ.get("P2_ROUNDS", "3"))
SEED_ROWS = min(5_000, ROWS)


def measure() -> dict[str, Any]:
    """Ratios of the medians of rounds in turns: the first file of a process, and the one after it."""
    with database("p2") as server, tempfile.TemporaryDirectory(prefix="smsswitch-p2-") as folder:
        contact_files.prepare()
        file = Path(folder) / "big.xlsx"
        _write(file)
        imports: list[dict[str, Any]] = []
        sides: dict[str, Side] = {
            "reading": (lambda: None, lambda: _read(file)),
            "import": (
                lambda: _ready(file),
                lambda: imports.append(contact_files.import_apart(file.suffix, "one", "two")),
            ),
        }
        found = in_turns(server, ROUNDS, sides)
        for place, name in enumerate(("first", "next")):
            done = [entry["imports"][place] for entry in imports]
            assert all(one["state"] == "loaded" for one in done), done
            found[name] = {"seconds": [one["seconds"] for one in done]}
        seed = _seed(server, file)
        ours = statistics.median(found["first"]["seconds"])
        return {
            "rows": ROWS,
            "counts": imports[0]["imports"][0]["counts"],
            "steps": [one["steps"] for one in imports[-1]["imports"]],
            "rounds": found,
            "of_reading": ratio(found, "next", "reading"),
            "of_reading_with_imports_of_libraries": ratio(found, "first", "reading"),
            "openpyxl_and_inserts": {"seconds": seed, "times_slower": round(seed / ours, 1)},
            "peak_mib": [entry["peak_mib"] for entry in imports],
            "reach": {"of_reading": 3, "openpyxl_and_inserts": 5},
        }


def _write(file: Path) -> None:
    """As Excel keeps it: each text once, in a table of texts."""
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet()
        for line, row in enumerate([contact_files.HEADER, *contact_files.rows(ROWS)]):
            for place, value in enumerate(row):
                page.write_string(line, place, value)


def _read(file: Path) -> None:
    book = python_calamine.CalamineWorkbook.from_path(str(file))
    cells = book.get_sheet_by_index(0).to_python()
    assert len(cells) == ROWS + 1


def _ready(file: Path) -> None:
    contact_files.forget()
    contact_files.drop(file, "one", "two")


def _seed(server: Any, file: Path) -> float:
    """Openpyxl reads every row; the inserts of some are scaled to all."""
    with connect(role=None) as conn:
        conn.cursor().execute("create table seed (a text, b text, c text, d text, e text)")
    rows: list[Any] = []
    reading = measured(server, lambda: rows.extend(_by_openpyxl(file)))["seconds"]
    inserting = measured(server, lambda: _insert(rows[:SEED_ROWS]))["seconds"]
    return round(reading + inserting * ROWS / SEED_ROWS, 1)


def _by_openpyxl(file: Path) -> list[Any]:
    page = openpyxl.load_workbook(file, read_only=True).worksheets[0]
    return list(page.iter_rows(values_only=True))


def _insert(rows: list[Any]) -> None:
    with connect(role=None, autocommit=True) as conn, conn.cursor() as cur:
        for row in rows:
            cur.execute("insert into seed values (%s, %s, %s, %s, %s)", row)
