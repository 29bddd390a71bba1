"""The span of time that a report is about."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from include.errors import InputError
from include.pages import Formats

_RELATIVE = ("today", "yesterday", "this-month", "last-month")


@dataclass(frozen=True)
class Period:
    """Whole days of one zone: from `first` up to, not including, `after`."""

    first: date
    after: date
    zone: str

    @classmethod
    def parse(cls, text: str | None, *, today: date, zone: str) -> "Period":
        """`2026`, `2026-11`, `2026-11-22`, `2026-11-01..2026-11-15` (both included), or a word.

        The words are today, yesterday, this-month (the default) and last-month.
        Raises InputError `bad_period`.
        """
        text = text or "this-month"
        if text in _RELATIVE:
            return cls._relative(text, today, zone)
        try:
            first, _, last = text.partition("..")
            begin, end = cls._span(first), cls._span(last or first)
        except ValueError:
            raise _refused(text) from None
        if end[1] <= begin[0]:
            raise _refused(text)
        return cls(begin[0], end[1], zone)

    @classmethod
    def _relative(cls, word: str, today: date, zone: str) -> "Period":
        month = today.replace(day=1)
        spans = {
            "today": (today, today + timedelta(days=1)),
            "yesterday": (today - timedelta(days=1), today),
            "this-month": (month, _next_month(month)),
            "last-month": ((month - timedelta(days=1)).replace(day=1), month),
        }
        return cls(*spans[word], zone)

    @staticmethod
    def _span(text: str) -> tuple[date, date]:
        if re.fullmatch(r"\d{4}", text):
            return date(int(text), 1, 1), date(int(text) + 1, 1, 1)
        if re.fullmatch(r"\d{4}-\d\d", text):
            month = date.fromisoformat(f"{text}-01")
            return month, _next_month(month)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        day = date.fromisoformat(text)
        return day, day + timedelta(days=1)

    @property
    def start(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.first, time(), ZoneInfo(self.zone))

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.after, time(), ZoneInfo(self.zone))

    @property
    def slug(self) -> str:
        """2026, 2026-11, 2026-11-22 or 2026-11-01..2026-11-15: what `parse` takes."""
        if self.first == self.last:
            return self.first.isoformat()
        if self.first.day == 1 and self.after == _next_month(self.first):
            return f"{self.first:%Y-%m}"
        if (self.first.month, self.first.day) == (1, 1) and self.after == date(
            self.first.year + 1, 1, 1
        ):
            return f"{self.first:%Y}"
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after - timedelta(days=1)

    @property
    def folder(self) -> str:
        """Where reports of it lie: the year and month in which it begins."""
        return f"{self.first:%Y/%m}"

    def shown(self, formats: Formats) -> str:
        """As a reader writes it: nov. 2026, or 22 nov. 2026, or 1 nov. 2026 – 15 nov. 2026."""
        if self.first == self.last:
            return formats.day(self.first)
        if len(self.slug) == 4:
            return self.slug
        if len(self.slug) == 7:
            return formats.month(self.first)
        return f"{formats.day(self.first)} – {formats.day(self.last)}"


def _next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _refused(text: str) -> InputError:
    return InputError(
        "bad_period",
        f"{text!r} is no period: give 2026, 2026-11, 2026-11-22, 2026-11-01..2026-11-15 or one of "
        + ", ".join(_RELATIVE),
        f"{text!r} n'est pas une période : 2026, 2026-11, 2026-11-22, 2026-11-01..2026-11-15 ou "
        + ", ".join(_RELATIVE),
    )
