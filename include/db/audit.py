"""The audit trail: who did what. Call it last in a transaction: writers of it wait for each other."""

from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json


def record(conn: Connection, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add one entry. ``actor`` is a client (``client:acme``) or a person (``ops:jane``)."""
    with conn.cursor() as cur:
        cur.execute(
            "insert into audit_entry (actor, action, subject, detail) values (%s, %s, %s, %s)",
            (actor, action, subject, Json(detail)),
        )
