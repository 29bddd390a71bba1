"""Erasing a person: every place that a number is in, what is done there, and what stays and why."""

import re
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError
from include.operations.retention import client_files
from include.phones.number import check
from include.settings import settings
from include.storage import Storage

KINDS = ("mobile", "fixed", "voip", "foreign")
FILES = ("inbox", "processed", "quarantine", "outbox")
# Between the figures: blanks of all widths, dots, dashes, strokes; the second for single-byte text.
_BETWEEN = "[ .\\-/\u00a0\u202f]?"
_BETWEEN_BYTES = "[ .\\-/\u00a0]?"
_MOST_INFLATED = 256 * 1024 * 1024
_PIECE = 1024 * 1024
_OVERLAP = 64
# In this order: what is planned is skipped first, so that its text and number can go too.
STATEMENTS = {
    "contact": ("erase_contacts", "deleted"),
    "message planned": ("erase_waiting", "not to be sent"),
    "message": ("erase_messages", "number and text taken out"),
    "inbound_message": ("erase_inbound", "deleted"),
    "upload": ("erase_receipts", "number taken out of receipts"),
}


@dataclass(frozen=True)
class Place:
    """Somewhere the number is: how many rows or which file, and what is done about it."""

    where: str
    found: int
    done: str


def erase(number: str, *, by: str, dry_run: bool = False, opt_outs: bool = False) -> dict[str, Any]:
    """Take a person out of everything that may forget; ``{"number", "dry_run", "places", "kept"}``.

    ``kept`` names what stays, and why: the opt-out (unless ``opt_outs``), the append-only audit trail,
    messages that a host holds now or that are uncertain (run it again later), raw spools and hosts'
    journals until their own time is over. The audit trail notes that it was done, by a hash of the
    number. A dry run changes nothing. ``InputError`` where it is no number.
    """
    person = _Person(number)
    places = [
        *_tables(person, dry_run, opt_outs),
        *_tickets(person, dry_run),
        *_files(person, dry_run),
    ]
    kept = _kept(person, opt_outs)
    if not dry_run:
        with connect() as conn:
            counts = {place.where: place.found for place in places if "/" not in place.where}
            files = sum("/" in place.where for place in places)
            subject = f"person:{sha256(person.msisdn.encode()).hexdigest()[:16]}"
            record(conn, by, "person_erase", subject, **counts, files=files)
    return {
        "number": person.msisdn,
        "dry_run": dry_run,
        "places": [asdict(place) for place in places],
        "kept": [asdict(place) for place in kept],
    }


class _Person:
    """One number in all the ways in which people and programs write it."""

    def __init__(self, number: str) -> None:
        extra = settings().extra_valid_prefixes
        checked = check(number, accept=KINDS, extra_valid_prefixes=extra)
        if checked.msisdn is None:
            raise InputError(
                "no_number", f"{number!r} is no phone number", f"{number!r} n'est pas un numéro"
            )
        self.msisdn = checked.msisdn
        self.code, self.core = _parts(self.msisdn)
        self.text = re.compile(self._written(_BETWEEN))
        self.wide = re.compile(self._written(_BETWEEN_BYTES).encode("latin-1"))
        self.sql = {
            "msisdn": self.msisdn,
            "pattern": rf"(\+|00)?({self.code})?0?{self.core}(?![0-9])",
            "digits": f"{self.core}$",
        }

    def _written(self, gap: str) -> str:
        prefix = rf"(?:(?:\+|00){gap}{gap.join(self.code)}|{self.code})"
        core = gap.join(self.core)
        return rf"(?<!\d)(?:{prefix}{gap}(?:\(0\))?{gap}|0{gap})?{core}(?!\d)"

    def is_in(self, data: bytes) -> bool:
        """Whether a file holds the number: as text, in a workbook, or as a number of an Excel 97 file."""
        if data.startswith(b"PK"):
            return any(self._in_text(piece) for piece in _inflated(data))
        if data.startswith(b"\xd0\xcf\x11\xe0") and self._in_cells(data):
            return True
        return self._in_text(data)

    def _in_text(self, data: bytes) -> bool:
        plain = data.replace(b"\x00", b"")  # UTF-16, and the texts of Excel 97
        return bool(self.text.search(plain.decode("utf-8", "replace")) or self.wide.search(plain))

    def _in_cells(self, data: bytes) -> bool:
        values = (int(self.core), int(self.code + self.core))
        return any(struct.pack("<d", float(value)) in data for value in values)


def _parts(msisdn: str) -> tuple[str, str]:
    import phonenumbers

    parsed = phonenumbers.parse(msisdn)
    return str(parsed.country_code), str(parsed.national_number)


def _inflated(data: bytes) -> Iterator[bytes]:
    """The members of a ZIP, piece by piece, with a little of the piece before; a bomb ends early."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            left = _MOST_INFLATED
            for name in archive.namelist():
                with archive.open(name) as member:
                    tail = b""
                    while left > 0 and (piece := member.read(_PIECE)):
                        left -= len(piece)
                        yield tail + piece
                        tail = piece[-_OVERLAP:]
    except (BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        yield data


def _tables(person: _Person, dry_run: bool, opt_outs: bool) -> list[Place]:
    wanted = dict(STATEMENTS)
    if opt_outs:
        wanted["opt_out"] = ("erase_opt_outs", "deleted")
    with connect() as conn, conn.cursor() as cur:
        places = []
        for where, (statement, done) in wanted.items():
            cur.execute(sql(f"operations/{statement}"), person.sql)
            places.append(Place(where, cur.rowcount, done))
        if dry_run:
            conn.rollback()
    return [place for place in places if place.found]


def _tickets(person: _Person, dry_run: bool) -> list[Place]:
    with connect("smsswitch_taxation") as conn, conn.cursor() as cur:
        cur.execute(sql("operations/list_number_columns"))
        columns = [name for (name,) in cur.fetchall()]
        places = [_mask(conn, column, person) for column in columns]
        cur.execute(sql("operations/erase_rejected"), person.sql)
        places.append(Place("rejected_ticket", cur.rowcount, "value taken out"))
        if dry_run:
            conn.rollback()
    return [place for place in places if place.found]


def _mask(conn: Connection, column: str, person: _Person) -> Place:
    name = pgsql.Identifier(column)
    statement = pgsql.SQL(
        "update taxdata set {0} = '••••' where regexp_replace({0}::text, '[^0-9]', '', 'g') ~ %s"
    ).format(name)
    with conn.cursor() as cur:
        cur.execute(statement, (person.sql["digits"],))
        return Place(f"taxdata.{column}", cur.rowcount, "number taken out")


def _files(person: _Person, dry_run: bool) -> list[Place]:
    storage, places = Storage(settings().bucket_url), []
    for file in client_files(storage, FILES):
        try:
            found = person.is_in(storage.read_bytes(file.key))
        except (FileNotFoundError, InputError):
            continue
        if found:
            places.append(Place(file.key, 1, "file deleted"))
            if not dry_run:
                storage.delete(file.key)
    return places


def _kept(person: _Person, opt_outs: bool) -> list[Place]:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("operations/count_kept"), person.sql)
        held, noted, audited = cur.fetchone() or (0, 0, 0)
    kept = [
        Place(
            "message",
            held,
            "planned, with a host or uncertain: run this again when they have ended",
        ),
        Place(
            "opt_out", 0 if opt_outs else noted, "kept, so that nobody writes to the person again"
        ),
        Place("audit_entry", audited, "append-only: who said STOP and when is the proof of it"),
    ]
    return [place for place in kept if place.found]
