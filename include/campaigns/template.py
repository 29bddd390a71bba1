"""Texts with variables: ``{first_name}``, ``{variable1|fallback}``, ``{{`` and ``}}`` for braces.

Own substitution of names only: a client's text is never given to ``str.format`` or to Jinja.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

FIXED = ("first_name", "last_name", "variable1", "variable2")
ALIASES = {"prenom": "first_name", "nom": "last_name"}
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Variable:
    """A place to fill: the field's canonical name, and what to write where it is empty."""

    name: str
    fallback: str | None
    at: int


Part = str | Variable


class BadPlaceholderError(ValueError):
    """A brace that is neither a variable nor doubled; ``at`` is its place, ``found`` what stands there."""

    def __init__(self, at: int, found: str) -> None:
        self.at = at
        self.found = found if len(found) <= 40 else found[:39] + "…"
        super().__init__(f"bad placeholder {self.found} at character {at + 1}")


def parse(text: str) -> tuple[Part, ...]:
    """Cut a text into literals and variables; joined literals never follow each other.

    Raises ``BadPlaceholderError`` for anything in braces that is not a name.
    """
    parts: list[Part] = []
    literal, end = "", 0
    for token in _TOKEN.finditer(text):
        literal += text[end : token.start()]
        end = token.end()
        found = token.group()
        if found in ("{{", "}}"):
            literal += found[0]
            continue
        if token.group(1) is None:
            raise BadPlaceholderError(token.start(), text[token.start() : token.start() + 40])
        if literal:
            parts.append(literal)
        parts.append(_variable(token.group(1), token.start(), found))
        literal = ""
    literal += text[end:]
    return (*parts, literal) if literal else tuple(parts)


def _variable(inside: str, at: int, found: str) -> Variable:
    name, bar, fallback = inside.partition("|")
    plain = canonical(name)
    if not _NAME.fullmatch(plain):
        raise BadPlaceholderError(at, found)
    return Variable(plain, fallback if bar else None, at)


def canonical(name: str) -> str:
    """The field that a name means: case and accents do not count, ``prenom`` is ``first_name``."""
    folded = unicodedata.normalize("NFKD", name.strip().lower())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return ALIASES.get(plain, plain)


def variables(parts: Iterable[Part]) -> tuple[Variable, ...]:
    """The variables in their order."""
    return tuple(part for part in parts if isinstance(part, Variable))


def literals(parts: Iterable[Part]) -> str:
    """What every recipient gets, whatever the variables hold."""
    return "".join(part for part in parts if isinstance(part, str))


def with_fallbacks(parts: Iterable[Part], fallbacks: Mapping[str, str]) -> tuple[Part, ...]:
    """The same parts, where a variable without a fallback of its own takes the campaign's."""
    return tuple(
        Variable(part.name, fallbacks.get(part.name), part.at)
        if isinstance(part, Variable) and part.fallback is None
        else part
        for part in parts
    )


def fill(parts: Sequence[Part], values: Mapping[str, str | None]) -> str | None:
    """The text for one person, or None where a variable is empty and has no fallback.

    Expansion does the same in SQL for all contacts at once; this is what it is held against.
    """
    filled: list[str] = []
    for part in parts:
        if isinstance(part, str):
            filled.append(part)
            continue
        value = (values.get(part.name) or "").strip(" ") or part.fallback
        if value is None:
            return None
        filled.append(value)
    return "".join(filled)
