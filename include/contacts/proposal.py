"""What each column seems to be, from its header and its content, never from its place alone."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa

from include.contacts.table import CellTable
from include.phones import CODES, normalise

SAMPLE_ROWS = 1_000
PHONE_SHARE = 0.8
HIGH_CONFIDENCE = 0.9
_TITLE_ROWS = 5
_ANY_KIND = ("mobile", "fixed", "voip", "foreign")
_PHONE_LIKE = {"", "excel_truncated"}
_WORDS = {
    "phone": "telephone tel phone portable mobile gsm numero num numerotelephone numerodetelephone "
    "telephoneportable telportable telmobile mobilephone cellphone cell msisdn phonenumber "
    "numeromobile numeroportable notel notelephone sms",
    "first_name": "prenom prenoms firstname givenname prenomclient forename",
    "last_name": "nom nomdefamille lastname surname familyname nomclient name",
    "variable1": "variable1 var1 variable v1",
    "variable2": "variable2 var2 v2",
}
_KNOWN = {word: target for target, words in _WORDS.items() for word in words.split()}
_TARGET = re.compile(
    "phone|first_name|last_name|variable1|variable2|var_[a-z0-9_]{1,40}|ignore", re.ASCII
)
_BY_PLACE = ("first_name", "last_name", "variable1", "variable2")
#: Columns that our own file of refused rows adds: dropped again, it reads like the original.
REJECT_COLUMNS = ("_row", "_code", "_message")


@dataclass(frozen=True)
class ProposedColumn:
    """One column: 1-based ``index``, its header, the target and how sure that is (0 to 1)."""

    index: int
    header: str | None
    to: str
    confidence: float


@dataclass(frozen=True)
class Proposal:
    """Where the header stands (0 = nowhere), where the data begin, and a target for each column."""

    header_row: int
    first_data_row: int
    columns: tuple[ProposedColumn, ...]

    @property
    def headers(self) -> list[str | None]:
        """The header of each column in order."""
        return [column.header for column in self.columns]

    @property
    def is_certain(self) -> bool:
        """Whether every column is known well enough to load without a question."""
        sure = all(column.confidence >= HIGH_CONFIDENCE for column in self.columns)
        return sure and any(column.to == "phone" for column in self.columns)


def is_target(name: str) -> bool:
    """Whether a column may be mapped to that field."""
    return bool(_TARGET.fullmatch(name))


def folded(text: str) -> str:
    """A header without accents, case, blanks and punctuation, to compare."""
    return re.sub(r"[^a-z0-9]", "", _without_accents(text))


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).lower()


def fingerprint(headers: Sequence[str | None], width: int) -> str:
    """What a remembered mapping applies to: the header row and the number of columns."""
    text = "\x1f".join(folded(h or "") for h in headers)
    return sha256(f"{width}\x1e{text}".encode()).hexdigest()


def propose(
    table: CellTable,
    *,
    region: str,
    extra_valid_prefixes: Sequence[str],
    header_row: int | None = None,
) -> Proposal:
    """A target for each column of ``table``; ``header_row`` is taken as told if it is."""
    sample = table.head(SAMPLE_ROWS)
    shares = [_column_share(column, region, extra_valid_prefixes) for column in sample.columns]
    best = max(range(len(shares)), key=lambda i: shares[i])
    by_content = best if shares[best] >= PHONE_SHARE else None
    if header_row is None:
        place = _header_place(sample.columns, by_content, region, extra_valid_prefixes)
    else:
        place = sample.place_of(header_row) if header_row else None
    headers = [column[place] if place is not None else None for column in sample.columns]
    row = sample.rows[place] if place is not None else (header_row or 0)
    first = row + 1 if row else sample.rows[_after_titles(sample.columns, by_content)]
    empty = table.empty_columns(first)
    phone = _phone_column(headers, by_content, shares, empty)
    return Proposal(row, first, tuple(_targets(headers, phone, shares, empty)))


def _column_share(column: Sequence[str | None], region: str, extra: Sequence[str]) -> float:
    """The share of numbers, whether the first row is a header or not."""
    below = _phone_share(column[1:], region, extra)
    return max(below, _phone_share(column, region, extra))


def _phone_share(column: Sequence[str | None], region: str, extra: Sequence[str]) -> float:
    values = [value for value in column if value]
    if not values:
        return 0.0
    done = normalise(
        pa.array(values, pa.string()), region=region, accept=_ANY_KIND, extra_valid_prefixes=extra
    )
    return sum(CODES[code] in _PHONE_LIKE for code in done.codes) / len(values)


def _after_titles(columns: Sequence[Sequence[str | None]], phone: int | None) -> int:
    """Places of lines such as "Our clients in 2026" above everything else: how many there are."""
    height = len(columns[0])
    for place in range(min(_TITLE_ROWS, height - 1)):
        filled = [i for i, column in enumerate(columns) if column[place]]
        if len(columns) < 3 or len(filled) != 1 or phone in filled:
            return place
    return min(_TITLE_ROWS, height - 1)


def _header_place(
    columns: Sequence[Sequence[str | None]], phone: int | None, region: str, extra: Sequence[str]
) -> int | None:
    place = _after_titles(columns, phone)
    first = [column[place] for column in columns]
    known = [folded(cell) in _KNOWN for cell in first if cell]
    if phone is None:
        return place if known and sum(known) * 2 >= len(known) else None
    cell = first[phone]
    if cell is None:
        return place if any(known) else None
    looks_like_data = _phone_share([cell], region, extra) > 0 or sum(map(str.isdigit, cell)) >= 4
    return None if looks_like_data else place


def _phone_column(
    headers: Sequence[str | None], by_content: int | None, shares: Sequence[float], empty: set[int]
) -> int | None:
    named = [i for i, h in enumerate(headers) if h and _KNOWN.get(folded(h)) == "phone"]
    sure = [i for i in named if shares[i] >= PHONE_SHARE]
    if sure:
        return sure[0]
    if by_content is not None:
        return by_content
    return next((i for i in named if i + 1 not in empty), None)


def _targets(
    headers: Sequence[str | None], phone: int | None, shares: Sequence[float], empty: set[int]
) -> list[ProposedColumn]:
    named = [_KNOWN.get(folded(header)) if header else None for header in headers]
    taken = {"phone"}
    found: dict[int, tuple[str, float]] = {}
    for place, target in enumerate(named):
        if place == phone:
            found[place] = ("phone", _phone_confidence(target, shares[place]))
        elif place + 1 in empty:
            found[place] = ("ignore", 1.0)
        elif target and target not in taken:
            taken.add(target)
            found[place] = (target, 0.95)
        elif shares[place] >= PHONE_SHARE:
            found[place] = ("ignore", 0.5)
    for place, header in enumerate(headers):
        if place not in found:
            found[place] = _leftover(header, taken)
    return [ProposedColumn(i + 1, h, *found[i]) for i, h in enumerate(headers)]


def _phone_confidence(named: str | None, share: float) -> float:
    if share < PHONE_SHARE:
        return 0.6
    return 0.99 if named == "phone" else round(share * 0.95, 2)


def _leftover(header: str | None, taken: set[str]) -> tuple[str, float]:
    wanted = ("variable1", "variable2") if header else _BY_PLACE
    free = next((target for target in wanted if target not in taken), None)
    if free is None and header:
        name = re.sub(r"[^a-z0-9]+", "_", _without_accents(header)).strip("_")
        free = f"var_{name[:40]}" if name and f"var_{name[:40]}" not in taken else None
    if free is None:
        return "ignore", 0.3
    taken.add(free)
    return free, 0.5 if header else 0.4
