"""The demo's contact files, from a seeded generator: numbers set aside for fiction (06 39 98 xx xx) only.

They are as clients send them: accents, an Excel column that has eaten its leading zeros, the same
person twice, a cp1252 export with semicolons, a workbook cut in half.
"""

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

import openpyxl
import xlwt

FIRST = (
    "Zoé Éléonore François Chloé Loïc Anaïs Jean-Noël Maëlys Béatrice Gaël Noémie Raphaël Inès Théo "
    "Jérôme Solène Désiré Aïcha Mathéo Ophélie Sinéad Günther"
).split()
LAST = (
    "Lefèvre O'Brien Müller Dupré Gonçalves Béranger Château D'Almeida Le_Goff Benoît Sørensen Peña "
    "Noël Faÿ Hébert Crépin Lacroix Bâle Ménard Saint-Rémy"
).split()
TOWNS = "Orléans Béziers Besançon Nîmes Alès Châteauroux Évreux Sète Mâcon Angoulême".split()
HOSTILE = ("=cmd|'/c calc'!A1", "<script>alert(1)</script>", "'); DROP TABLE contact;--")


@dataclass(frozen=True)
class Person:
    """One row of a contact file; ``phone`` is the national number, ten digits."""

    first: str
    last: str
    town: str
    detail: str
    phone: str


def people(numbers: range, count: int, seed: int, detail: str) -> list[Person]:
    """Rows with distinct numbers out of a part of the 10,000 that nobody can own; three hostile names."""
    rng = random.Random(seed)
    chosen = rng.sample(numbers, count)
    rows = [
        Person(
            rng.choice(FIRST),
            rng.choice(LAST),
            rng.choice(TOWNS),
            detail.format(rng.randint(1, 28)),
            f"063998{number:04d}",
        )
        for number in chosen
    ]
    for position, name in zip(rng.sample(range(count), len(HOSTILE)), HOSTILE, strict=True):
        old = rows[position]
        rows[position] = Person(old.first, name, old.town, old.detail, old.phone)
    return rows


def damaged_workbook(rows: Sequence[Person], seed: int) -> bytes:
    """An .xlsx whose phone column Excel has taken for numbers; duplicates, blanks and lost digits too."""
    rng = random.Random(seed)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Assurés")
    sheet.append(["Prénom", "Nom", "Ville", "Rendez-vous", "Téléphone portable"])
    for row in rows:
        sheet.append([row.first, row.last, row.town, row.detail, _as_excel(row.phone, rng)])
    for row in rng.sample(list(rows), len(rows) // 40):
        sheet.append([row.first.upper(), row.last, row.town, row.detail, _spaced(row.phone)])
    for phone in ("6.4E+08", "", "06 39 98 00", "0199001234"):
        sheet.append(["Camille", "Sans-Numéro", "Rodez", "le 3 mars", phone])
    return _bytes(book)


def old_workbook(rows: Sequence[Person]) -> bytes:
    """An .xls of Excel 97 with three columns, the number in the middle."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Rappels")
    for column, title in enumerate(("Nom", "Portable", "Montant")):
        sheet.write(0, column, title)
    for index, row in enumerate(rows, start=1):
        for column, value in enumerate((row.last, _spaced(row.phone), row.detail)):
            sheet.write(index, column, value)
    return _bytes(book)


def semicolon_export(rows: Sequence[Person]) -> bytes:
    """A CSV as French software writes it: cp1252, semicolons, a quoted line break, spellings of numbers."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Téléphone", "Prénom", "Nom", "Médecin", "Date"])
    spellings = (_spaced, _international, lambda phone: phone, _dotted)
    for index, row in enumerate(rows):
        doctor = f"Dr {row.town}" if index % 50 else f"Dr {row.town}\n(remplaçant)"
        phone = spellings[index % len(spellings)](row.phone)
        writer.writerow([phone, row.first, row.last, doctor, row.detail])
    return text.getvalue().encode("cp1252", errors="replace")


def cut_workbook(rows: Sequence[Person], seed: int) -> bytes:
    """A workbook of which the last 40 % never arrived."""
    whole = damaged_workbook(rows, seed)
    return whole[: len(whole) * 6 // 10]


def _as_excel(phone: str, rng: random.Random) -> object:
    draw = rng.random()
    if draw < 0.8:
        return int(phone)  # the leading zero is gone
    return float(phone) if draw < 0.9 else _spaced(phone)


def _spaced(phone: str) -> str:
    return " ".join(phone[i : i + 2] for i in range(0, 10, 2))


def _dotted(phone: str) -> str:
    return _spaced(phone).replace(" ", ".")


def _international(phone: str) -> str:
    return f"+33 (0){phone[1:]}"


def _bytes(book: openpyxl.Workbook | xlwt.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
