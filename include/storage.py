"""Files behind a URL: ``file:///…`` on one machine, ``s3://…`` in production, one code path.

Keys are relative, with ``/`` between their parts. Nothing outside the URL can be reached, and on a
file system symbolic links, hard links, pipes and devices are never opened nor listed.
"""

import errno
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote

import fsspec

from include.errors import ConfigurationError, InputError

_DIGESTED = 256 * 1024 * 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """One file as a listing shows it; ``modified`` is in UTC."""

    key: str
    size: int
    modified: datetime
    etag: str | None = None


def local_path(url: str) -> Path:
    """The folder that a ``file:`` address names; ``%20`` in it is a blank, as everywhere in addresses."""
    return Path(unquote(url.removeprefix("file:").removeprefix("//"))).absolute()


class Storage:
    """The files under one URL. Writes are atomic: a reader sees the old bytes or the new ones."""

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url.rstrip("/")
        if self.url.startswith("file:"):
            self.fs, self.root = fsspec.filesystem("file"), str(local_path(self.url))
            return
        # What others put there meanwhile is to be seen.
        options = {"use_listings_cache": False, **options}
        try:
            self.fs, root = fsspec.core.url_to_fs(self.url, **options)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"{self.url} cannot be used: {error}") from error
        self.root = root.rstrip("/")

    @cached_property
    def is_local(self) -> bool:
        """Whether the files lie on this machine's file system."""
        return "file" in (
            [self.fs.protocol] if isinstance(self.fs.protocol, str) else self.fs.protocol
        )

    def path(self, key: str) -> str:
        """The full path of a key; refuses a key that would lead outside."""
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\x00" in key or "\\" in key:
            raise InputError("bad_file_name", f"{key!r} is not a name inside {self.url}")
        return f"{self.root}/{'/'.join(parts)}"

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """Every regular file under ``prefix``, in key order."""
        if self.is_local:
            yield from sorted(self._list_local(prefix), key=lambda file: file.key)
            return
        base = self.path(prefix) if prefix else self.root
        found = self.fs.find(base, detail=True, refresh=True)
        for path, info in sorted(found.items()):
            if path.endswith("/"):  # how programs mark a folder where there are none
                continue
            modified = info.get("LastModified") or datetime.fromtimestamp(0, UTC)
            yield StoredFile(path[len(self.root) + 1 :], info["size"], modified, info.get("ETag"))

    def _list_local(self, prefix: str) -> Iterator[StoredFile]:
        root = Path(self.root)
        base = Path(self.path(prefix)) if prefix else root
        if not base.resolve().is_relative_to(root.resolve()):
            return
        for folder, _folders, names in os.walk(base, followlinks=False):
            for name in names:
                path = Path(folder) / name
                try:
                    info = path.lstat()
                except FileNotFoundError:  # taken away between listing and asking
                    continue
                if stat.S_ISREG(info.st_mode) and info.st_nlink == 1:
                    modified = datetime.fromtimestamp(info.st_mtime, UTC)
                    yield StoredFile(path.relative_to(root).as_posix(), info.st_size, modified)

    def folders(self, prefix: str = "") -> Sequence[str]:
        """The names of the folders right below ``prefix``, in order; nothing below them is looked at."""
        base = self.path(prefix) if prefix else self.root
        try:
            if self.is_local:
                with os.scandir(base) as entries:
                    return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
            found = self.fs.ls(base, detail=True, refresh=True)
        except FileNotFoundError:
            return []
        names = (
            i["name"].rstrip("/").rpartition("/")[2] for i in found if i["type"] == "directory"
        )
        return sorted(names)

    def exists(self, key: str) -> bool:
        """Whether there is a file of that key."""
        return bool(self.fs.isfile(self.path(key)))

    def read_bytes(self, key: str) -> bytes:
        """The whole file. ``FileNotFoundError`` if there is none."""
        if self.is_local:
            return self._read_local(self.path(key))
        return bytes(self.fs.cat_file(self.path(key)))

    def read_known(self, key: str, size: int, sha256: str) -> bytes:
        """The whole file of that content. ``FileNotFoundError`` if it is gone, or another is there."""
        path = self.path(key)
        opened: Any = self._open_local(path) if self.is_local else self.fs.open(path)
        with opened as file:
            data = bytes(file.read(size + 1))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise FileNotFoundError(f"{key} is another file now")
        return data

    def digest(self, key: str) -> str:
        """The sha256 of a file in hexadecimal, without holding the file in memory.

        Of a file of more than 256 MiB, which costs nothing to make, only the beginning is read.
        """
        path, digest, left = self.path(key), hashlib.sha256(), _DIGESTED
        opened: Any = self._open_local(path) if self.is_local else self.fs.open(path)
        with opened as file:
            while left > 0 and (data := file.read(min(_PIECE, left))):
                digest.update(data)
                left -= len(data)
        return digest.hexdigest()

    def download(self, key: str, path: Path) -> str:
        """Copy a file to this machine, piece by piece; its sha256 in hexadecimal."""
        digest = hashlib.sha256()
        there = self.path(key)
        opened: Any = self._open_local(there) if self.is_local else self.fs.open(there)
        with opened as file, path.open("wb") as copy:
            while data := file.read(_PIECE):
                digest.update(data)
                copy.write(data)
        return digest.hexdigest()

    def _read_local(self, path: str) -> bytes:
        with self._open_local(path) as file:
            return file.read()

    def _open_local(self, path: str) -> BinaryIO:
        # O_NOFOLLOW and the checks on the open descriptor: what was listed may have been swapped.
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):  # where no file can be
                raise FileNotFoundError(errno.ENOENT, "there is no such file", path) from None
            raise
        info = os.fstat(descriptor)
        inside = Path(path).resolve().is_relative_to(Path(self.root).resolve())
        if not stat.S_ISREG(info.st_mode) or info.st_nlink != 1 or not inside:
            os.close(descriptor)
            raise InputError("not_a_plain_file", f"{path} is a link or a device, not a file")
        return os.fdopen(descriptor, "rb")

    def write_bytes(self, key: str, data: bytes) -> None:
        """Write the whole file, replacing an older one in one step."""
        path = self.path(key)
        if not self.is_local:
            self.fs.pipe_file(path, data)
            return
        with self._replacing(key) as part:
            part.write_bytes(data)

    @contextmanager
    def _replacing(self, key: str) -> Iterator[Path]:
        """A path to write to, which takes the place of the file of that key once it is whole."""
        target = self._target(self.path(key))
        part = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.part")
        try:
            yield part
            part.replace(target)
        except BaseException:  # a full disk, mostly
            part.unlink(missing_ok=True)
            raise

    def upload(self, key: str, path: Path) -> None:
        """Write the whole of a file of this machine, as `write_bytes` does."""
        if not self.is_local:
            self.fs.put_file(str(path), self.path(key))
            return
        with self._replacing(key) as part:
            shutil.copyfile(path, part)

    def _target(self, path: str) -> Path:
        """Where to write; a link among the folders above would lead into somebody else's."""
        folder, root = Path(path).parent, Path(self.root)
        if folder.resolve() != root.resolve() / folder.relative_to(root):
            raise InputError("not_a_plain_file", f"{folder} is a link, not a folder")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(path)

    def write_text(self, key: str, text: str) -> None:
        """Write a text as UTF-8."""
        self.write_bytes(key, text.encode())

    def make_folder(self, key: str) -> None:
        """A folder that people find there while it is empty; in a store, the usual mark of one."""
        if self.is_local:
            self._target(f"{self.path(key)}/any").parent.mkdir(exist_ok=True)
        else:
            self.fs.pipe_file(f"{self.path(key)}/", b"")

    def move(self, key: str, to: str) -> None:
        """Move a file within the storage, replacing what is there."""
        if self.is_local:
            Path(self.path(key)).replace(self._target(self.path(to)))
        else:
            self.fs.mv(self.path(key), self.path(to))

    def delete(self, key: str) -> None:
        """Remove a file; nothing happens if there is none."""
        if self.exists(key):
            self.fs.rm_file(self.path(key))
