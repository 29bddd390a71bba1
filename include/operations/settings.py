"""The settings of the centre: one YAML file, checked as a whole, applied in one transaction."""

from functools import cache
from importlib import resources
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from psycopg2.extras import Json

from include.billing import yaml_values
from include.db import connect
from include.db.audit import record
from include.errors import InputError, Place

MAX_SHOWN = 5
AREAS = ("company", "alerts", "limits", "groups", "retention")
Document = dict[str, Any]


class SettingsError(InputError):
    """A settings file that cannot be used; every fault with its line and field."""

    def __init__(self, faults: list[tuple[str, int | None, str]]) -> None:
        self.faults = faults
        more = f" (+{len(faults) - MAX_SHOWN})" if len(faults) > MAX_SHOWN else ""
        shown = faults[:MAX_SHOWN]
        super().__init__(
            "bad_settings",
            "; ".join(f"line {line or 1}: {field}: {what}" for field, line, what in shown) + more,
            " ; ".join(f"ligne {line or 1} : {field} : {what}" for field, line, what in shown)
            + more,
            place=Place(line=faults[0][1], field=faults[0][0]),
        )


def text_of(name: str) -> str:
    """``settings.yaml`` as it ships with its comments, or ``settings.schema.yaml``."""
    return (resources.files("include.operations") / name).read_text("utf-8")


def defaults() -> Document:
    """What holds in each area where nothing was ever applied."""
    document = yaml.safe_load(text_of("settings.yaml"))
    return {"company": {}} | {area: document[area] for area in AREAS if area in document}


def current() -> Document:
    """Every area with what was applied, each value over its default."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select area, document from setting")
        applied = dict(cur.fetchall())
    return {area: {**value, **applied.get(area, {})} for area, value in defaults().items()}


def parse(text: str) -> Document:
    """The areas of a settings file. Raises ``InputError`` not_yaml, ``SettingsError``."""
    document, lines = yaml_values.read(text)
    faults = []
    for error in sorted(_validator().iter_errors(document), key=lambda e: list(map(str, e.path))):
        path = tuple(error.absolute_path)
        line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), None)
        faults.append((".".join(map(str, path)) or "settings", line, error.message[:200]))
    if faults:
        raise SettingsError(faults)
    return {area: document[area] or {} for area in AREAS if area in document}


def apply(text: str, *, by: str) -> Document:
    """Take the areas that a settings file names; ``{"changed", "settings"}``.

    Nothing is taken of a file with a fault. The same file again changes nothing.
    """
    wanted = parse(text)
    changed = []
    with connect() as conn, conn.cursor() as cur:
        cur.execute("lock table setting in share row exclusive mode")
        for area, document in wanted.items():
            cur.execute("select document from setting where area = %s", (area,))
            row = cur.fetchone()
            if row is not None and row[0] == document:
                continue
            cur.execute(
                "insert into setting (area, document, applied_by) values (%s, %s, %s) "
                "on conflict (area) do update set document = excluded.document, "
                "applied_by = excluded.applied_by, applied_at = now()",
                (area, Json(document), by),
            )
            changed.append(area)
        if changed:
            after = {area: wanted[area] for area in changed}
            record(conn, by, "settings_apply", "settings", changed=changed, after=after)
    return {"changed": changed, "settings": current()}


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load(text_of("settings.schema.yaml")))
