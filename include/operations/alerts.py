"""Telling people about alerts: each news once for each receiver, kept until it was taken."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, RealDictCursor, RealDictRow

from include.db import connect, sql
from include.db.audit import record
from include.db.setting import setting
from include.errors import InputError
from include.logs import canonical
from include.operations import channels
from include.pages import Formats, Words
from include.pages.alerts import alert_advice, alert_sentence
from include.settings import settings

log = logging.getLogger(__name__)
SHOWN = 50  # in one message; the rest is counted
LONGEST_WAIT = 60  # minutes between two attempts
Row = RealDictRow


@dataclass(frozen=True)
class News:
    """What one receiver is told at once: alerts that were raised, alerts that are over."""

    number: int
    language: str
    rows: Sequence[Row]


def tell() -> dict[str, int]:
    """Plan what is new and send what is due; ``{"planned", "told", "failed"}``, counted in news.

    What a receiver does not take stays, and is tried again after 1, 2, 4, … minutes, an hour at most.
    Sent twice only if this process dies between the sending and the note of it.
    """
    with connect() as conn, conn.cursor() as cur:
        receivers = setting(conn, "alerts").get("receivers", [])
        cur.execute(sql("operations/plan_deliveries"), {"receivers": Json(receivers)})
        planned = int((cur.fetchone() or (0,))[0])
        cur.execute(sql("operations/due_receivers"))
        due = [row[0] for row in cur.fetchall()]
    told = failed = 0
    for receiver in due:
        taken, error = _tell_one(receiver)
        told, failed = (told, failed + taken) if error else (told + taken, failed)
    return {"planned": planned, "told": told, "failed": failed}


def _tell_one(receiver: str) -> tuple[int, str | None]:
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("operations/take_deliveries"), {"receiver": receiver})
        rows = cur.fetchall()
        if not rows:
            return 0, None
        news = News(rows[0]["delivery_id"], rows[-1]["language"], rows)
        error = None
        try:
            channels.send(receiver, subject(news), body(news), document(news), news.number)
        except channels.UndeliveredError as undelivered:
            error = str(undelivered)[:500]
        ids = [row["delivery_id"] for row in rows]
        _note(conn, ids, error, max(row["attempts"] for row in rows))
    canonical(log, "alerts_told", receiver=channels.shown(receiver), news=len(ids), error=error)
    return len(ids), error


def _note(conn: Connection, ids: list[int], error: str | None, attempts: int) -> None:
    with conn.cursor() as cur:
        if error is None:
            cur.execute(
                "update alert_delivery set sent_at = now(), attempts = attempts + 1 "
                "where delivery_id = any(%s)",
                (ids,),
            )
            return
        wait = min(2 ** min(attempts, 10), LONGEST_WAIT)
        cur.execute(
            "update alert_delivery set attempts = attempts + 1, last_error = %s, "
            "next_at = now() + make_interval(mins => %s) where delivery_id = any(%s)",
            (error, wait, ids),
        )


def subject(news: News) -> str:
    """The one alert by name, or how many; one line."""
    t = Words(news.language)
    if len(news.rows) == 1:
        row = news.rows[0]
        what = alert_sentence(t, row)
        return t("alert.over", what=what) if row["news"] == "over" else what
    over = sum(row["news"] == "over" for row in news.rows)
    parts = [t("alert.many_raised", n=len(news.rows) - over)]
    if over:
        parts.append(t("alert.many_over", n=over))
    return ", ".join(parts)


def body(news: News) -> str:
    """Every news with its time and what to do about it, as plain text."""
    formats = Formats(news.language, settings().timezone)
    t = Words(news.language, formats)
    blocks = [_block(t, formats, row) for row in news.rows[:SHOWN]]
    if len(news.rows) > SHOWN:
        blocks.append(t("alert.more", n=len(news.rows) - SHOWN))
    return "\n\n".join([*blocks, f"-- \n{t('alert.foot')} ({settings().timezone})"]) + "\n"


def _block(t: Words, formats: Formats, row: Row) -> str:
    what = alert_sentence(t, row)
    raised = formats.when(row["raised_at"])
    if row["news"] == "over":
        lasted = t("alert.lasted", from_=raised, to=formats.when(row["over_at"]))
        return f"{t('alert.over', what=what)}\n  {lasted}"
    lines = [what, f"  {t('alert.since', at=raised)}"]
    return "\n".join([*lines, *([f"  {advice}"] if (advice := alert_advice(t, row)) else [])])


def document(news: News) -> dict[str, Any]:
    """The same for a program: what a webhook is sent."""

    def when(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat()

    keys = ("alert_id", "kind", "subject", "detail", "news")
    alerts = [
        {
            **{key: row[key] for key in keys},
            "at": when(row["raised_at"]),
            "over_at": when(row["over_at"]),
        }
        for row in news.rows
    ]
    return {"text": f"{subject(news)}\n\n{body(news)}", "alerts": alerts}


def list_alerts(everything: bool = False, most: int = 1000) -> list[dict[str, Any]]:
    """The open alerts, newest first; with ``everything`` also those that ended within a month."""
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("operations/list_alerts"), {"everything": everything, "most": most})
        return [dict(row) for row in cur.fetchall()]


def close_alert(alert_id: int, *, by: str) -> dict[str, Any]:
    """Close an alert by hand; it is raised again if its cause still holds. ``InputError`` unknown_alert."""
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(
            "update alert set over_at = now() where alert_id = %s and over_at is null "
            "returning alert_id, kind, subject",
            (alert_id,),
        )
        row = cur.fetchone()
        if row is None:
            raise InputError(
                "unknown_alert",
                f"no alert {alert_id} is open",
                f"aucune alerte {alert_id} n'est ouverte",
            )
        record(conn, by, "alert_close", f"alert:{alert_id}", kind=row["kind"], of=row["subject"])
    return dict(row)


def try_receivers(by: str) -> dict[str, int]:
    """Raise an alert that means nothing, tell everybody, and say that it is over."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute("insert into alert (kind, subject, over_at) values ('test', %s, now())", (by,))
    return tell()
