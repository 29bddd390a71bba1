"""Reading files by the product's own child, forked from one that has imported everything already."""

import contextlib
import faulthandler
import importlib
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from include.contacts.sandbox import Budget
from include.settings import settings

#: Ends that the product tells the client as "could not be read" or "too much for a parser".
_TOLD = {0, 3, 4}
WAIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Read:
    """How one file's child ended: its status (negative: a signal), time, memory, last words."""

    status: int
    code: str
    seconds: float
    kib: int
    said: str

    @property
    def outcome(self) -> str:
        """In a word: read, the code of the refusal, or how the child died."""
        return self.code or ("read" if self.status == 0 else f"status {self.status}")

    @property
    def died(self) -> bool:
        """Whether a limit or a fault of a parser ended the child, which the product outlives."""
        return self.status < 0 or self.status == 4

    @property
    def unexplained(self) -> bool:
        """Whether the child ended in a way for which the product blames itself."""
        return self.status > 0 and self.status not in _TOLD


class Reader:
    """Children that each read one file, in a folder of their own."""

    def __init__(self) -> None:
        from include.contacts import cells, pieces, reading

        del cells, pieces
        # Imported here, so that no child has to; pyarrow brings pandas in at the first array.
        for name in ("pandas", "pyarrow.compute", "python_calamine"):
            importlib.import_module(name)

        self._main = reading.main
        self._folder = tempfile.TemporaryDirectory(prefix="smsswitch-c11-")

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def read(self, data: bytes, name: str) -> Read:
        """Gate and parse the bytes as a file of that name."""
        folder = Path(self._folder.name)
        result = folder / "result.json"
        result.unlink(missing_ok=True)
        (folder / "drop").write_bytes(data)
        request = {
            "path": str(folder / "drop"),
            "name": name,
            "max_bytes": settings().max_file_bytes,
            "max_rows": settings().max_rows,
            "memory_bytes": Budget().memory_bytes,
            "cpu_seconds": Budget().cpu_seconds,
            "sheet": None,
            "encoding": None,
            "delimiter": None,
        }
        (folder / "request.json").write_text(json.dumps(request))
        began = time.monotonic()
        status, usage = self._fork(folder)
        document = json.loads(result.read_text()) if result.exists() else {}
        code = document.get("refusal", {}).get("code", "")
        said = (folder / "said").read_text(errors="replace")
        kib = max(usage.ru_maxrss if status < 0 else 0, document.get("peak_kib", 0))
        return Read(status, code, time.monotonic() - began, kib, said)

    def _fork(self, folder: Path) -> tuple[int, "resource.struct_rusage"]:
        child = os.fork()
        if child == 0:
            os._exit(self._in_child(folder))
        opened = os.pidfd_open(child)
        try:
            if not select.select([opened], [], [], WAIT_SECONDS)[0]:
                os.kill(child, signal.SIGKILL)
        finally:
            os.close(opened)
        _, status, usage = os.wait4(child, 0)
        return os.waitstatus_to_exitcode(status), usage

    def _in_child(self, folder: Path) -> int:
        faulthandler.disable()  # a parser that aborts is what is looked for
        try:
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew here
            said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(said, 2)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            return self._main(str(folder / "request.json"))
        except BaseException as error:  # noqa: BLE001 (a fork must not go on as its parent)
            print(repr(error), file=sys.stderr, flush=True)
            return 1
