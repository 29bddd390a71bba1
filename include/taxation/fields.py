"""How the fields of a layout are stored, and the lattice along which a column widens."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from include.taxation.layout import Column

SqlType = Literal["bigint", "numeric", "timestamp", "text"]
TIMESTAMP_WIDTH = 17
_BIGINT_DIGITS = 18
# R may only say how a field is aligned: these hold digits, masks and leading zeros, not quantities.
DIGITS_NOT_NUMBERS = frozenset(
    """callednumber chargednumber callingnumber initialdiallednumber actingextensionnumber subaddress
    chargedcostcenter accesscode callreference ticketversion""".split()
)
DURATIONS = frozenset(["duration", "waitingduration", "effectivecallduration"])
DATES = frozenset(["startdatetime", "enddatetime"])
_ABOVE: dict[str, frozenset[str]] = {
    "bigint": frozenset(["bigint", "numeric", "text"]),
    "numeric": frozenset(["numeric", "text"]),
    "timestamp": frozenset(["timestamp", "text"]),
    "text": frozenset(["text"]),
}
_NARROWEST_FIRST: tuple[SqlType, ...] = ("bigint", "numeric", "timestamp", "text")


def sql_type(column: Column) -> SqlType:
    """The narrowest type that holds every sound value of a field."""
    if column.key in DATES and column.width >= TIMESTAMP_WIDTH:
        return "timestamp"
    if column.type == "R" and column.key not in DIGITS_NOT_NUMBERS | DATES:
        return "bigint" if column.width <= _BIGINT_DIGITS else "numeric"
    return "text"


def join(first: SqlType, second: SqlType) -> SqlType:
    """The narrowest type that holds the values of both: bigint < numeric < text, timestamp < text."""
    both = _ABOVE[first] & _ABOVE[second]
    return next(kind for kind in _NARROWEST_FIRST if kind in both)


@dataclass(frozen=True)
class Stored:
    """One field of a layout with the column of taxdata that takes it and that column's type."""

    field: Column
    name: str
    table_type: SqlType

    @cached_property
    def kind(self) -> SqlType:
        """How its values read, whatever the table has become."""
        return sql_type(self.field)
