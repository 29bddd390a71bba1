"""Imports that wait for their columns: when the client is reminded, ops are asked, and it is over.

What is due is a function of the rows and of a time; the rest carries it out, each step once whoever
else does the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from include.contacts import receipts, uploads
from include.contacts.refusal import RefusalError
from include.contacts.uploads import Upload, change_state, read_upload
from include.db import connect, sql
from include.settings import ask_ops_after
from include.storage import Storage

REMIND_AFTER = timedelta(hours=24)
EXPIRE_AFTER = timedelta(days=14)
#: A question whose run gave no sign of life for so long may be asked by another.
LOST_AFTER = timedelta(hours=1)
#: After which nobody of ops is expected to answer any more.
PATIENCE = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """One import that waits, as the database has it."""

    upload_id: int
    import_id: str
    created_at: datetime
    quiet_since: datetime
    reminded_at: datetime | None
    asked_seen_at: datetime | None
    left_to_client: bool


def is_over(one: Waiting, now: datetime) -> bool:
    """Whether nobody is to be asked any more."""
    return now >= one.created_at + EXPIRE_AFTER


def is_to_remind(one: Waiting, now: datetime) -> bool:
    """Whether the client is to be reminded."""
    late = now >= one.created_at + REMIND_AFTER
    return late and one.reminded_at is None and not is_over(one, now)


def is_to_ask(one: Waiting, now: datetime, silence: timedelta | None) -> bool:
    """Whether ops are to be asked after so much ``silence`` of the client (None: never)."""
    if silence is None or one.left_to_client or is_over(one, now):
        return False
    if now < one.quiet_since + silence:
        return False
    return one.asked_seen_at is None or now >= one.asked_seen_at + LOST_AFTER


def tend(storage: Storage, now: datetime | None = None) -> list[int]:
    """Remind clients, close what is over; the uploads that expired, whose files may be put away."""
    now, waiting = _waiting(now)
    for one in waiting:
        if is_to_remind(one, now):
            _remind(storage, one, now)
    return [one.upload_id for one in waiting if is_over(one, now) and _expire(storage, one)]


def tell_questions(now: datetime | None = None) -> list[str]:
    """The imports about which ops are to be asked now; each is named once, until it is lost."""
    now, waiting = _waiting(now)
    silence = ask_ops_after()
    due = [one for one in waiting if is_to_ask(one, now, silence)]
    told = []
    with connect() as conn, conn.cursor() as cur:
        for one in due:
            values = {"upload_id": one.upload_id, "now": now, "lost": LOST_AFTER}
            cur.execute(sql("contacts/tell_question"), values)
            if cur.fetchone() is not None:
                told.append(one.import_id)
    return told


def hold(upload: Upload, run: str, now: datetime | None = None) -> datetime | None:
    """Take a question up for ``run``, or give a sign of life; since when it asks, and None while
    another run does."""
    with connect() as conn, conn.cursor() as cur:
        now = now or _now(conn)
        values = {"upload_id": upload.upload_id, "run": run, "now": now, "lost": LOST_AFTER}
        cur.execute(sql("contacts/hold_question"), values)
        row = cur.fetchone()
    return row[0] if row else None


def leave(upload: Upload, run: str) -> None:
    """The question of ``run`` is left to the client: ops are not asked again by itself."""
    with connect() as conn, conn.cursor() as cur:
        values = {"upload_id": upload.upload_id, "run": run, "now": _now(conn)}
        cur.execute(sql("contacts/close_question"), values)


def _waiting(now: datetime | None) -> tuple[datetime, Sequence[Waiting]]:
    with connect() as conn, conn.cursor() as cur:
        now = now or _now(conn)
        cur.execute(sql("contacts/list_waiting"))
        return now, [Waiting(*row) for row in cur.fetchall()]


def _now(conn: Connection) -> datetime:
    with conn.cursor() as cur:
        cur.execute("select now()")
        at: datetime = cur.fetchone()[0]  # type: ignore[index]
    return at


def _remind(storage: Storage, one: Waiting, now: datetime) -> None:
    with uploads.alone_with(one.upload_id):
        with connect() as conn, conn.cursor() as cur:
            values = {"upload_id": one.upload_id, "now": now}
            cur.execute(sql("contacts/mark_reminded"), values)
            if cur.fetchone() is None:
                return
        upload = read_upload(one.upload_id)
        until = one.created_at + EXPIRE_AFTER
        receipts.remind(storage, upload, until)


def _expire(storage: Storage, one: Waiting) -> bool:
    with connect() as conn:
        if not change_state(
            conn, one.upload_id, ["awaiting_mapping"], "expired", "no_mapping_in_time"
        ):
            return False
    upload = read_upload(one.upload_id)
    receipt = receipts.write_bare(storage, upload, RefusalError("no_mapping_in_time"))
    uploads.keep_receipt(one.upload_id, receipt)
    return True
