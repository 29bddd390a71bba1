"""Keeping the pages of the clients' outboxes up to date."""

from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, RealDictCursor

from include.db import connect, sql
from include.errors import InputError
from include.reports.campaign import write_campaigns
from include.reports.home import write_history, write_home
from include.reports.outbox import Outbox
from include.settings import settings
from include.storage import Storage


def write_pages(
    code: str | None = None, *, complete: bool = False, at: datetime | None = None
) -> list[str]:
    """Write what has changed in every client's outbox, or in one client's; the keys written.

    That is `index.html`, `account/` and, per campaign, `report.html`, `report.xlsx`, `status.json`
    and `deliveries.csv`. Only if `complete`, the lists of deliveries of a large campaign still
    running and a long history of the credit are written, and campaigns that ended more than a day
    ago are counted again. Raises InputError `unknown_client`.
    """
    here = settings()
    at = at or datetime.now(UTC)
    keys: list[str] = []
    said: list[dict[str, Any]] = []
    tallies: list[dict[str, Any]] = []
    with connect() as conn:
        for client in _clients(conn, code):
            outbox = Outbox(conn, Storage(here.bucket_url), client, here.timezone, at)
            campaigns = outbox.rows("list_campaigns", complete=complete)
            tallies += [
                {**row, "counts": Json(row["counts"])} for row in campaigns if row.pop("counted")
            ]
            write_campaigns(outbox, campaigns, complete=complete)
            write_home(outbox, campaigns)
            write_history(outbox, complete=complete)
            keys += outbox.written
            said += [
                {"client_id": client["client_id"], "page": page, "digest": digest}
                for page, digest in sorted(outbox.digests.items())
            ]
    _remember("remember_page", said)
    _remember("remember_tally", tallies)
    return keys


def _clients(conn: Connection, code: str | None) -> list[dict[str, Any]]:
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        # Every page of one pass shows the same instant.
        cur.execute("set transaction isolation level repeatable read, read only")
        cur.execute(sql("reports/list_clients"), {"code": code})
        found = [dict(row) for row in cur.fetchall()]
    if code is not None and not found:
        raise InputError(
            "unknown_client", f"there is no client {code!r}", f"il n'y a pas de client {code!r}"
        )
    return found


def _remember(statement: str, rows: list[dict[str, Any]]) -> None:
    with connect() as conn, conn.cursor() as cur:
        for row in rows:
            cur.execute(sql(f"reports/{statement}"), row)
