"""What is wrong with a campaign file, or why its activation is refused: place, code, sentence."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from include.errors import InputError
from include.pages import Formats, words


@dataclass(frozen=True)
class Fault:
    """One complaint: where (line from 1, dotted field), a stable code, the values of its sentence.

    The sentence is ``campaign.error.<says>`` of the catalogue, ``says`` being the code unless given.
    """

    code: str
    line: int | None = None
    field: str | None = None
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    says: str | None = None

    def message(self, language: str) -> str:
        """The sentence in French or English."""
        return words(language)(
            f"campaign.error.{self.says or self.code}", **written(self.values, language)
        )

    def document(self, language: str) -> dict[str, Any]:
        """The fault as receipts carry it."""
        return {
            "line": self.line,
            "field": self.field,
            "code": self.code,
            "message": self.message(language),
            "message_fr": self.message("fr"),
            "message_en": self.message("en"),
        }


def written(values: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The values of a sentence; a ``Decimal`` is an amount of money, as the language writes it."""
    money = Formats(language).money
    return {k: money(v) if isinstance(v, Decimal) else v for k, v in values.items()}


class RefusedError(InputError):
    """A campaign file or an order that cannot be carried out; ``faults`` says why, in file order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(first.code, first.message("en"), first.message("fr"))


def refuse(
    code: str, *, line: int | None = None, field: str | None = None, **values: Any
) -> NoReturn:
    """Raise a ``RefusedError`` of one fault."""
    raise RefusedError([Fault(code, line, field, values)])
