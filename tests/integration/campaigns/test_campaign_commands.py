"""The commands of campaigns, groups and messages: JSON on stdout, one clear line when refused."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from include.cli import smsswitch
from include.errors import InputError
from include.pages import words
from tests.integration.campaigns.scene import Scene


def run(*arguments: str) -> Result:
    return CliRunner().invoke(smsswitch, arguments)


def write(tmp_path: Path, scene: Scene, **changes: object) -> str:
    file = tmp_path / "hello.yaml"
    file.write_text(yaml.safe_dump(scene.file(**changes), sort_keys=False))
    return str(file)


def test_a_day_on_the_command_line(scene: Scene, tmp_path: Path) -> None:
    scene.contacts(3)
    added = run(
        "groups", "add", "--mac", "64-31-50-1B-E9-E9", "--alias", "machine 1", "--modems", "2",
        "--json",
    )  # fmt: skip
    group = json.loads(added.stdout)
    assert set(group) == {"group_id", "mac", "alias", "database_url"}
    applied = run("campaigns", "apply", write(tmp_path, scene), "--client", "acme", "--json")
    assert applied.exit_code == 0
    document = json.loads(applied.stdout)
    assert (document["campaign"], document["state"]) == ("hello", "scheduled")
    assert {"quote_id", "recipients", "skipped", "segments", "encoding", "ucs2_because", "cost",
            "credit_after", "earliest_finish"} <= set(document["quote"])  # fmt: skip
    assert re.fullmatch(r"quo_[0-9A-Za-z]{8,32}", document["quote"]["quote_id"])
    expanded = json.loads(run("campaigns", "expand", "hello", "--client", "acme", "--json").stdout)
    assert expanded["expanded"][0]["messages"] == 3
    for order, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        done = run("campaigns", order, "hello", "--client", "acme", "--json")
        assert json.loads(done.stdout)["state"] == state
    status = json.loads(run("campaigns", "status", "hello", "--client", "acme", "--json").stdout)
    assert status["counts"]["cancelled"] == status["total"] == 3
    assert json.loads(run("monitor", "rollup", "--json").stdout)["settled"]["messages"] == 3
    listed = json.loads(run("groups", "list", "--json").stdout)["groups"]
    assert [(g["alias"], g["state"], g["queued"]) for g in listed] == [("machine 1", "started", 0)]
    assert json.loads(run("messages", "uncertain", "list", "--json").stdout) == {"messages": []}


def test_a_refused_file_exits_1_with_its_place(scene: Scene, tmp_path: Path) -> None:
    scene.contacts(1)
    file = write(tmp_path, scene, message="Bonjour {prenmo}")
    refused = run("campaigns", "apply", file, "--client", "acme", "--json")
    assert refused.exit_code == 1
    error = json.loads(refused.stdout)["errors"][0]
    assert (error["line"], error["field"]) == (7, "message")
    assert refused.stderr.startswith("smsswitch: hello.yaml:7: message: The list has no variable")
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("campaigns", "status", "nothing", "--client", "acme", "--json"), "unknown_campaign"),
        (("campaigns", "pause", "nothing", "--client", "nobody"), "unknown_client"),
        (("groups", "stop", "nothing"), "unknown_group"),
        (("groups", "add", "--mac", "0", "--alias", "a", "--modems", "1"), "bad_mac"),
        (("messages", "uncertain", "resolve", "7", "--as", "sent"), "unknown_message"),
    ],
)
def test_what_is_not_there_is_said(scene: Scene, arguments: tuple[str, ...], code: str) -> None:
    refused = run(*arguments)
    assert isinstance(refused.exception, InputError)
    assert refused.exception.code == code


def test_wrong_use_exits_2(scene: Scene) -> None:
    assert run("campaigns", "status", "hello").exit_code == 2
    assert run("messages", "uncertain", "resolve", "--as", "sent").exit_code == 2


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_quote_page_is_whole_in_both_languages(scene: Scene, language: str) -> None:
    scene.client("reader", language=language)
    people = [("<script>alert(1)</script>", "A", None), (None, "B", None), ("ê" * 60, "C", None)]
    scene.contacts(people, client="reader")
    receipt = scene.apply(client="reader", state="draft")
    page = scene.outbox("campaigns/hello/quote.html", "reader")
    assert f'lang="{language}"' in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert receipt["quote"]["quote_id"] in page
    assert words(language)("quote.reason.missing_variable") in page.replace("&#39;", "'")
    scene.apply(client="reader", budget={"max_messages": 1})
    refused = scene.outbox("campaigns/hello/quote.html", "reader")
    assert words(language)("quote.next.refused") in refused.replace("&#39;", "'")
