"""Every object of the three buckets, and the clients' logins, as one tar stream, for backup and restore.

``bucket_archive.py save`` writes it to standard output, ``load`` reads it from standard input and
replaces what has the same name.
"""

import io
import os
import sys
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

import fsspec

BUCKETS = ("SMSSWITCH_BUCKET_URL", "SMSSWITCH_SPOOL_URL", "SMSSWITCH_REPORTS_URL")
LOGINS = Path(os.environ["SMSSWITCH_BUCKET_LOGINS"])


def save() -> int:
    """Write the stream; how many objects it holds."""
    storage = fsspec.filesystem("s3")
    count = 0
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for name in BUCKETS:
            bucket = urlsplit(os.environ[name]).netloc
            for path, about in sorted(storage.find(bucket, detail=True).items()):
                content = storage.cat_file(path)
                member = tarfile.TarInfo(f"{name}/{path.removeprefix(bucket + '/')}")
                member.size, member.mtime = len(content), int(about["LastModified"].timestamp())
                tar.addfile(member, io.BytesIO(content))
                count += 1
        for file in sorted(LOGINS.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                tar.add(file, f"logins/{file.name}")
    return count


def load() -> int:
    """Read the stream; how many objects it held."""
    storage = fsspec.filesystem("s3")
    count = 0
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
        for member in tar:
            source = tar.extractfile(member)
            if source is None:
                continue
            where, key = member.name.split("/", 1)
            if where == "logins":
                _write_login(Path(key).name, source.read())
            else:
                storage.pipe_file(f"{urlsplit(os.environ[where]).netloc}/{key}", source.read())
                count += 1
    return count


def _write_login(name: str, content: bytes) -> None:
    fresh = LOGINS / f".{name}.new"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as out:
        out.write(content)
    fresh.replace(LOGINS / name)


if __name__ == "__main__":
    objects = {"save": save, "load": load}[sys.argv[1]]()
    sys.stderr.write(f"{objects} objects\n")
