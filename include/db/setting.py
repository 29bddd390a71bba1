"""What administrators set for the whole centre (`smsswitch settings apply`), by area."""

from typing import Any

from psycopg2.extensions import connection as Connection


def setting(conn: Connection, area: str) -> dict[str, Any]:
    """The document of one area; empty where nothing was ever set."""
    with conn.cursor() as cur:
        cur.execute("select document from setting where area = %s", (area,))
        row = cur.fetchone()
    return dict(row[0]) if row else {}
