"""The mapping of a file's columns to fields: read, checked against the schema and the file.

A mapping comes from a sidecar, from the client's answer to a proposal, from memory or from the
proposal itself. Whatever its way, it ends as one `Mapping`, and as the JSON that the upload keeps.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from include.contacts.proposal import Proposal, folded
from include.contacts.refusal import mapping_refused
from include.contacts.sandbox import Options

SCHEMA = Path(__file__).parent / "schemas" / "mapping.schema.yaml"
_MAX_BYTES = 64 * 1024
_FIXED = ("phone", "first_name", "last_name", "variable1", "variable2")
_ENCODINGS = {"utf-8": "utf-8-sig"}


@dataclass(frozen=True)
class Mapping:
    """Which column (from 1) fills which field, and how the rows are to be taken."""

    list_name: str
    columns: dict[str, int]
    header_row: int
    first_data_row: int
    label: str | None = None
    mode: str = "update"
    region: str = "FR"
    sheet: str | int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    on_duplicate: str = "keep_first"
    accept: tuple[str, ...] = ("mobile",)
    max_reject_ratio: float | None = None
    consent: dict[str, Any] | None = None

    @property
    def texts(self) -> dict[str, int]:
        """The fields besides the phone number."""
        return {to: column for to, column in self.columns.items() if to != "phone"}

    @property
    def targets(self) -> dict[int, str]:
        """The field of each column that fills one."""
        return {column: to for to, column in self.columns.items()}

    @property
    def variables(self) -> list[str]:
        """The fields that the client named itself, ``var_…``."""
        return [to for to in self.columns if to not in _FIXED]

    def document(self) -> dict[str, Any]:
        """The mapping as JSON, complete: two equal mappings give equal documents."""
        return {**vars(self), "accept": sorted(self.accept)}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Mapping":
        """The mapping that ``document`` made JSON of."""
        return cls(**{**document, "accept": tuple(document["accept"])})


def parse_mapping(data: bytes) -> dict[str, Any]:
    """The document of a mapping file, valid by its schema; refused with the place of the fault."""
    if len(data) > _MAX_BYTES:
        raise mapping_refused("mapping_invalid", detail=f"> {_MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        # An alias can make a small text expand without end, and no mapping needs one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise mapping_refused("mapping_invalid", detail="YAML alias (*)")
        document = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise mapping_refused("mapping_invalid", detail=_first_line(error)) from error
    if not isinstance(document, dict):
        raise mapping_refused("mapping_invalid", detail="not a mapping of names to values")
    _dates_as_text(document)
    _check_targets(document.get("columns"))
    fault = best_match(_validator().iter_errors(document))
    if fault is not None:
        place = "/".join(str(part) for part in fault.absolute_path)
        raise mapping_refused(
            "mapping_invalid", detail=f"{place}: {fault.message}"[:200].lstrip(": ")
        )
    return document


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark else problem[:200]


def _dates_as_text(document: dict[str, Any]) -> None:
    consent = document.get("consent")
    if isinstance(consent, dict) and "date" in consent:
        consent["date"] = str(consent["date"])


@cache
def _validator() -> Draft202012Validator:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _check_targets(columns: Any) -> None:
    """The faults that deserve a sentence of their own, before the schema speaks of contains."""
    if not isinstance(columns, list):
        return
    targets = [c.get("to") for c in columns if isinstance(c, dict)]
    for target in targets:
        if target != "ignore" and targets.count(target) > 1:
            raise mapping_refused("field_mapped_twice", field=str(target))
    if "phone" not in targets:
        raise mapping_refused("phone_required")


def options_of(document: dict[str, Any]) -> Options:
    """How a mapping's document wants the file to be read."""
    file = document.get("file") or {}
    encoding, delimiter = file.get("encoding", "auto"), file.get("delimiter", "auto")
    return Options(
        sheet=file.get("sheet"),
        encoding=None if encoding == "auto" else _ENCODINGS.get(encoding, encoding),
        delimiter=None if delimiter == "auto" else delimiter,
    )


def mapping_from(
    document: dict[str, Any], columns: list[dict[str, Any]], proposal: Proposal
) -> Mapping:
    """``columns`` (of the document, or proposed) as columns of the file that was proposed for."""
    file = document.get("file") or {}
    options = options_of(document)
    width = len(proposal.columns)
    targets: dict[str, int] = {}
    for entry in columns:
        index = _column_index(entry, proposal.headers, width)
        if entry["to"] == "ignore":
            continue
        if index in targets.values():
            raise mapping_refused("column_mapped_twice", column=index)
        targets[entry["to"]] = index
    return Mapping(
        list_name=document["list"],
        columns=targets,
        header_row=proposal.header_row,
        first_data_row=file.get("first_data_row") or proposal.first_data_row,
        label=document.get("label"),
        mode=document.get("mode", "update"),
        region=file.get("default_region", "FR"),
        sheet=options.sheet,
        encoding=options.encoding,
        delimiter=options.delimiter,
        on_duplicate=document.get("on_duplicate", "keep_first"),
        accept=tuple(document.get("accept", ["mobile"])),
        max_reject_ratio=document.get("max_reject_ratio"),
        consent=document.get("consent"),
    )


def proposed_columns(proposal: Proposal) -> list[dict[str, Any]]:
    """The proposal in the words of a mapping file."""
    return [{"column": column.index, "to": column.to} for column in proposal.columns]


def _column_index(entry: dict[str, Any], headers: Sequence[str | None], width: int) -> int:
    if "header" in entry:
        return _by_header(str(entry["header"]), headers)
    column = entry["column"]
    index = column if isinstance(column, int) else _letters(column)
    if not 1 <= index <= width:
        raise mapping_refused("no_such_column", wanted=str(column), found=width)
    return index


def _letters(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index


def _by_header(wanted: str, headers: Sequence[str | None]) -> int:
    if wanted in headers:
        return headers.index(wanted) + 1
    plain = [folded(header or "") for header in headers]
    if folded(wanted) in plain:
        return plain.index(folded(wanted)) + 1
    close = difflib.get_close_matches(folded(wanted), plain, 1)
    text = "no_such_column_did_you_mean" if close else "no_such_column"
    meant = headers[plain.index(close[0])] if close else None
    raise mapping_refused(
        "no_such_column", text=text, wanted=wanted, found=len(headers), meant=meant
    )
