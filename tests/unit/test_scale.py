"""docs/scale.md: every figure that is only arithmetic is worked out again from the table of what is given."""

import ast
import operator
import re
from collections.abc import Iterator
from math import floor, log10
from pathlib import Path

import pytest

from benchmarks import fleet

DOCS = Path(__file__).parents[2] / "docs"
SCALE = (DOCS / "scale.md").read_text(encoding="utf-8")
MEASURED = (DOCS / "performance.md").read_text(encoding="utf-8")
GIVEN = re.compile(r"^\| `(\w+)` \| ([\d,.]+) \| (.*) \|$", re.MULTILINE)
WORKED = re.compile(r"^\| [^|]* \| `(\w+) = ([^`]+)` \| ([\d,.]+)[^|]* \|$", re.MULTILINE)
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def number(text: str) -> float:
    """A figure as people write it."""
    return float(text.replace(",", ""))


def worked_out(expression: str, known: dict[str, float]) -> float:
    """The value of an arithmetic expression over names."""

    def value(node: ast.expr) -> float:
        match node:
            case ast.Name():
                return known[node.id]
            case ast.Constant(value=int() | float() as constant):
                return float(constant)
            case ast.BinOp():
                work = OPERATORS[type(node.op)]
                return float(work(value(node.left), value(node.right)))
            case _:
                raise ValueError(ast.dump(node))

    return value(ast.parse(expression, mode="eval").body)


def rounded_like(value: float, text: str) -> float:
    """The value with as many digits as the text has: 1,700 has two."""
    digits = text.replace(",", "").replace(".", "").lstrip("0")
    significant = len(digits if "." in text else digits.rstrip("0"))
    return round(value, significant - 1 - floor(log10(abs(value))))


def given() -> dict[str, float]:
    """What the first table gives."""
    return {name: number(value) for name, value, _ in GIVEN.findall(SCALE)}


def steps() -> Iterator[tuple[str, str, str]]:
    """Each row that is worked out: its name, its expression, what the document says it comes to."""
    yield from WORKED.findall(SCALE)


def test_what_is_worked_out_is_right() -> None:
    known = given()
    assert len(known) >= 8
    assert len(list(steps())) >= 8
    for name, expression, stated in steps():
        known[name] = worked_out(expression, known)
        assert rounded_like(known[name], stated) == pytest.approx(number(stated)), name


def test_what_is_measured_stands_in_performance() -> None:
    measured = [
        (name, text) for name, text, origin in GIVEN.findall(SCALE) if "performance.md" in origin
    ]
    assert measured
    missing = [
        name
        for name, text in measured
        if not re.search(rf"(?<![\d,.]){text}(?![\d,]|\.\d)", MEASURED)
    ]
    assert missing == []


def test_the_emulated_fleet_is_that_of_the_document() -> None:
    known = given()
    for name, expression, _stated in steps():
        known[name] = worked_out(expression, known)
    assert (known["messages"], known["hours"]) == (fleet.MESSAGES_A_DAY, fleet.HOURS)
    assert known["modems_a_host"] == fleet.MODEMS
    assert known["hosts"] <= fleet.HOSTS < known["hosts"] + 2


def test_a_wrong_figure_is_found() -> None:
    assert rounded_like(231.48, "231") == 231
    assert rounded_like(1692.7, "1,700") == 1700
    assert rounded_like(1692.7, "1,600") != 1600
    assert rounded_like(10.24, "10") == 10
    assert rounded_like(0.954, "0.95") == 0.95
