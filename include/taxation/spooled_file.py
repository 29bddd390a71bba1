"""What is remembered of every spool file: table ``spooled_file``, its layouts, its sightings."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from include.db import sql
from include.taxation.copying import record_layout
from include.taxation.load import ApprovalNeededError, Loaded, counts_document

LOCK = 7_226_010


@dataclass(frozen=True)
class File:
    """A spool file by its content; ``raw_key`` is where its untouched bytes are kept."""

    pbx: str
    name: str
    size: int
    sha256: str
    raw_key: str
    modified: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of a file."""

    file: File
    state: str
    reason: str | None = None
    line: int | None = None
    detail: str | None = None
    layouts: list[str] = field(default_factory=list)
    tickets: int = 0
    rejected: int = 0
    added: list[str] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)

    def document(self, pbx: str) -> dict[str, Any]:
        """For a report, and for the log line of the file."""
        return {
            "pbx": pbx,
            "name": self.file.name,
            "sha256": self.file.sha256,
            "state": self.state,
            "reason": self.reason,
            "line": self.line,
            "detail": self.detail,
            "layouts": self.layouts,
            "tickets": self.tickets,
            "rejected": self.rejected,
        }


def lock(conn: Connection) -> None:
    """One file at a time; whoever else holds taxdata does not hold us up for long."""
    with conn.cursor() as cur:
        cur.execute(sql("taxation/begin_file"), {"lock": LOCK})


def seen(conn: Connection, pbx: str) -> dict[str, tuple[int, float]]:
    """Name to size and time of what was last read under it."""
    with conn.cursor() as cur:
        cur.execute("select name, size, modified from spool_sighting where pbx = %s", (pbx,))
        return {name: (size, round(at.timestamp(), 3)) for name, size, at in cur.fetchall()}


def known_state(conn: Connection, file: File) -> str | None:
    """The state of a file with these bytes, whatever its name was."""
    with conn.cursor() as cur:
        cur.execute("select state::text from spooled_file where sha256 = %s", (file.sha256,))
        row = cur.fetchone()
    return str(row[0]) if row else None


def open_file(conn: Connection, file: File) -> int:
    """The id under which the tickets of a file are loaded."""
    with conn.cursor() as cur:
        cur.execute(sql("taxation/open_file"), vars(file))
        file_id, _ = cur.fetchone() or (0, None)
    return int(file_id)


def any_known(conn: Connection, digests: list[str]) -> bool:
    """Whether a file with any of these contents was seen before."""
    with conn.cursor() as cur:
        cur.execute(
            "select exists (select from spooled_file where sha256 = any(%s))",
            (digests,),
        )
        ((known,),) = cur.fetchall()
    return bool(known)


def open_files(conn: Connection, files: list[File]) -> dict[str, int]:
    """The ids under which new files are loaded, by content; one after the other."""
    rows = [{**vars(file), "modified": None} for file in files]
    with conn.cursor() as cur:
        cur.execute(sql("taxation/open_files"), {"files": json.dumps(rows)})
        return {digest: int(file_id) for digest, file_id in cur.fetchall()}


def close_files(conn: Connection, outcomes: list[Outcome], counts: list[str]) -> None:
    """Write down what became of files that were loaded together."""
    rows = [
        {
            **vars(outcome.file),
            "modified": outcome.file.modified.isoformat(),
            "layouts": outcome.layouts,
            "tickets": outcome.tickets,
            "rejected": outcome.rejected,
            "counts": json.loads(counted),
        }
        for outcome, counted in zip(outcomes, counts, strict=True)
    ]
    with conn.cursor() as cur:
        cur.execute(sql("taxation/close_files"), {"files": json.dumps(rows)})


def forget_tickets(conn: Connection, file_id: int) -> None:
    """Take the tickets of a file out, to load them anew in the same transaction."""
    with conn.cursor() as cur:
        cur.execute(sql("taxation/forget_tickets"), {"file_id": file_id})


def close_file(
    conn: Connection, outcome: Outcome, loaded: Loaded | None, fault: Exception | None = None
) -> None:
    """Write down what became of a file, and tell a person where one should look."""
    file = outcome.file
    values = {
        **vars(file),
        **vars(outcome),
        "counts": counts_document(loaded.tally) if loaded else "{}",
        "new_fields": outcome.added,
    }
    steps = ["taxation/raise_alerts"]
    if loaded is not None:
        steps.insert(0, "taxation/close_loaded_file")
    elif outcome.state != "duplicate":
        steps.insert(0, "taxation/set_file_aside")
    if outcome.state != "waiting":
        steps.append("taxation/record_sighting")
    with conn.cursor() as cur:
        cur.execute(";\n".join(map(sql, steps)), values)
    if isinstance(fault, ApprovalNeededError):
        record_layout(conn, fault.plan, fault.version, file.pbx)
