"""The child process that opens a client's file: gate, parse, hand the cells back as an Arrow file.

Run as ``python -m include.contacts.reading MEMORY_BYTES CPU_SECONDS EXTENSION``; it limits itself
before anything else, then waits for the path of its request on standard input. The result stands in
``result.json`` beside the request, the cells in ``cells.arrow``.
"""

import _thread
import gc
import importlib
import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.contacts.gates import Limits, check_file
from include.contacts.refusal import RefusalError, quarantined

_MAX_WIDTH = 64


class _WithoutPandas:
    """Arrow imports pandas where it can, which takes as long as to read a hundred thousand rows."""

    def find_spec(self, name: str, *_: object) -> None:
        """Nothing, nor by the next finder, if it is pandas."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def wait(memory: int, cpu: int, kind: str) -> int:
    """Be limited and ready, then answer the one request that comes; 0 if none does."""
    _limit_self(memory, cpu)
    try:
        if kind == "csv":  # a workbook's parser leaves time for it
            _import_libraries()
    except MemoryError:
        return 4
    request_path = os.fsdecode(sys.stdin.buffer.read())
    return main(request_path) if request_path else 0


def main(request_path: str) -> int:
    """Answer one request; 0 read, 3 refused with a reason, 4 no memory left."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    _limit_self(request["memory_bytes"], request["cpu_seconds"])
    gc.disable()  # cells are in no cycles, and to look for some takes a third of the time
    folder = Path(request_path).parent
    try:
        result, status = _read(request, folder), 0
    except RefusalError as refusal:
        result, status = {"refusal": refusal.document()}, 3
    except MemoryError:
        return 4
    result["peak_kib"] = _peak_kib()
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return status


def _peak_kib() -> int:
    """The most memory that was resident; ru_maxrss would count the parent's before the exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split()[0])


def _limit_self(memory: int, cpu: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    path = Path(request["path"])
    kind = check_file(path, request["name"], Limits(request["max_bytes"], request["max_rows"]))
    try:
        return _parse(path, kind, request, folder)
    except (RefusalError, MemoryError, ImportError):
        raise
    # A parser written in Rust raises its panics past Exception; the file is to blame, not we.
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        raise quarantined("unreadable_workbook" if kind != "csv" else "unreadable_text") from error


def _parse(path: Path, kind: str, request: dict[str, Any], folder: Path) -> dict[str, Any]:
    if kind == "csv":
        from include.contacts.delimited import open_csv

        source = open_csv(path, request["encoding"], request["delimiter"])
    else:
        source = _open_workbook(path, kind, request["sheet"])
    if source.width > _MAX_WIDTH:
        raise quarantined("too_many_columns", found=source.width, limit=_MAX_WIDTH)
    last_filled, rows = _write_cells(source, folder, request["max_rows"])
    if rows == 0:
        raise quarantined("empty_file")
    width = max(i for i, row in enumerate(last_filled, 1) if row)
    return {
        "format": source.format,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "other_sheets": source.other_sheets,
        "width": width,
        "rows": rows,
        "last_filled": last_filled[:width],
    }


def _open_workbook(path: Path, kind: str, sheet: str | int | None) -> Any:
    from include.contacts.sheets import open_sheet

    # The parser needs none of them, and no lock of Python's. Nobody waits for that thread: one that
    # finds no memory to begin with never says so.
    with suppress(RuntimeError):
        _thread.start_new_thread(_try_to_import, ())
    opened = open_sheet(path, sheet)
    try:
        _import_libraries()
    except ImportError as error:  # there was no room beside what is read
        raise MemoryError from error
    from include.contacts.cells import source_of

    return source_of(opened, kind)


def _try_to_import() -> None:
    with suppress(BaseException):  # whoever needs them meets the same fault
        _import_libraries()


def _import_libraries() -> None:
    """What turns cells into columns; a second caller waits for the first."""
    if not any(isinstance(finder, _WithoutPandas) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WithoutPandas())
    for name in ("cells", "delimited"):
        importlib.import_module(f"include.contacts.{name}")


def _write_cells(source: Any, folder: Path, max_rows: int) -> tuple[list[int], int]:
    """The pieces into one file; the last row in which each column holds anything, and the rows."""
    import pyarrow as pa

    from include.contacts.pieces import schema

    columns = schema(source.width)
    last_filled, count = [0] * source.width, 0
    with (
        pa.OSFile(str(folder / "cells.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, columns) as out,
    ):
        for piece in source.pieces:
            count += piece.num_rows
            if count > max_rows + 1:
                raise quarantined("too_many_rows", limit=max_rows)
            for index, column in enumerate(piece.columns[2:]):
                filled = (
                    piece["row"].filter(column.is_valid()) if column.null_count else piece["row"]
                )
                last_filled[index] = filled[-1].as_py() if len(filled) else last_filled[index]
            out.write_batch(piece)
    return last_filled, count


if __name__ == "__main__":
    status = wait(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    sys.stderr.flush()
    os._exit(status)  # to give back a million cells one by one would take as long as to write them
