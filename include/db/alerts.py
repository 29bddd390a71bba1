"""Alerts: what a person should look at; at most one open per kind and subject."""

from psycopg2.extensions import connection as Connection


def set_alert(conn: Connection, kind: str, subject: str, on: bool, detail: str = "") -> None:
    """Open the alert, or close it; nothing happens where it stands so already."""
    with conn.cursor() as cur:
        if on:
            cur.execute(
                "insert into alert (kind, subject, detail) values (%s, %s, %s) "
                "on conflict (kind, subject) where over_at is null do nothing",
                (kind, subject, detail),
            )
        else:
            cur.execute(
                "update alert set over_at = now() "
                "where kind = %s and subject = %s and over_at is null",
                (kind, subject),
            )
