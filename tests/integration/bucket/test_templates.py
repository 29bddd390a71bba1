"""Models, schemas and the guide: there at the first scan, usable as they are, rewritten if changed."""

import json
import os
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from jsonschema import Draft202012Validator

from include.bucket.command_file import parse_command
from include.bucket.intake import scan
from include.bucket.templates import schema, write_templates
from include.campaigns.campaign_file import parse_campaign
from include.campaigns.compliance import profile
from include.cli import smsswitch
from include.contacts.mapping import parse_mapping
from tests.integration.client_files import Inbox

NAMES = {
    "README.en.html", "README.html", "campaign.schema.json", "campaign.yaml", "command.schema.json",
    "command.yaml", "mapping.schema.json", "mapping.yaml", "model.xlsx", "tariff.schema.json",
}  # fmt: skip


def models(inbox: Inbox) -> Path:
    return Path(inbox.storage.root) / "templates"


def test_a_scan_writes_them_and_the_next_one_leaves_them_alone(inbox: Inbox) -> None:
    scan()
    folder = models(inbox)
    assert {path.name for path in folder.iterdir()} == NAMES
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert write_templates(inbox.storage) == []
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before


def test_what_was_changed_or_swapped_for_a_link_is_put_right(inbox: Inbox, tmp_path: Path) -> None:
    write_templates(inbox.storage)
    secret = tmp_path / "secret"
    secret.write_text("kept")
    (models(inbox) / "mapping.yaml").write_text("import os")
    (models(inbox) / "README.html").unlink()
    (models(inbox) / "README.html").symlink_to(secret)
    os.truncate(models(inbox) / "model.xlsx", 10)
    scan()
    assert secret.read_text() == "kept"
    assert not (models(inbox) / "README.html").is_symlink()
    assert write_templates(inbox.storage) == []


def test_a_client_added_by_hand_finds_them(db: Any, tmp_path: Path) -> None:
    done = CliRunner().invoke(smsswitch, ["clients", "add", "zoe", "--name", "Zoé"])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "var" / "bucket" / "templates"
    assert {path.name for path in folder.iterdir()} == NAMES


def test_the_models_are_what_they_explain(inbox: Inbox) -> None:
    write_templates(inbox.storage)
    folder = models(inbox)
    assert parse_mapping((folder / "mapping.yaml").read_bytes())["list"] == "clients"
    campaign = parse_campaign((folder / "campaign.yaml").read_bytes(), profile("fr"))
    assert campaign.state == "draft"
    assert parse_command((folder / "command.yaml").read_bytes())["command"] == "quick_send"
    for name in ("mapping", "campaign", "command"):
        document = json.loads((folder / f"{name}.schema.json").read_text())
        Draft202012Validator.check_schema(document)
        assert document == schema(name)
    sidecar = (folder / "mapping.yaml").read_text()
    receipt = inbox.drop("clients.xlsx", (folder / "model.xlsx").read_bytes(), sidecar)
    assert (receipt["state"], receipt["counts"]["loaded"]) == ("loaded", 2), receipt["reason"]


def test_the_guide_names_every_file_in_both_languages(inbox: Inbox) -> None:
    write_templates(inbox.storage)
    for name, lang in (("README.html", "fr"), ("README.en.html", "en")):
        page = (models(inbox) / name).read_text()
        assert f'lang="{lang}"' in page and "<script" not in page
        assert all(f'href="{other}"' in page for other in NAMES - {name})
