"""The audit trail: who did what. Call it last in a transaction: writers of it wait for each other."""

from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.db.statements import sql


def record(conn: Connection, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add one entry. ``actor`` is a client (``client:acme``) or a person (``ops:jane``)."""
    with conn.cursor() as cur:
        cur.execute(
            "insert into audit_entry (actor, action, subject, detail) values (%s, %s, %s, %s)",
            (actor, action, subject, Json(detail)),
        )


def verify(conn: Connection) -> dict[str, Any]:
    """Recompute the chain from its first entry on.

    ``{"entries", "last", "hash", "broken"}``: ``broken`` names the first entry whose hash does not
    follow from what the table holds (it was changed, or one before it was changed or taken away), or
    is None. Entries cut off at the end leave a sound chain: compare ``hash`` with one noted elsewhere.
    """
    with conn.cursor() as cur:
        cur.execute(sql("operations/verify_audit"))
        entries, last, head, broken = cur.fetchone() or (0, None, None, None)
        entry = None
        if broken is not None:
            cur.execute(
                "select entry_id, at, actor, action, subject from audit_entry where entry_id = %s",
                (broken,),
            )
            names = [column.name for column in cur.description or ()]
            entry = dict(zip(names, cur.fetchone() or (), strict=True))
    return {"entries": entries, "last": last, "hash": head, "broken": entry}


def holds_hash(conn: Connection, head: str) -> bool:
    """Whether some entry has this hash (hexadecimal)."""
    with conn.cursor() as cur:
        cur.execute("select from audit_entry where encode(hash, 'hex') = lower(%s)", (head,))
        return cur.fetchone() is not None
