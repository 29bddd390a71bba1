"""What the documents promise exists: files that they link to, commands and options that they name."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from include.cli import smsswitch

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "dags" / "README.md"]
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
COMMAND = re.compile(r"(?:^|[`/ ])smsswitch ((?:[a-z]+(?:-[a-z]+)* ?)+)([^`\n]*)", re.MULTILINE)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_lead_to_files(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text("utf-8")) if "://" not in link]
    broken = [link for link in links if not (document.parent / link).exists()]
    assert broken == []


def _promised() -> Iterator[tuple[str, str, str]]:
    for document in DOCUMENTS:
        for words, rest in COMMAND.findall(_code_of(document)):
            yield _name(document), words.strip(), rest.split("#")[0]


def _code_of(document: Path) -> str:
    text = document.read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*blocks, *spans])


def _find(words: str) -> click.Command | None:
    command: click.Command = smsswitch
    for word in words.split():
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is None:
            return None
        command = found
    return command


def test_commands_and_options_exist() -> None:
    promised = list(_promised())
    assert len(promised) > 25
    wrong = []
    for document, words, rest in promised:
        command = _find(words)
        if command is None or isinstance(command, click.Group):
            wrong.append(f"{document}: smsswitch {words}")
            continue
        known = {option for p in command.params for option in p.opts + p.secondary_opts}
        wrong += [
            f"{document}: smsswitch {words}: {option}"
            for option in re.findall(r"--[a-z][a-z-]*", rest)
            if option not in known | {"--help"}
        ]
    assert wrong == []


def test_tests_that_are_named_exist() -> None:
    named = [m for d in DOCUMENTS for m in NAMED_TEST.findall(d.read_text("utf-8"))]
    assert len(named) > 15
    assert [f"{file}::{name}" for file, name in named if not _has_test(ROOT / file, name)] == []


def _has_test(path: Path, name: str) -> bool:
    return path.is_file() and f"def {name}(" in path.read_text("utf-8")
