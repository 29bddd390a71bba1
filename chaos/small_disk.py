"""A file system of its own, in a file, that can be filled to its last byte and emptied again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BYTES = 6 * 1024**3  # sparse: the file takes what is really written
_STEP = 64 * 1024**2


@contextmanager
def mounted(at: Path) -> Iterator[str | None]:
    """Mount one at a folder for as long as the context lasts.

    Yields None, or why there is none: only root may mount, and not in every container. The folder
    is then an ordinary one.
    """
    at.mkdir(parents=True, exist_ok=True)
    image = at.with_name(f"{at.name}.img")
    with image.open("wb") as file:
        file.truncate(BYTES)
    reason = _run("mkfs.ext4", "-q", "-m", "0", str(image))
    reason = reason or _run("mount", "-o", "loop", str(image), str(at))
    try:
        yield reason
    finally:
        if reason is None:
            _run("umount", "--lazy", str(at))
        image.unlink()


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no room in a folder's file system for as long as the context lasts."""
    filler = folder / "filler"
    try:
        with filler.open("wb") as file:
            size, step = 0, _STEP
            while step:
                try:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
                except OSError:
                    step //= 2
        yield
    finally:
        with suppress(FileNotFoundError):
            filler.unlink()


def _run(*command: str) -> str | None:
    """What went wrong, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error}"
    return f"{command[0]}: {done.stderr.strip()[:200]}" if done.returncode else None
