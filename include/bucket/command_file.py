"""A command file: read, checked against its schema, refused with the line and the field."""

import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from include.bucket.templates import schema
from include.campaigns.faults import RefusedError
from include.campaigns.yaml_document import Document, Path, dotted, read
from include.contacts.refusal import RefusalError

#: The only field that may have lines and odd characters of its own.
_TEXT = ("send", "text")


def parse_command(raw: bytes) -> dict[str, Any]:
    """The document of a command file; ``RefusalError`` command_invalid with line and field."""
    try:
        document = read(raw, ("version",))
    except RefusedError as error:
        fault = error.faults[0]
        _refuse(fault.line, fault.field, fault.message("en"), fault.message("fr"))
    complaint = best_match(_validator().iter_errors(document.data))
    if complaint is not None:
        _complain(document, complaint)
    for path in _with_controls(document.data, ()):
        _refuse(document.line(path), dotted(path), "control character", "caractère de contrôle")
    return document.data


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema("command"))


def _complain(document: Document, error: ValidationError) -> None:
    path: Path = tuple(error.absolute_path)
    field, rule = dotted(path), str(error.validator)
    instance, wanted, around = (
        cast(Any, part) for part in (error.instance, error.validator_value, error.schema)
    )
    said = str(error.message)[:200]
    if rule == "required":
        missing = sorted(set(wanted) - set(instance))
        field = dotted((*path, missing[0]))
        _refuse(document.line(path) or 1, field, "missing", "manquant")
    if rule == "additionalProperties":
        known = list(around["properties"])
        extra = next(key for key in instance if key not in known)
        close = get_close_matches(extra, known, n=1)
        field = dotted((*path, extra))
        did = f"; did you mean {close[0]}?" if close else ""
        vous = f" ; vouliez-vous dire {close[0]} ?" if close else ""
        _refuse(document.line((*path, extra)), field, f"unknown{did}", f"inconnu{vous}")
    if rule == "not":
        _refuse(document.line(path), field, "not of this command", "étranger à cette commande")
    if rule == "enum":
        said = ", ".join(map(str, wanted))
        _refuse(document.line(path) or 1, field, f"one of {said}", f"un parmi {said}")
    _refuse(document.line(path) or 1, field, said, said)


def _refuse(line: int | None, field: str | None, said_en: str, said_fr: str) -> None:
    where = field[:80] if field else "–"
    raise RefusalError(
        "command_invalid", line=line or 1, field=where, detail_en=said_en, detail_fr=said_fr
    )


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
