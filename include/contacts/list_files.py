"""``outbox/lists/<list>/``: what a client's list holds, as a summary and as a workbook."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import connect, sql
from include.errors import InputError
from include.pages import Column, words
from include.pages.long_table import WorkbookFile
from include.storage import Storage

SCHEMA = "list/1"
FILES = ("summary.json", "contacts.xlsx")
_FIELDS = ("phone", "first_name", "last_name", "variable1", "variable2")
_ROWS_AT_A_TIME = 20_000


def list_folder(client: str, name: str) -> str:
    """Where the files of a list lie."""
    return f"clients/{client}/outbox/lists/{name}"


def write_list(storage: Storage, client_id: int, name: str, *, anew: bool = False) -> bool:
    """Write the files of a list where they do not say what it holds now, or ``anew``; if written.

    Both are made of one snapshot, the summary last: files that a crash left behind are written
    again by the next call. Rows are read in portions. False where there is no such list.
    """
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute("set transaction isolation level repeatable read, read only")
        cur.execute(sql("contacts/describe_list"), {"client_id": client_id, "name": name})
        found = cur.fetchone()
        if found is None:
            return False
        place = list_folder(found["client"], name)
        summary = _summary(name, found)
        if not anew and _said(storage, place) == summary:
            return False
        with tempfile.TemporaryDirectory(prefix="smsswitch-") as folder:
            file = Path(folder) / "contacts.xlsx"
            _write_workbook(file, conn, dict(found))
            storage.upload(f"{place}/contacts.xlsx", file)
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        storage.write_text(f"{place}/summary.json", text)
    return True


def remove_list_files(storage: Storage, client: str, name: str) -> None:
    """Take the files of a deleted list away."""
    for file in FILES:
        storage.delete(f"{list_folder(client, name)}/{file}")


def _summary(name: str, found: dict[str, Any]) -> dict[str, Any]:
    changed = found["changed_at"]
    return {
        "schema": SCHEMA,
        "client": found["client"],
        "list": name,
        "label": found["label"],
        "contacts": found["contacts"],
        "opted_out": found["opted_out"],
        "fields": [*_FIELDS, *found["variables"]],
        "created_at": found["created_at"].isoformat(),
        "changed_at": changed.isoformat() if changed else None,
    }


def _said(storage: Storage, place: str) -> Any:
    """The summary as it lies there, where the workbook lies beside it."""
    try:
        if not storage.exists(f"{place}/contacts.xlsx"):
            return None
        return json.loads(storage.read_bytes(f"{place}/summary.json"))
    except (OSError, ValueError, InputError):
        return None


def _write_workbook(file: Path, conn: Connection, found: dict[str, Any]) -> None:
    language, own = found["language"], found["variables"]
    t = words(language)
    columns = [
        Column(field, t(f"list.column.{field}"), "phone" if field == "phone" else "text")
        for field in _FIELDS
    ]
    columns += [Column(name, name) for name in own]
    title, rows = t("guide.sheet"), found["contacts"]
    book = WorkbookFile(file, title, columns, rows, language, made=datetime.now(UTC))
    names = [column.key for column in columns]
    with conn.cursor("list_contacts") as cur:
        cur.itersize = _ROWS_AT_A_TIME
        cur.execute(sql("contacts/list_contacts"), {"list_id": found["list_id"]})
        while portion := cur.fetchmany(_ROWS_AT_A_TIME):
            *fixed, variables = zip(*portion, strict=True)
            named = [[(values or {}).get(name) for values in variables] for name in own]
            texts = [pa.array(column, pa.string()) for column in (*fixed, *named)]
            book.write(pa.record_batch(texts, names=names))
    book.close()
