"""A column as both an HTML table and a worksheet show it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",  # words from outside, any script, any length
    "code",  # a name for machines: campaign, key, MAC, reason
    "phone",  # always text, never a number
    "number",
    "decimal",  # one digit after the point
    "percent",  # 0 to 100
    "money",  # in euros
    "amount",  # in the currency that another column names
    "when",  # an instant
    "day",
    "duration",  # seconds
    "bytes",
    "state",  # a code with a word in catalogue/states.yaml
    "link",  # (text, href relative to the page or nothing)
    "markup",  # trusted inline SVG of this package; left out of worksheets
]

#: Kinds whose figures line up on the right.
NUMERIC: frozenset[Kind] = frozenset(
    ("number", "decimal", "percent", "money", "amount", "duration", "bytes"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """`key` of the row's mapping, `title` in the reader's language, `kind` of its values."""

    key: str
    title: str
    kind: Kind = "text"

    @property
    def numeric(self) -> bool:
        """Whether its values are compared by size."""
        return self.kind in NUMERIC
