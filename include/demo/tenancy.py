"""One demo at a time on a stack, which belongs to the demo only if the demo started it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from include.errors import SmsswitchError
from include.settings import var_dir
from include.stack import supervisor


class TenancyError(SmsswitchError):
    """Somebody else is at work here."""


@contextmanager
def alone() -> Iterator[None]:
    """Refuse to run beside another demo on the same stack, whose data it would wipe."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # let go by the kernel even if we are killed
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TenancyError("another demo is at work here: let it end first") from error
        yield


def is_guest() -> bool:
    """Whether the stack is up and was not started by a demo, be it one that was killed."""
    return supervisor.is_up() and not left_over()


def left_over() -> bool:
    """Whether the processes that are up are those of a demo that was killed."""
    with suppress(OSError):
        return _claim().read_bytes() == supervisor.Files.here().processes.read_bytes()
    return False


def claim() -> None:
    """Write down that the processes that are up now are the demo's."""
    _folder().mkdir(parents=True, exist_ok=True)
    shutil.copyfile(supervisor.Files.here().processes, _claim())


def _claim() -> Path:
    return _folder() / "stack-processes.json"


def _folder() -> Path:
    return var_dir() / "demo"
