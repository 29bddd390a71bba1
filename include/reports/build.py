"""Making the administrators' reports and their index."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import connect, sql
from include.pages import Formats, Words, render
from include.pages.workbook import Sheet, workbook
from include.reports.page import Desk, Figure, Page, Report
from include.reports.period import Period
from include.reports.registry import report, reports
from include.settings import settings
from include.storage import Storage


def build(
    names: Sequence[str] = (),
    period: str | None = None,
    *,
    lang: str = "fr",
    at: datetime | None = None,
) -> list[str]:
    """Write these reports (all if none is named) as of `at`; the keys written under the reports' URL.

    Each gives `reports/<yyyy>/<mm>/<name>-<slug>-<period>.html` and `.xlsx`; `reports/index.html`
    lists what has been made;
    English ones end in `.en.html`. `period` is what Period.parse takes. Raises InputError for an unknown
    name or a period that is none, before anything is written.
    """
    at = at or datetime.now(UTC)
    here = settings()
    today = at.astimezone(ZoneInfo(here.timezone)).date()
    span = Period.parse(period, today=today, zone=here.timezone)
    wanted = [report(name) for name in names] or list(reports().values())
    storage = Storage(here.reports_url)
    keys: list[str] = []
    with connect() as conn:
        formats = Formats(lang, here.timezone)
        desk = Desk(conn, span, Words(lang, formats), formats, at)
        for kind in wanted:
            keys += _write(storage, desk, kind)
        storage.write_text(index_key(lang), _index(conn, desk))
    return [*keys, index_key(lang)]


def index_key(lang: str) -> str:
    """The list of the reports in `lang`."""
    return f"reports/index{_suffix(lang)}.html"


def _suffix(lang: str) -> str:
    return "" if lang == "fr" else f".{lang}"


def _write(storage: Storage, desk: Desk, kind: Report) -> list[str]:
    page = kind.make(desk)
    stem = f"reports/{desk.period.folder}/{kind.name}-{kind.slug}-{desk.period.slug}"
    stem += _suffix(desk.lang)
    html, xlsx = f"{stem}.html", f"{stem}.xlsx"
    storage.write_text(html, page_html(desk, kind, page, xlsx.rpartition("/")[2]))
    storage.write_bytes(xlsx, page_workbook(desk, page))
    with desk.conn.cursor() as cur:
        run = {
            "report": kind.name,
            "period": desk.period.slug,
            "first_day": desk.period.first,
            "language": desk.lang,
            "outcome": page.outcome,
            "html_key": html,
            "xlsx_key": xlsx,
            "made_at": desk.at,
        }
        cur.execute(sql("reports/remember_run"), run)
    return [html, xlsx]


def page_html(desk: Desk, kind: Report, page: Page, workbook_name: str) -> str:
    """The report as a page that stands by itself."""
    return render(
        "report",
        desk.lang,
        zone=desk.f.zone,
        index=f"../../{index_key(desk.lang).rpartition('/')[2]}",
        name=kind.name,
        title=desk.t(f"report.{kind.name}"),
        period=desk.period.shown(desk.f),
        page=page,
        is_figure=lambda section: isinstance(section, Figure),
        workbook_name=workbook_name,
        at=desk.at,
    )


def page_workbook(desk: Desk, page: Page) -> bytes:
    """The report's tables, whole, as worksheets."""
    sheets = [Sheet(table.title, table.columns, table.rows) for table in page.tables]
    return workbook(sheets, desk.lang, zone=desk.f.zone, made=desk.at)


def _index(conn: Connection, desk: Desk) -> str:
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("reports/list_runs"), {"language": desk.lang, "most": 300})
        runs = [dict(row) for row in cur.fetchall()]
    zone = desk.f.zone
    months: dict[str, list[dict[str, object]]] = {}
    for run in runs:
        span = Period.parse(run["period"], today=desk.period.first, zone=zone)
        run |= {"title": desk.t(f"report.{run['report']}"), "span": span.shown(desk.f)}
        months.setdefault(desk.f.month(span.first), []).append(run)
    return render("report_index", desk.lang, zone=zone, months=months, at=desk.at)
