"""Rows of table ``upload``: what a client dropped and where it stands."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, RealDictCursor

from include.contacts.mapping import Mapping
from include.db import connect, sql
from include.errors import InputError

FINAL = frozenset({"loaded", "rejected", "duplicate", "quarantined", "expired"})
_LOCK = 7_226_005


@dataclass(frozen=True)
class Upload:
    """One drop, with what its client wants of imports."""

    upload_id: int
    import_id: str
    client_id: int
    client: str
    language: str
    kind: str
    key: str
    sha256: str
    bytes: int
    state: str
    reason: str | None
    list_name: str | None
    label: str | None
    in_inbox: bool
    fingerprint: str | None
    mapping: dict[str, Any] | None
    mapping_by: str | None
    counts: dict[str, Any]
    receipt: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    auto_confirm: str
    max_columns: int
    max_reject_ratio: Decimal
    formula_like_text: str

    @property
    def name(self) -> str:
        """The name of the file as it was dropped."""
        return self.key.rpartition("/")[2]

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL

    @property
    def is_told(self) -> bool:
        """Whether it is over and its receipt says so."""
        return self.is_final and (self.receipt or {}).get("state") == self.state


@contextmanager
def alone_with(upload_id: int) -> Iterator[None]:
    """Waits until no other process works on this upload, and keeps others waiting meanwhile."""
    with connect(autocommit=True) as conn, conn.cursor() as cur:
        cur.execute("select pg_advisory_lock(%s, %s)", (_LOCK, upload_id % 2**31))
        yield


def read_upload(upload_id: int) -> Upload:
    """The upload as it stands; ``InputError`` if there is none of that number."""
    with connect() as conn, conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute(sql("contacts/read_upload"), {"upload_id": upload_id})
        row = cur.fetchone()
    if row is None:
        raise InputError(
            "no_such_upload", f"there is no upload {upload_id}", f"aucun dépôt {upload_id}"
        )
    return Upload(**{field.name: row[field.name] for field in fields(Upload)})


def find_import(client_id: int, *, import_id: str | None, keys: Sequence[str]) -> int | None:
    """The contact file that a mapping speaks of: by its id, else by name among those waiting."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/find_import"),
            {"client_id": client_id, "import_id": import_id, "keys": list(keys)},
        )
        row = cur.fetchone()
    return int(row[0]) if row else None


def change_state(
    conn: Connection, upload_id: int, came_from: Sequence[str], to: str, reason: str | None = None
) -> bool:
    """Make a transition inside the caller's transaction; false if the state did not allow it."""
    with conn.cursor() as cur:
        cur.execute(
            sql("contacts/change_state"),
            {"upload_id": upload_id, "from": list(came_from), "to": to, "reason": reason},
        )
        return cur.fetchone() is not None


def confirm(upload_id: int, mapping: Mapping, by: str) -> bool:
    """Commit the mapping; false if somebody else was first."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/confirm_mapping"),
            {
                "upload_id": upload_id,
                "mapping": Json(mapping.document()),
                "mapping_by": by,
                "list_name": mapping.list_name,
                "label": mapping.label,
            },
        )
        return cur.fetchone() is not None


def same_content(upload: Upload, mapping: Mapping | None) -> tuple[str, str] | None:
    """The import that had these bytes for this list before, and its state."""
    wanted = Json(mapping.document()) if mapping else None
    list_name = mapping.list_name if mapping else upload.list_name
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/find_same_content"),
            {
                "client_id": upload.client_id,
                "sha256": upload.sha256,
                "list_name": list_name,
                "upload_id": upload.upload_id,
                "mapping": wanted,
            },
        )
        row: tuple[str, str] | None = cur.fetchone()
    return row


def recall(client_id: int, fingerprint: str) -> tuple[Mapping, str] | None:
    """The mapping last confirmed for this header, and the import it was confirmed for."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/recall_mapping"), {"client_id": client_id, "fingerprint": fingerprint}
        )
        row = cur.fetchone()
    return (Mapping.from_document(row[0]), row[1]) if row else None


def may_need_no_question(upload: Upload) -> bool:
    """Whether its client ever confirmed a mapping, or trusts proposals."""
    if upload.auto_confirm == "high_confidence":
        return True
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("contacts/has_remembered"), {"client_id": upload.client_id})
        return cur.fetchone() is not None


def keep_receipt(
    upload_id: int,
    receipt: dict[str, Any],
    *,
    fingerprint: str | None = None,
    validation: dict[str, Any] | None = None,
) -> None:
    """Remember the receipt as last written, with its counts."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/keep_receipt"),
            {
                "upload_id": upload_id,
                "receipt": Json(receipt),
                "counts": Json(receipt["counts"]),
                "fingerprint": fingerprint,
                "validation": Json(validation) if validation else None,
            },
        )
