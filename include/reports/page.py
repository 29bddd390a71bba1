"""What a report hands over: sentences, figures, tables and charts, the same for page and workbook."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from markupsafe import Markup
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import sql
from include.pages import Column, Formats, Kind, Words
from include.reports.period import Period

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Desk:
    """What a report works with: the database, the period, and the reader's language."""

    conn: Connection
    period: Period
    t: Words
    f: Formats
    at: datetime

    @property
    def lang(self) -> str:
        """The reader's language."""
        return self.t.lang

    def rows(self, statement: str, **params: Any) -> list[Row]:
        """The rows of `sql/reports/<statement>.sql`; it may use %(since)s, %(until)s and %(as_of)s."""
        known = {"since": self.period.start, "until": self.period.end, "as_of": self.at}
        with self.conn.cursor(cursor_factory=RealDictCursor) as cur:
            cur.execute(sql(f"reports/{statement}"), {**known, **params})
            return [dict(row) for row in cur.fetchall()]

    def columns(self, *named: tuple[str, str] | Column) -> list[Column]:
        """Columns from (key, kind) pairs, titled `column.<key>` in the catalogue."""
        return columns(self.t, "column", *named)


def columns(t: Words, area: str, *named: tuple[str, str] | Column) -> list[Column]:
    """Columns from (key, kind) pairs, titled `<area>.<key>` in the catalogue, and whole columns."""
    return [
        c if isinstance(c, Column) else Column(c[0], t(f"{area}.{c[0]}"), cast(Kind, c[1]))
        for c in named
    ]


@dataclass(frozen=True)
class Table:
    """A table of the page and a sheet of the workbook.

    The page shows the first `shown` rows, and of the `optional` columns those that say something.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str
    total: Row | None = None
    shown: int = 200
    optional: Sequence[str] = ()

    @property
    def page_columns(self) -> list[Column]:
        """The columns of the page."""
        silent = {key for key in self.optional if not any(row[key] for row in self.rows)}
        return [column for column in self.columns if column.key not in silent]


@dataclass(frozen=True)
class Figure:
    """A chart of the page, with its title."""

    chart: Markup


@dataclass(frozen=True)
class Page:
    """One report in one language, in the order in which it is read."""

    outcome: str
    tiles: Sequence[tuple[str, ...]]
    sections: Sequence[Table | Figure]
    next_step: tuple[str, str] | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def tables(self) -> list[Table]:
        """What the workbook holds."""
        return [section for section in self.sections if isinstance(section, Table)]


@dataclass(frozen=True)
class Report:
    """A kind of report. Its title is `report.<name>` in the catalogue."""

    name: str
    slug: str
    make: Callable[[Desk], Page]


def total(rows: Sequence[Row], *keys: str) -> dict[str, Any]:
    """The sum of each key over the rows."""
    return {key: sum((row[key] or 0 for row in rows), 0) for key in keys}


def share(part: float, whole: float) -> float | None:
    """`part` in percent of `whole`, one decimal; None of nothing."""
    return round(100 * float(part) / float(whole), 1) if whole else None


def reason_word(t: Words, code: str | None) -> str:
    """Why a message or a campaign is in its state, in words; nothing for a code without any."""
    if not code:
        return ""
    network = code.removeprefix("+CMS ERROR: ").replace(" ", "_")
    return t.first(f"quote.reason.{code}", f"campaign.error.{code}", f"network.{network}")
