"""Finding a report that was made: by the period it is about, and by its kind."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extras import RealDictCursor

from include.db import connect, sql
from include.pages import Formats, Words, render
from include.reports.period import Period
from include.reports.registry import report as kind_of
from include.reports.registry import reports
from include.settings import settings

MOST = 1000


def find(
    since: str | None = None, until: str | None = None, name: str | None = None, *, lang: str = "fr"
) -> list[dict[str, Any]]:
    """Reports whose period begins from ``since`` to ``until`` (periods as everywhere, both included).

    Without a limit all of them, 1000 at most, newest periods first. ``InputError`` bad_period,
    unknown_report.
    """
    zone = settings().timezone
    today = datetime.now(ZoneInfo(zone)).date()

    def span(text: str) -> Period:
        return Period.parse(text, today=today, zone=zone)

    values = {
        "language": lang,
        "first": span(since).first if since else date.min,
        "after": span(until).after if until else date.max,
        "report": kind_of(name).name if name else None,
        "most": MOST,
    }
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("reports/find_runs"), values)
        found = [dict(row) for row in cur.fetchall()]
    t, formats = Words(lang), Formats(lang, zone)
    for run in found:
        run |= {
            "title": t(f"report.{run['report']}"),
            "span": span(run["period"]).shown(formats),
        }
    return found


def search_page(
    since: str = "", until: str = "", name: str = "", *, lang: str = "fr", fault: str = ""
) -> str:
    """The page with the form and what it found; ``fault`` says what is wrong with the form."""
    t = Words(lang)
    found = [] if fault else find(since or None, until or None, name or None, lang=lang)
    return render(
        "report_search",
        lang,
        zone=settings().timezone,
        kinds=[(kind, t(f"report.{kind}")) for kind in reports()],
        found=found,
        since=since,
        until=until,
        name=name,
        fault=fault,
        at=datetime.now(UTC),
    )
