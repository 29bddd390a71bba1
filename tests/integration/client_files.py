"""A client with an inbox, real spreadsheets, and the import as the DAG runs it."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from include.bucket.intake import find_client, register_now
from include.contacts.importer import import_upload
from include.settings import settings
from include.storage import Storage

Rows = Sequence[Sequence[Any]]
MAPPING = {"version": 1, "kind": "contact-list", "confirmed": True}


def xlsx(*sheets: Rows) -> bytes:
    """An .xlsx, one sheet for each table."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Feuille{number}")
        for row in rows:
            sheet.append(list(row))
        for cell in (c for row in sheet.iter_rows() for c in row if isinstance(c.value, str)):
            cell.data_type = "s"  # a text that begins with = is no formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Rows) -> bytes:
    """An .xls of 1997."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Feuille1")
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            if value is not None:
                sheet.write(i, j, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_bytes(rows: Rows, encoding: str = "cp1252", delimiter: str = ";") -> bytes:
    """A CSV as Excel writes it in France."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def mapping(list_name: str, *targets: str, **more: Any) -> dict[str, Any]:
    """A complete mapping: the targets of columns 1, 2, …"""
    columns = [{"column": i, "to": to} for i, to in enumerate(targets, 1)]
    return {**MAPPING, "list": list_name, "columns": columns, **more}


def number(n: int) -> str:
    """A number of the range set aside for fiction, as people write it."""
    return f"06 39 98 {n // 100:02d} {n % 100:02d}"


def people(count: int, start: int = 0) -> list[list[Any]]:
    """Header and rows: first name, name, phone."""
    rows = [[f"Zoé{i}", "O'Brien", number(start + i)] for i in range(count)]
    return [["Prénom", "Nom", "Téléphone"], *rows]


@dataclass
class Inbox:
    """One client's side of the bucket."""

    code: str
    db: Any

    @property
    def storage(self) -> Storage:
        return Storage(settings().bucket_url)

    @property
    def root(self) -> Path:
        return Path(self.storage.root) / "clients" / self.code

    def put(self, place: str, data: bytes | str | dict[str, Any]) -> None:
        """Write a file under inbox/."""
        text = json.dumps(data) if isinstance(data, dict) else data
        raw = text.encode() if isinstance(text, str) else text
        self.storage.write_bytes(f"clients/{self.code}/inbox/{place}", raw)

    def drop(
        self, name: str, data: bytes, sidecar: dict[str, Any] | str | None = None
    ) -> dict[str, Any]:
        """Drop a contact file and import it; its receipt."""
        if sidecar is not None:
            self.put(f"contacts/{name}.mapping.yaml", sidecar)
        self.put(f"contacts/{name}", data)
        return import_upload(self.register(f"contacts/{name}"))

    def register(self, place: str) -> int:
        return register_now(find_client(self.code), self.storage, place)

    def answer(self, document: dict[str, Any]) -> dict[str, Any]:
        """Drop a mapping that answers a proposal; the receipt of the import it speaks of."""
        self.put("contacts/mapping.yaml", document)
        return import_upload(self.register("contacts/mapping.yaml"))

    def outbox(self, receipt: dict[str, Any], name: str) -> str:
        """A file beside a receipt."""
        place = self.root / "outbox/imports" / str(receipt["import_id"])
        return (place / name).read_text("utf-8")

    def contacts(self, list_name: str) -> list[tuple[Any, ...]]:
        """What the list holds, by number."""
        return list(
            self.db.all(
                "select msisdn, first_name, last_name, variable1, variable2 from contact"
                " join contact_list using (list_id) join client using (client_id)"
                " where code = %s and contact_list.name = %s order by msisdn",
                (self.code, list_name),
            )
        )

    def numbers(self, list_name: str) -> list[str]:
        return [row[0] for row in self.contacts(list_name)]


@pytest.fixture
def add_client(db: Any) -> Callable[..., Inbox]:
    """Adds a client; columns of table client as keywords."""

    def add(code: str, **values: Any) -> Inbox:
        names: Iterable[str] = ("code", "name", *values)
        db.conn.cursor().execute(
            f"insert into client ({', '.join(names)}) values ({', '.join(['%s'] * (2 + len(values)))})",
            (code, code.title(), *values.values()),
        )
        return Inbox(code, db)

    return add


@pytest.fixture
def inbox(add_client: Callable[..., Inbox]) -> Inbox:
    """The inbox of client dupont."""
    return add_client("dupont")
