"""Where spool files come from: paths that a person names, and one folder per PBX in the spool.

The untouched bytes of every file that was looked at are kept in the spool itself, under
``.raw/<pbx>/<sha256>``, whatever became of it: there they can be parsed again by newer code, and the
PBX may take its own copy away.
"""

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from include.errors import InputError
from include.storage import Storage
from include.taxation.pbx import CODE

INDEX = "account.lis"
BEING_WRITTEN = "tax.tmp"
RAW = ".raw"
MAX_FILE_BYTES = 200 * 1024 * 1024
_SPOOL_NAME = re.compile(r"TAX[A-Z]{5}(?:_[0-9A-F]{8})?\.DAT", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A spool file before it is read; ``name`` is its name on the PBX."""

    storage: Storage
    key: str
    size: int
    modified: datetime

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.key.rsplit("/", 1)[-1]

    def read(self) -> bytes:
        """Its bytes as they are."""
        return self.storage.read_bytes(self.key)


def named_files(paths: list[Path]) -> list[Source]:
    """The files that ``paths`` name: files as they are, folders by their spool files.

    Raises ``InputError`` for a path that is neither.
    """
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            storage = Storage(path.absolute().as_uri())
            found += spool_files(storage, "")
        elif path.is_file():
            stat = path.stat()
            storage = Storage(path.absolute().parent.as_uri())
            modified = datetime.fromtimestamp(stat.st_mtime, UTC)
            if path.name.lower() != BEING_WRITTEN:
                found.append(Source(storage, path.name, stat.st_size, modified))
        else:
            raise InputError(
                "no_such_file",
                f"{os.fspath(path)} does not exist",
                f"{os.fspath(path)} n'existe pas",
            )
    return found


def spool_files(storage: Storage, folder: str) -> list[Source]:
    """The finished spool files of a folder, oldest first.

    ``tax.tmp`` is being written and is never opened. Where ``ACCOUNT.LIS`` names spool files, only
    those are finished; one that it does not name yet waits.
    """
    files = [
        Source(storage, stored.key, stored.size, stored.modified)
        for stored in storage.list(folder)
        if _parent(stored.key) == folder
    ]
    index = next((file for file in files if file.name.lower() == INDEX), None)
    listed = _listed(index.read()) if index else set()
    return [
        file
        for file in sorted(files, key=lambda each: each.name)
        if _is_spool(file.name) and (not listed or file.name.upper() in listed)
    ]


def folders(storage: Storage) -> list[str]:
    """The PBX codes that have a folder in the spool."""
    try:
        found = storage.fs.ls(storage.root, detail=True, refresh=True)
    except FileNotFoundError:
        return []
    names = (
        each["name"].rstrip("/").rsplit("/", 1)[-1] for each in found if each["type"] != "file"
    )
    return sorted(name for name in names if CODE.fullmatch(name))


def raw_key(pbx: str, sha256: str) -> str:
    """Where the untouched bytes of a file are kept, relative to the spool."""
    return f"{RAW}/{pbx}/{sha256}"


def _parent(key: str) -> str:
    return key.rpartition("/")[0]


def _is_spool(name: str) -> bool:
    lower = name.lower()
    return not (
        lower in (INDEX, BEING_WRITTEN)
        or name.startswith((".", "~"))
        or lower.endswith((".part", ".filepart", ".tmp"))
    )


def _listed(index: bytes) -> set[str]:
    text = index.decode("latin-1")
    return {match.group().upper() for match in _SPOOL_NAME.finditer(text)}
