"""Who sits where, and since when: cost centres and users from a file.

A file holds one or the other; its header says which. An entry counts from its first day until its own
last day or the next entry of the same extension (of the same cost centre), so entries never overlap and
files may come in any order. A file is taken as a whole or not at all.
"""

import csv
import io
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError, Place
from include.settings import settings
from include.storage import Storage

FOLDER = "_organisation"
MAX_BYTES = 20 * 1024 * 1024
log = logging.getLogger(__name__)

# What people write above their columns, folded; both languages.
_NAMES = {
    "pbx": "pbx", "extension": "extension", "poste": "extension", "person": "person",
    "name": "name", "nom": "name", "titulaire": "person", "cost_centre": "cost_centre",
    "cost_center": "cost_centre", "centre_de_cout": "cost_centre", "company": "company",
    "societe": "company", "valid_from": "valid_from", "from": "valid_from", "du": "valid_from",
    "valid_to": "valid_to", "to": "valid_to", "au": "valid_to",
}  # fmt: skip
_FOLD = str.maketrans("àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc")


@dataclass(frozen=True)
class _Kind:
    """One kind of entry: its table, its columns, what they may hold."""

    table: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    key: tuple[str, ...]


USERS = _Kind(
    "org_user",
    ("pbx", "extension", "valid_from", "valid_to", "person", "cost_centre", "company"),
    ("pbx", "extension", "valid_from"),
    ("pbx", "extension", "valid_from"),
)
CENTRES = _Kind(
    "cost_centre",
    ("code", "valid_from", "valid_to", "name", "company"),
    ("code", "valid_from"),
    ("code", "valid_from"),
)


def import_file(name: str, data: bytes, *, by: str, replace: bool = False) -> dict[str, Any]:
    """Take the entries of a CSV file: ``{"file", "kind", "entries", "removed"}``.

    ``replace``: entries that the file does not name go, those of the PBXs it names or all cost
    centres. Raises ``InputError`` (``bad_organisation`` with line and field); then nothing is taken.
    """
    kind, entries = _parse(data)
    with connect() as conn:
        _check_exchanges(conn, kind, entries)
        removed = _remove_others(conn, kind, entries) if replace else 0
        with conn.cursor() as cur:
            others = [c for c in kind.columns if c not in kind.key]
            execute_values(
                cur,
                f"insert into {kind.table} ({', '.join(kind.columns)}) values %s "  # noqa: S608
                f"on conflict ({', '.join(kind.key)}) do update set "
                + ", ".join(f"{c} = excluded.{c}" for c in others),
                [[entry.get(c) for c in kind.columns] for entry in entries],
            )
            _remember(conn, name, data, by, None)
        found = {"file": name, "kind": kind.table, "entries": len(entries), "removed": removed}
        record(conn, by, "organisation_import", name, **found)
    return found


def import_new(by: str = "centre") -> list[dict[str, Any]]:
    """Take the files of the spool's folder ``_organisation`` that were not read yet.

    One that is refused raises an alert and is not read again; ``refused`` says why.
    """
    storage = Storage(settings().spool_url)
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select sha256 from organisation_file")
        seen = {row[0] for row in cur.fetchall()}
    found = []
    for file in storage.list(FOLDER):
        if file.key.rsplit("/", 1)[-1].startswith((".", "~")) or file.size > MAX_BYTES:
            continue
        data, name = storage.read_bytes(file.key), file.key.removeprefix(f"{FOLDER}/")
        if sha256(data).hexdigest() in seen:
            continue
        try:
            found.append(import_file(name, data, by=by))
        except InputError as error:
            found.append({"file": name, "refused": error.message_en})
            with connect() as conn:
                _remember(conn, name, data, by, error.message_en)
                with conn.cursor() as cur:
                    cur.execute(
                        sql("taxation/alert_organisation"),
                        {"subject": name, "detail": error.message_en},
                    )
    return found


def listing(at: date) -> dict[str, Any]:
    """Who is where on a day: ``{"users", "cost_centres"}``."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/show_organisation"), {"at": at})
        ((document,),) = cur.fetchall()
    return dict(document)


def _parse(data: bytes) -> tuple[_Kind, list[dict[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise _bad("this is no text", "ce n'est pas du texte", 1)
    lines = text.splitlines()
    delimiter = ";" if lines and lines[0].count(";") >= lines[0].count(",") else ","
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        head = [_column(cell) for cell in next(rows, [])]
        kind = _kind(head)
        entries = list(_entries(kind, head, rows))
    except csv.Error as error:
        raise _bad(str(error), str(error), rows.line_num) from None
    if not entries:
        raise _bad("there is no entry", "il n'y a aucune ligne", 1)
    _check_doubles(kind, entries)
    for entry in entries:
        del entry["line"]
    return kind, entries


def _column(cell: str) -> str:
    folded = re.sub(r"[\s-]+", "_", cell.strip().lower().translate(_FOLD))
    return _NAMES.get(folded, folded)


def _kind(head: list[str]) -> _Kind:
    if "extension" in head:
        head[:] = ["person" if name == "name" else name for name in head]
        kind = USERS
    else:
        head[:] = ["code" if name == "cost_centre" else name for name in head]
        kind = CENTRES
    missing = [name for name in kind.needed if name not in head]
    odd = [name for name in head if name not in kind.columns]
    twice = sorted({name for name in head if head.count(name) > 1})
    if missing or odd or twice:
        what = ", ".join([*missing, *odd, *twice])
        wanted = ", ".join(kind.columns)
        raise _bad(
            f"columns {what[:80]}: wanted are {wanted}",
            f"colonnes {what[:80]} : il faut {wanted}",
            1,
        )
    return kind


def _entries(kind: _Kind, head: list[str], rows: Iterator[list[str]]) -> Iterator[dict[str, Any]]:
    for line, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            raise _bad(f"{len(row)} cells, not {len(head)}", f"{len(row)} cellules", line)
        entry: dict[str, Any] = {"person": "", "name": "", "line": line}
        for name, cell in zip(head, row, strict=True):
            read: Callable[[str], Any] = _day if name.startswith("valid_") else _text
            try:
                entry[name] = read(cell.strip()) or entry.get(name)
            except ValueError:
                shown = cell.strip()[:40]
                raise _bad(
                    f"{shown!r} is no value", f"{shown!r} : valeur refusée", line, name
                ) from None
        for name in kind.needed:
            if not entry[name]:
                raise _bad("this must not be blank", "valeur obligatoire", line, name)
        if entry.get("valid_to") and entry["valid_to"] < entry["valid_from"]:
            raise _bad("ends before it begins", "finit avant de commencer", line, "valid_to")
        yield entry


def _day(text: str) -> date | None:
    if not text:
        return None
    pattern = "%d/%m/%Y" if "/" in text else "%Y-%m-%d"
    return datetime.strptime(text, pattern).date()


def _text(text: str) -> str | None:
    if len(text) > 200 or re.search(r"[\x00-\x1f]", text):
        raise ValueError(text)
    return text or None


def _check_doubles(kind: _Kind, entries: list[dict[str, Any]]) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for entry in entries:
        key = tuple(entry[name] for name in kind.key)
        if key in seen:
            raise _bad(
                f"the same entry as line {seen[key]}",
                f"la même qu'à la ligne {seen[key]}",
                entry["line"],
            )
        seen[key] = entry["line"]


def _check_exchanges(conn: Connection, kind: _Kind, entries: list[dict[str, Any]]) -> None:
    if kind is not USERS:
        return
    with conn.cursor() as cur:
        cur.execute("select code from pbx")
        known = {row[0] for row in cur.fetchall()}
    for number, entry in enumerate(entries, 2):
        if entry["pbx"] not in known:
            raise _bad(
                f"there is no PBX {entry['pbx']!r}", f"PBX {entry['pbx']!r} inconnu", number, "pbx"
            )


def _remove_others(conn: Connection, kind: _Kind, entries: list[dict[str, Any]]) -> int:
    """Take out what the file does not name; how many entries that were."""
    named = [[entry[name] for entry in entries] for name in kind.key]
    with conn.cursor() as cur:
        if kind is USERS:
            cur.execute(sql("taxation/remove_users"), dict(zip(kind.key, named, strict=True)))
        else:
            cur.execute(sql("taxation/remove_centres"), dict(zip(kind.key, named, strict=True)))
        return max(0, cur.rowcount)


def _remember(conn: Connection, name: str, data: bytes, by: str, refused: str | None) -> None:
    with conn.cursor() as cur:
        cur.execute(
            sql("taxation/remember_organisation"),
            {"sha256": sha256(data).hexdigest(), "name": name, "by": by, "refused": refused},
        )


def _bad(english: str, french: str, line: int, field: str | None = None) -> InputError:
    where = f"line {line}" + (f", {field}" if field else "")
    ou = f"ligne {line}" + (f", {field}" if field else "")
    place = Place(line=line, field=field)
    return InputError("bad_organisation", f"{where}: {english}", f"{ou} : {french}", place=place)
