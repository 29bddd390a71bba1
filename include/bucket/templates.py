"""``templates/`` of the bucket: models, schemas and the guide, kept as this version has them."""

import json
import logging
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import yaml

from include.errors import InputError
from include.pages import Column, render, words
from include.pages.workbook import Sheet, workbook
from include.storage import Storage

log = logging.getLogger(__name__)
PLACE = "templates"
_MODELS = ("mapping.yaml", "campaign.yaml", "command.yaml")
_SCHEMAS = {
    "mapping": ("include.contacts", "schemas/mapping.schema.yaml"),
    "campaign": ("include.campaigns", "campaign.schema.yaml"),
    "command": ("include.bucket", "command.schema.yaml"),
    "tariff": ("include.billing", "tariff.schema.yaml"),
}
_GUIDES = {"fr": "README.html", "en": "README.en.html"}
_FOLDERS = {
    "contacts": "outbox/imports/",
    "campaigns": "outbox/campaigns/",
    "blocklist": "outbox/receipts/",
    "commands": "outbox/receipts/",
}
#: A fixed date, so that the same version makes the same bytes.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_EXAMPLES = (
    ("Zoé", "Dupont", "06 39 98 00 01", "12 mars"),
    ("Léo", "Martin", "06 39 98 00 02", "13 mars"),
)


def write_templates(storage: Storage) -> list[str]:
    """Write what is missing or different; the keys written."""
    return [key for name, data in _files().items() if _put(storage, key := f"{PLACE}/{name}", data)]


def keep_templates(storage: Storage) -> None:
    """The same, for a scan: a bucket that refuses them is no reason to leave drops lying."""
    try:
        write_templates(storage)
    except (OSError, InputError) as error:
        log.warning("the models in %s cannot be written: %s", PLACE, error)


def _put(storage: Storage, key: str, data: bytes) -> bool:
    try:
        if storage.read_bytes(key) == data:
            return False
    except (OSError, InputError):
        pass  # not there; or a link or a device in its place, replaced like any other change
    storage.write_bytes(key, data)
    return True


@cache
def _files() -> dict[str, bytes]:
    models = resources.files("include.bucket") / "models"
    files = {name: (models / name).read_bytes() for name in _MODELS}
    files["model.xlsx"] = _model()
    for name in _SCHEMAS:
        files[f"{name}.schema.json"] = _json(schema(name))
    return files | {name: _guide(lang).encode() for lang, name in _GUIDES.items()}


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema of mapping, campaign, command or tariff files."""
    package, path = _SCHEMAS[name]
    text = (resources.files(package) / path).read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _json(document: dict[str, Any]) -> bytes:
    return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode()


def _model() -> bytes:
    titles = ("Prénom", "Nom", "Téléphone", "Variable 1")
    columns = [Column(t, t, "phone" if t == "Téléphone" else "text") for t in titles]
    rows = (dict(zip(titles, row, strict=True)) for row in _EXAMPLES)
    return workbook([Sheet(words("fr")("guide.sheet"), columns, rows)], "fr", made=_MADE)


def _guide(lang: str) -> str:
    t = words(lang)
    about = {"model.xlsx": "contacts"} | {name: name.partition(".")[0] for name in _MODELS}
    about |= {f"{name}.schema.json": "schema" for name in _SCHEMAS}
    return render(
        "client_guide",
        lang,
        other=next(name for other, name in _GUIDES.items() if other != lang),
        columns=[
            Column("folder", t("guide.folder"), "code"),
            Column("what", t("guide.what")),
            Column("answer", t("guide.answer"), "code"),
        ],
        folders=[
            {"folder": f"inbox/{name}/", "what": t(f"guide.what.{name}"), "answer": answer}
            for name, answer in _FOLDERS.items()
        ],
        models=[
            {"name": name, "href": name, "about": t(f"guide.models.{key}")}
            for name, key in about.items()
        ],
    )
