"""YAML without its surprises: ``18:00`` is a clock and ``2026-01-01`` a text, each value has a line."""

import re
from typing import Any

import yaml

from include.errors import InputError, Place

MAX_BYTES = 1024 * 1024
Path = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """Only null, true and false, whole numbers and decimal fractions are more than text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|", "~n\0"),
    ("bool", r"true|false", "tf"),
    ("int", r"[+-]?\d+", "+-0123456789"),
    ("float", r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+", "+-.0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"^(?:{_pattern})$"),
        [*("" if first == "\0" else first for first in _first)],
    )


def read(text: str, file: str | None = None) -> tuple[Any, dict[Path, int]]:
    """The value of a YAML document, and the line (from 1) of every value in it.

    Raises ``InputError`` (``not_yaml``) for what is no YAML, names a key twice, or uses anchors.
    """
    if len(text) > MAX_BYTES:
        raise InputError("too_large", f"more than {MAX_BYTES} characters", place=Place(file=file))
    try:
        for token in yaml.scan(text):
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
                raise _refusal("anchors are not allowed", token.start_mark.line, file)
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        if node is not None:
            _walk(node, (), lines, file)
        return (loader.construct_document(node) if node is not None else None), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refusal(str(error.problem), mark.line if mark else 0, file) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _refusal(str(error).splitlines()[0], 0, file) from None


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], file: str | None) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            _walk(child, (*path, index), lines, file)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            here = (*path, str(key.value))
            if here in lines:
                raise _refusal(f"{key.value!r} comes twice", key.start_mark.line, file)
            _walk(child, here, lines, file)


def _refusal(what: str, line: int, file: str | None) -> InputError:
    return InputError(
        "not_yaml",
        f"line {line + 1}: {what}",
        f"ligne {line + 1} : {what}",
        place=Place(file=file, line=line + 1),
    )
