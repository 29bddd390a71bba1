"""A layout that waits for a person (policy ``approve``): what the form shows, what an answer does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError
from include.taxation.replay import approve_layout, replay

#: The two buttons; nobody's answer in time counts as the second.
ALLOW, REFUSE = "Autoriser", "Refuser"


@dataclass(frozen=True)
class Question:
    """One layout that waits: words in markdown."""

    layout: str
    subject: str
    body: str


def layouts_to_ask() -> list[str]:
    """Layouts that came to wait since this was last asked; each is named once."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/layouts_to_ask"))
        return sorted(row[0] for row in cur.fetchall())


def question(layout: str) -> Question | None:
    """What to ask about a layout (its whole id), DDL included; None if it is allowed already.

    Raises ``InputError`` (``unknown_layout``).
    """
    found = _find(layout)
    if found["approved_by"]:
        return None
    subject = f"Nouveau format de tickets {found['ticket_version']} sur {found['first_pbx']}"
    changes = found["ddl"].replace(", add column", ",\n  add column")
    changes = changes.replace(", alter column", ",\n  alter column").replace("`", "'")
    body = (
        f"{found['files']} fichier(s) en attente : {_plain(found['names'] or '–')}\n\n"
        f"Format `{layout[:12]}`, {found['columns']} champs, {found['record_length']} octets. "
        "« Autoriser » change la table des tickets ainsi, puis charge les fichiers :\n\n"
        f"```sql\n{changes}\n```\n\n"
        "« Refuser » les laisse en attente ; `smsswitch taxation approve` reste possible."
    )
    return Question(layout, subject, body)


def settle(layout: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out what a form gave back: ``{chosen_options, responded_by_user}``.

    ``{"layout", "outcome", "files"}``; ``outcome`` is ``allowed``, ``refused`` or
    ``already_allowed``. Allowing loads what waited, under audit. Safe to repeat.
    """
    found = _find(layout)
    if found["approved_by"]:
        return {"layout": layout, "outcome": "already_allowed", "files": _load(found["first_pbx"])}
    person = answer.get("responded_by_user") or {}
    by = f"ops:{person.get('name') or 'airflow'}"
    allowed = list(answer["chosen_options"]) == [ALLOW]
    if allowed:
        approve_layout(layout, by)
    with connect() as conn:
        record(
            conn,
            by,
            "layout_allowed" if allowed else "layout_refused",
            layout[:12],
            ddl=found["ddl"],
        )
    files = _load(found["first_pbx"]) if allowed else 0
    return {"layout": layout, "outcome": "allowed" if allowed else "refused", "files": files}


def _load(pbx: str) -> int:
    return sum(file["state"] == "loaded" for file in replay(pbx)["files"])


def _find(layout: str) -> dict[str, Any]:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/show_waiting_layout"), {"layout": layout})
        row = cur.fetchone()
        names = [column.name for column in cur.description or ()]
    if row is None:
        raise InputError("unknown_layout", f"there is no layout {layout[:64]!r}")
    return dict(zip(names, row, strict=True))


def _plain(text: str) -> str:
    """File names come from outside: nothing in them is markdown."""
    kept = "".join(c if c.isalnum() or c in "._-, " else "?" for c in text)
    return kept[:300].replace("_", "\\_")
