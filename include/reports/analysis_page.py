"""One run of an analysis as a page and a workbook, for the person who asked for it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from include.db import connect
from include.db.audit import record
from include.pages import Column, Formats, Words, render
from include.pages.workbook import Sheet, workbook
from include.reports.build import index_key
from include.reports.page import Figure, Page, Table
from include.settings import settings
from include.storage import Storage
from include.taxation.analyse import analyse, treatments

#: Where pages with whole numbers lie: not below reports/, which everybody who is logged in may read.
WHOLE = "unmasked"
_PHONES = ("number", "called_number", "extension")


def write_analysis(
    name: str,
    parameters: Mapping[str, Any],
    *,
    by: str,
    unmask: str | None = None,
    lang: str = "fr",
    at: datetime | None = None,
) -> dict[str, Any]:
    """Run the analysis `name` for a person and write what it found: `{"run_id", "rows", "keys"}`.

    `unmask` is why that person needs whole numbers. Parameters without a value have their default.
    Raises what `analyse` raises.
    """
    given = {key: value for key, value in parameters.items() if value not in (None, "")}
    found = analyse(name, given, actor=by, unmask=unmask)
    at = at or datetime.now(UTC)
    folder = WHOLE if unmask else f"reports/{at:%Y/%m}"
    stem = f"{folder}/{name.replace('_', '-')}-{found['run_id']}"
    keys = [f"{stem}.html", f"{stem}.xlsx"]
    title = next(t[f"title_{lang}"] for t in treatments() if t["name"] == name)
    table = _table(title, found, Words(lang))
    zone = settings().timezone
    storage = Storage(settings().reports_url)
    storage.write_text(keys[0], _html(title, found, table, keys, lang=lang, zone=zone, at=at))
    sheet = Sheet(table.title, table.columns, table.rows)
    storage.write_bytes(keys[1], workbook([sheet], lang, zone=zone, made=at))
    return {"run_id": found["run_id"], "rows": len(found["rows"]), "keys": keys}


def write_for_form(form: dict[str, Any], *, by: str) -> dict[str, Any]:
    """The same from the fields of a form: `analysis`, `reason` for whole numbers, `more`, parameters."""
    name, unmask, more = form.pop("analysis"), form.pop("reason", None), form.pop("more", None)
    return write_analysis(name, {**form, **(more or {})}, by=by, unmask=unmask)


def read_whole(key: str, by: str) -> bytes:
    """A file that `write_analysis` wrote with whole numbers, for a person whose reading is audited.

    Raises FileNotFoundError, or InputError for what is no name of such a file.
    """
    content = Storage(settings().reports_url).read_bytes(f"{WHOLE}/{key}")
    with connect() as conn:
        record(conn, by, "unmasked_read", key)
    return content


def _table(title: str, found: dict[str, Any], t: Words) -> Table:
    columns = [
        Column(
            name,
            t(f"column.{name}") if t.has(f"column.{name}") else name,
            "phone" if name in _PHONES else "text",
        )
        for name in found["columns"]
    ]
    rows = [
        {
            name: "" if value is None else str(value)
            for name, value in zip(found["columns"], row, strict=True)
        }
        for row in found["rows"]
    ]
    return Table(title, columns, rows, t("t7.empty"), shown=400)


def _html(
    title: str,
    found: dict[str, Any],
    table: Table,
    keys: list[str],
    *,
    lang: str,
    zone: str,
    at: datetime,
) -> str:
    f, t = Formats(lang, zone), Words(lang)
    given = {k: v for k, v in found["parameters"].items() if v is not None}
    page = Page(
        outcome=t("analysis.outcome", n=len(found["rows"]), title=title),
        tiles=[(name, str(value)) for name, value in given.items()],
        sections=[table],
        notes=(t("calls.note") if keys[0].startswith("reports/") else t("analysis.whole"),),
    )
    return render(
        "report",
        lang,
        zone=zone,
        index=f"../../{index_key(lang).rpartition('/')[2]}",
        name=f"{found['run_id']}",
        title=title,
        period=f.when(at),
        page=page,
        is_figure=lambda section: isinstance(section, Figure),
        workbook_name=keys[1].rpartition("/")[2],
        at=at,
    )
