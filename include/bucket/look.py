"""One look into one client's inbox: what lies there, what is complete, what does not belong."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import connection as Connection

from include.bucket.names import MARKER, Named, is_ignored, named
from include.contacts.answers import sidecar_names
from include.db import sql
from include.storage import Storage, StoredFile

#: A file is complete once it has been the same for this long, seen at least twice.
STABLE_SECONDS = 2.0
NEVER_COMPLETED_SECONDS = 24 * 3600.0
#: A mapping whose file does not come is told so after this long.
ORPHAN_SECONDS = 3600.0


@dataclass(frozen=True)
class Client:
    """Whose inbox, and when a drop of theirs is complete."""

    client_id: int
    code: str
    completion: str

    @property
    def inbox(self) -> str:
        """The prefix of everything they drop."""
        return f"clients/{self.code}/inbox"


@dataclass(frozen=True)
class Drop:
    """A file that is to be registered now; ``never_completed`` where it is given up."""

    file: StoredFile
    named: Named
    marker: str | None = None
    never_completed: bool = False


@dataclass(frozen=True)
class Look:
    """What one look found: drops to register, and whether others may be complete in a moment."""

    drops: list[Drop]
    unsettled: bool


@dataclass(frozen=True)
class _Seen:
    same_for: float
    seen_for: float
    upload_id: int | None


def look(conn: Connection, storage: Storage, client: Client) -> Look:
    """Record what lies in the inbox; what of it is complete and not registered yet."""
    listed = [f for f in storage.list(client.inbox) if not is_ignored(f.key.rpartition("/")[2])]
    markers = {f.key for f in listed if f.key.endswith(MARKER)}
    files = [f for f in listed if f.key not in markers and _storable(f.key)]
    seen = _record(conn, client, files)
    states = _states(conn, client)
    drops, unsettled = _unreadable_names(listed, client), False
    for file in files:
        sight = seen[file.key]
        if sight.upload_id is not None:
            continue
        marker = f"{file.key}{MARKER}" if f"{file.key}{MARKER}" in markers else None
        what = named(file.key[len(client.inbox) + 1 :])
        if _is_complete(storage, client, sight, marker):
            if what.kind != "mapping" or _is_due(storage, file, sight, files, states):
                drops.append(Drop(file, what, marker))
        elif sight.seen_for > NEVER_COMPLETED_SECONDS:
            drops.append(Drop(file, what, never_completed=True))
        else:
            unsettled = unsettled or client.completion != "marker"
    return Look(drops, unsettled)


def _storable(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in key


def _unreadable_names(listed: list[StoredFile], client: Client) -> list[Drop]:
    """Files whose very name no database can hold: nothing to wait for."""
    return [
        Drop(file, named(file.key[len(client.inbox) + 1 :]))
        for file in listed
        if not _storable(file.key)
    ]


def _record(conn: Connection, client: Client, files: list[StoredFile]) -> dict[str, _Seen]:
    keys = [f.key for f in files]
    with conn.cursor() as cur:
        cur.execute(sql("bucket/forget_gone"), {"client_id": client.client_id, "keys": keys})
        cur.execute(
            sql("bucket/record_sightings"),
            {
                "client_id": client.client_id,
                "keys": keys,
                "sizes": [f.size for f in files],
                "versions": [f.etag or f.modified.isoformat() for f in files],
            },
        )
        return {key: _Seen(*rest) for key, *rest in cur.fetchall()}


def _states(conn: Connection, client: Client) -> dict[str, str]:
    with conn.cursor() as cur:
        cur.execute(sql("bucket/list_inbox"), {"client_id": client.client_id})
        return dict(cur.fetchall())


def _is_complete(storage: Storage, client: Client, sight: _Seen, marker: str | None) -> bool:
    if client.completion == "marker":
        return marker is not None
    # An object of a store appears whole; a file grows under its name.
    return not storage.is_local or marker is not None or sight.same_for >= STABLE_SECONDS


def _is_due(
    storage: Storage,
    file: StoredFile,
    sight: _Seen,
    files: list[StoredFile],
    states: dict[str, str],
) -> bool:
    """Whether a mapping is a drop of its own, and not one that the import of its file will take."""
    place, _, name = file.key.rpartition("/")
    for other in files:
        folder, _, other_name = other.key.rpartition("/")
        if other is not file and folder == place and name in sidecar_names(other_name):
            return states.get(other.key) == "awaiting_mapping"
    return sight.seen_for > ORPHAN_SECONDS or b"import_id" in storage.read_bytes(file.key)[:65536]


def odd_entries(storage: Storage, client: Client) -> Iterator[str]:
    """Links, pipes and devices in the inbox, which are never opened; the inbox itself if it leads
    out of the client's prefix."""
    if not storage.is_local:
        return
    inbox = Path(storage.path(client.inbox))
    if not leads_home(storage, client):
        yield client.inbox
        return
    for folder, _, names in os.walk(inbox, followlinks=False):
        for name in names:
            path = Path(folder) / name
            try:
                info = path.lstat()
            except FileNotFoundError:
                continue
            if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1:
                yield f"{client.inbox}/{path.relative_to(inbox).as_posix()}"


def leads_home(storage: Storage, client: Client) -> bool:
    """Whether the client's inbox, resolved, is where its name says."""
    if not storage.is_local:
        return True
    home = Path(storage.root).resolve() / client.inbox
    return Path(storage.path(client.inbox)).resolve() == home
