"""Spool files into ``taxdata``: each file within one transaction, or set aside as a whole.

Killed anywhere, nothing of the file in hand is visible; running again loads it. The order in which
files come changes neither the table's types nor its rows.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg2.errors
from psycopg2.extensions import connection as Connection

from include.db import connect
from include.errors import TransientError
from include.logs import canonical
from include.settings import settings
from include.storage import Storage
from include.taxation import spooled_file as register
from include.taxation.faults import SpoolFault
from include.taxation.load import ApprovalNeededError, Loaded, load
from include.taxation.pbx import Pbx, find_or_create
from include.taxation.spool import (
    MAX_FILE_BYTES,
    Source,
    folders,
    named_files,
    raw_key,
    spool_files,
)
from include.taxation.together import MOST_BYTES, MOST_FILES, NotPlainError, load_together

ROLE = "smsswitch_taxation"
LOCK_ATTEMPTS = 5
log = logging.getLogger(__name__)
Report = dict[str, Any]
Batch = list[tuple[register.File, bytes]]


def ingest_paths(paths: Iterable[str | Path], pbx: str) -> Report:
    """Load the spool files that ``paths`` name (files or folders) as those of ``pbx``.

    A PBX not known yet is made with the defaults. The report:
    ``{"pbx", "pbx_created", "files": [{"name", "sha256", "state", "reason", "line", "layouts",
    "tickets", "rejected"}], "columns_added", "columns_converted"}``; ``state`` is ``loaded``,
    ``duplicate`` (the same bytes were here before), ``quarantined`` or ``waiting``.
    """
    sources = named_files([Path(path) for path in paths])
    with connect(ROLE) as conn:
        return _ingest(conn, sources, pbx)


def ingest_new(pbx: str | None = None, file: str | None = None) -> Report:
    """Load what is new or changed in the spool's folders (``<SMSSWITCH_SPOOL_URL>/<pbx>/``).

    ``pbx``: only that one's folder. ``file``: only files of that name, read even if it is not new.
    Safe to run at any time and twice at once. The report is that of ``ingest_paths``, with
    ``pbxs_created`` and each file's ``pbx``; files that were seen before are not in it.
    """
    storage = Storage(settings().spool_url)
    report: Report = {"files": [], "columns_added": [], "columns_converted": [], "pbxs_created": []}
    with connect(ROLE) as conn:
        for code in folders(storage):
            if pbx not in (None, code):
                continue
            seen = register.seen(conn, code)
            sources = [
                source
                for source in spool_files(storage, code)
                if (
                    seen.get(source.name) != _stamp(source) if file is None else source.name == file
                )
            ]
            if not sources:
                continue
            part = _ingest(conn, sources, code)
            report["files"] += part["files"]
            for key in ("columns_added", "columns_converted"):
                report[key] += [name for name in part[key] if name not in report[key]]
            report["pbxs_created"] += [code] if part["pbx_created"] else []
    return report


def _stamp(source: Source) -> tuple[int, float]:
    return source.size, round(source.modified.timestamp(), 3)


def _ingest(conn: Connection, sources: list[Source], code: str) -> Report:
    pbx, created = find_or_create(conn, code)
    conn.commit()
    if created:
        log.info("PBX %s is new: made with the default settings", code)
    raw = Storage(settings().spool_url)
    report: Report = {
        "pbx": code,
        "pbx_created": created,
        "files": [],
        "columns_added": [],
        "columns_converted": [],
    }
    for files in _batches(sources, pbx, raw):
        for outcome in _load_batch(conn, files, pbx):
            report["files"].append(outcome.document(code))
            report["columns_added"] += outcome.added
            report["columns_converted"] += [
                name for name in outcome.converted if name not in report["columns_converted"]
            ]
    return report


def _batches(sources: list[Source], pbx: Pbx, raw: Storage) -> Iterator[Batch]:
    """The files in their order, small ones next to each other together; raw bytes kept first."""
    batch: Batch = []
    for source in sources:
        data = source.read()
        digest = sha256(data).hexdigest()
        key = raw_key(pbx.code, digest)
        if not raw.exists(key):
            raw.write_bytes(key, data)
        file = register.File(pbx.code, source.name, source.size, digest, key, source.modified)
        if len(data) > MOST_BYTES:
            yield from filter(None, (batch, [(file, data)]))
            batch = []
            continue
        batch.append((file, data))
        if len(batch) == MOST_FILES:
            yield batch
            batch = []
    if batch:
        yield batch


def _load_batch(conn: Connection, files: Batch, pbx: Pbx) -> list[register.Outcome]:
    """All in one transaction if they are plain, else each in its own."""
    if len(files) > 1:
        try:
            outcomes = load_together(conn, files, pbx)
            conn.commit()
        except (NotPlainError, psycopg2.errors.LockNotAvailable):
            conn.rollback()
        else:
            for outcome in outcomes:
                _log(outcome, pbx)
            return outcomes
    return [load_file(conn, file, data, pbx) for file, data in files]


def load_file(
    conn: Connection, file: register.File, data: bytes, pbx: Pbx, *, again: bool = False
) -> register.Outcome:
    """Load one file in a transaction of its own; ``again``: also if its bytes were loaded before."""
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        try:
            outcome = _transaction(conn, file, data, pbx, again)
        except psycopg2.errors.LockNotAvailable:
            conn.rollback()
            log.warning("taxdata is in use; attempt %s for %s", attempt, file.name)
            time.sleep(0.2 * attempt)
            continue
        _log(outcome, pbx)
        return outcome
    raise TransientError(f"taxdata stays in use: {file.name} could not be loaded")


def _log(outcome: register.Outcome, pbx: Pbx) -> None:
    canonical(log, "spool_file", **outcome.document(pbx.code))


def _transaction(
    conn: Connection, file: register.File, data: bytes, pbx: Pbx, again: bool
) -> register.Outcome:
    loaded: Loaded | None = None
    caught: SpoolFault | None = None
    try:
        register.lock(conn)
        if register.known_state(conn, file) == "loaded" and not again:
            outcome = register.Outcome(file, "duplicate")
        else:
            if file.size > MAX_FILE_BYTES:
                raise SpoolFault("too_large")
            file_id = register.open_file(conn, file)
            if again:
                register.forget_tickets(conn, file_id)
            loaded = load(conn, file_id, data, pbx)
            outcome = _outcome(file, loaded)
    except SpoolFault as fault:
        conn.rollback()
        register.lock(conn)
        outcome, caught = _set_aside(file, fault), fault
    if caught is None or not again:
        register.close_file(conn, outcome, loaded, caught)
    conn.commit()
    return outcome


def _set_aside(file: register.File, fault: SpoolFault) -> register.Outcome:
    state = "waiting" if fault.code == "approval_needed" else "quarantined"
    layouts = [fault.plan.layout.id] if isinstance(fault, ApprovalNeededError) else []
    return register.Outcome(
        file, state, reason=fault.code, line=fault.line, detail=fault.message_en, layouts=layouts
    )


def _outcome(file: register.File, loaded: Loaded) -> register.Outcome:
    return register.Outcome(
        file,
        "loaded",
        layouts=loaded.layouts,
        tickets=loaded.tally.tickets,
        rejected=len(loaded.tally.rejected),
        added=loaded.added,
        converted=loaded.converted,
    )
