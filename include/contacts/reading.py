"""The child process that opens a client's file: gate, parse, hand the cells back as an Arrow file.

Run as ``python -m include.contacts.reading REQUEST.json``; it limits itself before anything else.
The result stands in ``result.json`` beside the request, the cells in ``cells.arrow``.
"""

import json
import resource
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from include.contacts.gates import Limits, check_file
from include.contacts.refusal import RefusalError, quarantined

_BATCH = 20_000
_MAX_WIDTH = 64


def main(request_path: str) -> int:
    """Answer one request; 0 read, 3 refused with a reason, 4 no memory left."""
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    _limit_self(request["memory_bytes"], request["cpu_seconds"])
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
    from include.contacts.cells import open_csv, open_workbook

    if kind == "csv":
        source = open_csv(path, request["encoding"], request["delimiter"])
    else:
        source = open_workbook(path, kind, request["sheet"])
    if source.width > _MAX_WIDTH:
        raise quarantined("too_many_columns", found=source.width, limit=_MAX_WIDTH)
    used, rows = _write_cells(source.rows, source.width, folder, request["max_rows"])
    if rows == 0:
        raise quarantined("empty_file")
    return {
        "format": source.format,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "other_sheets": source.other_sheets,
        "width": max(i for i, filled in enumerate(used, 1) if filled),
        "rows": rows,
    }


def _write_cells(rows: Any, width: int, folder: Path, max_rows: int) -> tuple[list[bool], int]:
    """The rows in batches; which columns hold anything, and how many rows there are.

    Columns are ``row``, ``extra`` (what stood beyond the last column) and ``c1``, ``c2``, …
    """
    import pyarrow as pa

    fields = [("row", pa.int32()), ("extra", pa.string())]
    schema = pa.schema(fields + [(f"c{i}", pa.string()) for i in range(1, width + 1)])
    used, count = [False] * width, 0
    with pa.OSFile(str(folder / "cells.arrow"), "wb") as sink, pa.ipc.new_file(sink, schema) as out:
        while part := list(islice(rows, _BATCH)):
            count += len(part)
            if count > max_rows + 1:
                raise quarantined("too_many_rows", limit=max_rows)
            numbers = pa.array([number for number, _ in part], pa.int32())
            extra = pa.array([_beyond(cells, width) for _, cells in part], pa.string())
            columns = [pa.array(c, pa.string()) for c in _columns(part, width)]
            used = [u or c.null_count < len(c) for u, c in zip(used, columns, strict=True)]
            out.write_batch(pa.record_batch([numbers, extra, *columns], schema=schema))
    return used, count


def _columns(part: list[Any], width: int) -> Any:
    padding = [None] * width
    fitted = [cells if len(cells) == width else (cells + padding)[:width] for _, cells in part]
    return zip(*fitted, strict=True)


def _beyond(cells: list[str | None], width: int) -> str | None:
    if len(cells) <= width:
        return None
    return " ".join(filter(None, cells[width:])) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
