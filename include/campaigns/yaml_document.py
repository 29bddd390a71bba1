"""YAML as clients write it, read without YAML's surprises, each value with its line.

``20:00`` stays a time and ``+336…`` a number to dial: every scalar is the text that stands in the
file, except the fields named as whole numbers. Anchors are refused, since nobody needs them here
and a few lines of them can stand for gigabytes.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml

from include.campaigns.faults import Fault, RefusedError, refuse

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
Path = tuple[str | int, ...]
_WHOLE = re.compile(r"[+-]?\d{1,12}")
_NOTHING = {"", "~", "null"}


@dataclass
class Document:
    """The values of a file, and the line on which each stands."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    blocks: set[Path] = field(default_factory=set)

    def line(self, path: Path, at: str = "") -> int | None:
        """The line of the value at ``path``, or of the nearest thing around it.

        ``at`` is the part of the value before the place meant: in a text written as a ``|`` block
        the lines of the text are those of the file.
        """
        offset = 1 + at.count("\n") if path in self.blocks else 0
        while path not in self.lines and path:
            path = path[:-1]
        line = self.lines.get(path)
        return None if line is None else line + offset


def read(raw: bytes, integers: Collection[str]) -> Document:
    """Read a YAML mapping; ``integers`` are the dotted fields (``*`` for an index) to take as int.

    Raises ``RefusedError``: too_large, not_yaml, anchors_not_allowed, duplicate_field.
    """
    if len(raw) > MAX_BYTES:
        refuse("too_large", limit=MAX_BYTES // 1024)
    text = _decode(raw)
    document = Document()
    try:
        _check_tokens(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        refuse("not_yaml", line=mark.line + 1 if mark else None, problem=str(error.problem or ""))
    except (yaml.YAMLError, RecursionError) as error:
        refuse("not_yaml", problem=str(error).splitlines()[0])
    if not isinstance(node, yaml.MappingNode):
        refuse("not_a_mapping", line=1)
    document.data = _Converter(document, frozenset(integers)).mapping(node, ())
    return document


def _check_tokens(text: str) -> None:
    """Before anything is built: no anchors, no towers of brackets (they cost quadratic time)."""
    depth = 0
    for token in yaml.scan(text):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            refuse("anchors_not_allowed", line=token.start_mark.line + 1)
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > MAX_DEPTH:
            refuse("not_yaml", line=token.start_mark.line + 1, problem="nested too deeply")


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


class _Converter:
    def __init__(self, document: Document, integers: frozenset[str]) -> None:
        self.document = document
        self.integers = integers

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        seen: set[str] = set()
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                refuse("not_yaml", line=line, problem="a field's name must be plain text")
            key = str(key_node.value)
            here = (*path, key)
            if key in seen:
                raise RefusedError([Fault("duplicate_field", line, dotted(here))])
            seen.add(key)
            self.document.lines[here] = line
            if not _is_nothing(value_node):
                values[key] = self.value(value_node, here)
        return values

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        style = getattr(node, "style", None)
        if style == "|":
            self.document.blocks.add(path)
            self.document.lines[path] = node.start_mark.line + 1
        whole = style is None and _pattern(path) in self.integers
        text = str(node.value)
        return int(text) if whole and _WHOLE.fullmatch(text) else text


def _is_nothing(node: yaml.Node) -> bool:
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return plain and node.value in _NOTHING


def dotted(path: Path) -> str:
    """``message.variants.0.text``: how a field is named to people."""
    return ".".join(str(part) for part in path)


def _pattern(path: Path) -> str:
    return ".".join("*" if isinstance(part, int) else part for part in path)
