"""The table of bad inputs: each row of a client's files has a test that carries its number."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ONE_OR_TWO = re.compile(r"def test_rows?_(\d+)(?:_(?:and_)?(\d+))?_")
RANGE = re.compile(r"def test_rows_(\d+)_to_(\d+)_")


def test_every_row_of_clients_files_has_a_test() -> None:
    covered: set[int] = set()
    for file in TESTS.rglob("test_*.py"):
        text = file.read_text("utf-8")
        covered |= {int(n) for found in ONE_OR_TWO.findall(text) for n in found if n}
        for first, last in RANGE.findall(text):
            covered |= set(range(int(first), int(last) + 1))
    assert sorted(set(range(1, 61)) - covered) == []
