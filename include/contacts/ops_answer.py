"""The mapping confirmed by a person of ops: what the form shows, and what becomes of its answer.

Ends in the same transition as a client's own mapping file; whoever commits it first wins.
"""

import re
from collections.abc import Mapping as Answer
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from include.contacts import waiting
from include.contacts.importer import import_upload
from include.contacts.list_files import write_list
from include.contacts.proposal import is_target
from include.contacts.uploads import Upload, read_upload
from include.db import connect, sql
from include.db.alerts import set_alert
from include.db.audit import record
from include.errors import InputError
from include.pages import words
from include.settings import settings
from include.storage import Storage

TARGETS = ("ignore", "phone", "first_name", "last_name", "variable1", "variable2")
#: The two buttons of the form; nobody's answer in time counts as the second.
CONFIRM, LEAVE = "Confirmer", "Laisser au client"
#: The alert about an answer that could not be used.
REFUSED = "mapping_answer_refused"
_MARKS = re.compile(r"([\\`*_{}\[\]()#+.!|~<>&$:@^=\-])")
_LONGEST = 80


_WORDS = {
    "already_confirmed": "ops.mapping.already",
    "asked_elsewhere": "ops.mapping.elsewhere",
    "left": "ops.mapping.left",
}


@dataclass(frozen=True)
class Outcome:
    """How a question ended, or why it was not asked; ``message`` is for the log, in French."""

    import_id: str
    outcome: str
    message: str

    def document(self) -> dict[str, str]:
        """The same as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Question:
    """One import that waits: words in markdown, and for each field its title and proposal."""

    import_id: str
    subject: str
    body: str
    fields: dict[str, tuple[str, str]]


def question(import_id: str) -> Question | None:
    """What to ask about an import; ``None`` once its columns are confirmed or it is over.

    Raises ``InputError`` for an import that does not exist or does not wait for a mapping yet.
    """
    upload = _find(import_id)
    if _is_confirmed(upload):
        return None
    if upload.state != "awaiting_mapping" or not (upload.receipt or {}).get("columns"):
        raise InputError(
            "not_waiting",
            f"{import_id} does not wait for its columns: it is {upload.state}",
            f"{import_id} n'attend pas ses colonnes : {upload.state}",
        )
    columns = (upload.receipt or {})["columns"]
    fields = {f"column_{c['index']}": (_title(c), c["to"]) for c in columns}
    t = words("fr")
    subject = t("ops.mapping.subject", client=upload.client, file=_plain(upload.name))
    return Question(import_id, subject, _body(upload, columns), fields)


def confirm(import_id: str, answer: Answer[str, Any], by: str) -> dict[str, str]:
    """Check an answer and load the import with it; ``{import_id, outcome, message}``.

    ``outcome`` is ``confirmed`` with the state that followed, or ``already_confirmed`` where
    somebody else was first. Raises ``InputError`` for an answer that cannot be used; then the
    import waits as before.
    """
    upload = _find(import_id)
    if _is_confirmed(upload):
        return _already(import_id)
    document = answered(upload, answer)
    receipt = import_upload(upload.upload_id, answer=document, by=by)
    now = read_upload(upload.upload_id)
    if now.mapping_by not in (by, None):
        return _already(import_id)
    if now.state == "awaiting_mapping":
        reason = receipt["reason"]
        raise InputError(reason["code"], reason["message_en"], reason["message_fr"])
    if now.state == "loaded":
        write_list(Storage(settings().bucket_url), now.client_id, receipt["list"])
    message = words("fr")("ops.mapping.confirmed", state=words("fr")(f"state.{now.state}"))
    return {"import_id": import_id, "outcome": now.state, "message": message}


def settle(answer: Answer[str, Any]) -> dict[str, str]:
    """Carry out what a form gave back: ``{import_id, chosen_options, params_input,
    responded_by_user}``, or an ``outcome`` where there was nothing to ask."""
    import_id = str(answer["import_id"])
    if "outcome" in answer:
        return _told(import_id, answer["outcome"]).document()
    if answer["chosen_options"] != [CONFIRM]:
        return _told(import_id, "left").document()
    person = answer.get("responded_by_user") or {}
    by = f"ops:{person.get('name') or 'airflow'}"
    done = confirm(import_id, answer["params_input"] or {}, by)
    with connect() as conn:
        record(conn, by, "mapping_answered", f"import:{import_id}", outcome=done["outcome"])
    return done


def ask(import_id: str, run: str, now: datetime | None = None) -> Question | Outcome:
    """What ``run`` is to ask.

    An ``Outcome`` where there is nothing to ask: confirmed already, or asked by another run that
    lives. Raises ``InputError`` as ``question`` does.
    """
    asked = question(import_id)
    if asked is None:
        return _told(import_id, "already_confirmed")
    held = waiting.hold(_find(import_id), run, now)
    return asked if held else _told(import_id, "asked_elsewhere")


def asks_on(import_id: str, run: str, now: datetime | None = None) -> bool:
    """Whether a form that nobody has answered is to be asked on: for a day at most."""
    asked_at = waiting.hold(_find(import_id), run, now)
    return asked_at is not None and (now or datetime.now(asked_at.tzinfo)) < (
        asked_at + waiting.PATIENCE
    )


def check(import_id: str, answer: Answer[str, Any]) -> None:
    """Raises ``InputError`` where ``confirm`` would refuse the fields of an answer; an alert tells
    why until there is a better one."""
    upload = _find(import_id)
    if _is_confirmed(upload):
        return
    try:
        answered(upload, answer)
    except InputError as error:
        with connect() as conn:
            set_alert(conn, REFUSED, import_id, True, error.message_en)
        raise
    with connect() as conn:
        set_alert(conn, REFUSED, import_id, False)


def leave(import_id: str, run: str) -> None:
    """Ops leave the question to the client: nobody is asked again by itself."""
    waiting.leave(_find(import_id), run)


def answered(upload: Upload, answer: Answer[str, Any]) -> dict[str, Any]:
    """The answer as a mapping document; every field of the form, and nothing else."""
    known = {f"column_{c['index']}" for c in (upload.receipt or {}).get("columns", [])}
    if set(answer) != known:
        odd = sorted({str(name)[:40] for name in known ^ set(answer)})
        raise _bad(f"fields {', '.join(odd[:5])}", f"champs {', '.join(odd[:5])}")
    columns = []
    for name in sorted(known, key=lambda name: int(name.removeprefix("column_"))):
        target = answer[name]
        if not isinstance(target, str) or not is_target(target):
            raise _bad(f"{name}: {str(target)[:40]!r}", f"{name} : {str(target)[:40]!r}")
        columns.append({"column": int(name.removeprefix("column_")), "to": target})
    chosen = [str(c["to"]) for c in columns if c["to"] != "ignore"]
    if chosen.count("phone") != 1:
        raise _bad("exactly one phone column", "exactement une colonne phone")
    twice = sorted({to for to in chosen if chosen.count(to) > 1})
    if twice:
        raise _bad(f"twice: {twice[0]}", f"deux fois : {twice[0]}")
    file = (upload.receipt or {})["file"]
    return {
        "version": 1,
        "kind": "contact-list",
        "import_id": upload.import_id,
        "list": upload.list_name,
        "confirmed": True,
        "file": {"header_row": file["header_row"], "sheet": file["sheet"]},
        "columns": columns,
    }


def _bad(said_en: str, said_fr: str) -> InputError:
    return InputError(
        "bad_answer", f"the answer cannot be used: {said_en}", f"réponse inutilisable : {said_fr}"
    )


def _find(import_id: str) -> Upload:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("contacts/find_contact_import"), {"import_id": import_id})
        row = cur.fetchone()
    if row is None:
        raise InputError(
            "no_such_import",
            f"there is no import {import_id[:40]!r} of contacts",
            f"aucun import de contacts {import_id[:40]!r}",
        )
    return read_upload(int(row[0]))


def _is_confirmed(upload: Upload) -> bool:
    return bool(upload.mapping) or upload.is_final


def _already(import_id: str) -> dict[str, str]:
    return _told(import_id, "already_confirmed").document()


def _told(import_id: str, outcome: str) -> Outcome:
    return Outcome(import_id, outcome, words("fr")(_WORDS[outcome]))


def escaped(text: str) -> str:
    """A client's text that markdown and HTML show as it is, on one line, never as markup."""
    return _MARKS.sub(r"\\\1", _plain(text))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:_LONGEST]


def _title(column: dict[str, Any]) -> str:
    return f"{column['index']} · {_plain(column['header'] or '–')}"


def _body(upload: Upload, columns: list[dict[str, Any]]) -> str:
    """The five rows under their headers, and the proposal with its confidence."""
    t = words("fr")
    head = [escaped(c["header"] or f"– {c['index']}") for c in columns]
    proposed = [f"**{c['to']}** ({round(c['confidence'] * 100)} %)" for c in columns]
    height = max((len(c["sample"]) for c in columns), default=0)
    rows = [[escaped(c["sample"][i] or "") for c in columns] for i in range(height)]
    lines = [head, ["---"] * len(columns), proposed, *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    told = t(
        "ops.mapping.body",
        client=upload.client,
        list=upload.list_name,
        file=escaped(upload.name),
        import_id=upload.import_id,
    )
    return f"{told}\n\n{table}\n"
