"""A command file: read, checked against its schema, refused with the line and the field."""

import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, NoReturn, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from include.bucket.templates import schema
from include.campaigns.yaml_document import Document, Path, dotted, read
from include.contacts.refusal import RefusalError

#: The only field that may have lines and odd characters of its own.
_TEXT = ("send", "text")


def parse_command(raw: bytes) -> dict[str, Any]:
    """The document of a command file.

    Raises ``RefusedError`` for what is not plain YAML, ``RefusalError`` command_invalid, with line
    and field, for what is no command.
    """
    document = read(raw, ("version",))
    complaint = best_match(_validator().iter_errors(document.data))
    if complaint is not None:
        _complain(document, complaint)
    for path in _with_controls(document.data, ()):
        _refuse("control", document.line(path), path)
    return document.data


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema("command"))


def _complain(document: Document, error: ValidationError) -> None:
    path: Path = tuple(error.absolute_path)
    rule, line = str(error.validator), document.line(path)
    instance, wanted, around = (
        cast(Any, part) for part in (error.instance, error.validator_value, error.schema)
    )
    if rule == "required":
        missing = sorted(set(wanted) - set(instance))
        _refuse("missing", line, (*path, missing[0]))
    if rule == "additionalProperties":
        known = list(around["properties"])
        extra = next(key for key in instance if key not in known)
        place = (*path, extra)
        if close := get_close_matches(extra, known, n=1):
            _refuse("unknown_close", document.line(place), place, close=close[0])
        _refuse("unknown", document.line(place), place)
    if rule == "not":
        _refuse("foreign", line, path)
    if rule == "enum":
        _refuse("one_of", line, path, known=", ".join(map(str, wanted)))
    _refuse("value", line, path)


def _refuse(says: str, line: int | None, path: Path, **facts: Any) -> NoReturn:
    facts = {"line": line or 1, "field": dotted(path)[:80] or "–", **facts}
    raise RefusalError("command_invalid", text=f"command_{says}", **facts)


def _with_controls(value: Any, path: Path) -> Iterator[Path]:
    """Fields with a character that no name or address has; ``$`` lets a last line end pass."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _with_controls(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _with_controls(item, (*path, place))
    elif isinstance(value, str):
        allowed = "\n\t" if path == _TEXT else ""
        odd = ("Cc", "Cs") if path == _TEXT else ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
        if any(unicodedata.category(c) in odd and c not in allowed for c in value):
            yield path
