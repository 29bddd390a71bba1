"""P6: spool files into taxdata, against a bare COPY of the same rows pre-split, and against pandas."""

import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Event, Thread
from typing import Any

import ncompress
import pandas as pd
import sqlalchemy

from benchmarks.side_by_side import Side, database, in_turns, measured, ratio
from include.db import connect
from include.stack import postgres
from include.taxation.generate import layout, spool_text
from include.taxation.ingest import ingest_paths

TICKETS = 200_000
FILES = 400
PANDAS_TICKETS = 20_000
STORED = 1_000_000
ROUNDS = 3
COPY = "copy {} from stdin with (null '')"
FRESH = "truncate taxdata, duplicate_ticket; truncate rejected_ticket, spooled_file, spool_sighting cascade"


def measure() -> dict[str, Any]:
    """Each case in turns with its rivals; ratios of the medians."""
    with database("p6") as server, tempfile.TemporaryDirectory(prefix="smsswitch-p6-") as folder:
        one, many, plain = _spools(Path(folder))
        cases = {
            "one_file": _case(server, [one]),
            "one_file_not_compressed": _case(server, [plain]),
            "many_files": _case(server, many),
        }
        pandas = measured(server, lambda: _pandas(server.url, plain))["seconds"]
        _run(FRESH)
        ours = measured(server, lambda: ingest_paths([one], "siege"))["seconds"]
        return {
            "tickets": TICKETS,
            "files": FILES,
            **cases,
            "pandas": {
                "seconds": pandas,
                "tickets": PANDAS_TICKETS,
                "times_slower": round(pandas * TICKETS / PANDAS_TICKETS / ours, 1),
                "reach": 10,
            },
            "new_layouts": _new_layouts(server, Path(folder)),
        }


def _spools(folder: Path) -> tuple[Path, list[Path], Path]:
    text = spool_text("ed5.2", TICKETS, 1)
    one, plain = folder / "TAXAAAAA.DAT", folder / "plain.DAT"
    one.write_bytes(ncompress.compress(text))
    plain.write_bytes(text)
    head, *lines = text.splitlines(keepends=True)
    size = TICKETS // FILES
    many = []
    for number in range(FILES):
        many.append(
            folder / f"TAXBB{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}_{number:08X}.DAT"
        )
        part = lines[number * size : (number + 1) * size]
        many[-1].write_bytes(ncompress.compress(b"".join([head, *part])))
    return one, many, plain


def _case(server: postgres.Server, paths: list[Path]) -> dict[str, Any]:
    _run(FRESH)
    ingest_paths(paths, "siege")
    assert _one("select count(*) from taxdata") == TICKETS
    parts = _rows_by_file()
    for table, like in (("bare", "taxdata"), ("same", "taxdata including all")):
        _run(f"drop table if exists {table}; create table {table} (like {like})")
    sides: dict[str, Side] = {
        "ingest": (lambda: _run(FRESH), lambda: ingest_paths(paths, "siege")),
        "copy": (lambda: _run("truncate bare"), lambda: _copies("bare", parts)),
        "copy_with_keys": (lambda: _run("truncate same"), lambda: _copies("same", parts)),
    }
    found = in_turns(server, ROUNDS, sides)
    return {
        "rounds": found,
        "of_copy": ratio(found, "copy", "ingest"),
        "of_copy_with_keys": ratio(found, "copy_with_keys", "ingest"),
        "processor_of_copy": ratio(found, "copy", "ingest", "processor_seconds"),
        "reach": 0.65 if len(paths) == 1 else 0.4,
    }


def _rows_by_file() -> list[bytes]:
    """What COPY has to read to store the same rows, a text per file."""
    out = io.BytesIO()
    with connect(role=None) as conn, conn.cursor() as cur:
        cur.copy_expert(
            "copy (select * from taxdata order by ticket_id) to stdout with (null '')", out
        )
    lines = out.getvalue().splitlines(keepends=True)
    return [b"".join(part) for _, part in groupby(lines, key=lambda line: line.split(b"\t")[1])]


def _copies(table: str, parts: list[bytes]) -> None:
    with connect(role=None) as conn, conn.cursor() as cur:
        for part in parts:
            cur.copy_expert(COPY.format(table), io.BytesIO(part), size=1 << 20)
            conn.commit()


def _pandas(url: str, plain: Path) -> None:
    columns = layout("ed5.2").columns
    table = pd.read_fwf(
        plain,
        colspecs=[(c.first - 1, c.last) for c in columns],
        names=[c.key for c in columns],
        skiprows=1,
        nrows=PANDAS_TICKETS,
        encoding="cp1252",
    )
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    table.to_sql("by_pandas", engine, index=False)
    engine.dispose()


def _new_layouts(server: postgres.Server, folder: Path) -> dict[str, Any]:
    """What a file costs that brings a new layout while a million tickets are stored.

    ``locked`` is the longest that somebody who reads all the while had to wait.
    """
    names = "line_number, content_digest, ambiguous_time"
    fields = ", ".join(
        _column
        for _column in _all_columns()
        if _column not in ("ticket_id", "file_id", *names.split(", "))
    )
    _run(
        f"insert into taxdata (ticket_id, file_id, {names}, {fields}) "
        f"select (1000 + n) * 100000000::bigint + line_number, 1000 + n, line_number, "
        f"(left(content_digest::text, 8) || substr(gen_random_uuid()::text, 9))::uuid, "
        f"ambiguous_time, {fields} from taxdata cross join generate_series(2, {STORED // TICKETS}) as n"
    )
    _run("vacuum analyze taxdata; checkpoint")
    stored = _one("select count(*) from taxdata")
    found: dict[str, Any] = {"stored": stored}
    for name, text in (("every_column_wider", _wider(5)), ("numbers_become_text", _lettered())):
        path = folder / f"{name}.DAT"
        path.write_bytes(text)
        report: list[dict[str, Any]] = []
        with _reader() as waits:
            began = time.monotonic()
            _ingest(path, report)
            seconds = time.monotonic() - began
        assert report[0]["files"][0]["state"] == "loaded", report
        found[name] = {
            "seconds": round(seconds, 3),
            "locked": round(max(waits), 3),
            "reads": len(waits),
            "converted": len(report[0]["columns_converted"]),
        }
    return {**found, "reach": 2}


@contextmanager
def _reader() -> Iterator[list[float]]:
    """Reads a ticket again and again in a session of its own; gives how long each took."""
    over, waits = Event(), [0.0]

    def read() -> None:
        with connect(role=None, autocommit=True) as conn, conn.cursor() as cur:
            while not over.wait(0.002):
                began = time.monotonic()
                cur.execute("select ticket_id from v_ticket limit 1")
                waits.append(time.monotonic() - began)

    thread = Thread(target=read)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def _ingest(path: Path, report: list[dict[str, Any]]) -> None:
    report.append(ingest_paths([path], "siege"))


def _wider(by: int) -> bytes:
    """500 tickets in a layout whose every field is wider."""
    _, *records = spool_text("ed5.2", 500, 7).splitlines()
    columns, at, items = layout("ed5.2").columns, 1, []
    for column in columns:
        items.append(f"{column.name},{at},{at + column.width + by - 1},{column.type}")
        at += column.width + by
    cut = [
        b"".join(
            value.rjust(len(value) + by) if c.type == "R" else value.ljust(len(value) + by)
            for c in columns
            for value in [record[c.first - 1 : c.last]]
        )
        for record in records
    ]
    return b"\n".join([("#" + ",".join(items)).encode(), *cut]) + b"\n"


def _lettered() -> bytes:
    """The same tickets in a layout that calls every field text."""
    head, rest = spool_text("ed5.2", 500, 8).split(b"\n", 1)
    return head.replace(b",R", b",L") + b"\n" + rest


def _all_columns() -> list[str]:
    return str(
        _one(
            "select string_agg(quote_ident(attname), ',' order by attnum) from pg_attribute "
            "where attrelid = 'taxdata'::regclass and attnum > 0 and not attisdropped"
        )
    ).split(",")


def _run(statements: str) -> None:
    with connect(role=None, autocommit=True) as conn:
        for statement in statements.split("; "):
            conn.cursor().execute(statement)


def _one(query: str) -> Any:
    with connect(role=None) as conn, conn.cursor() as cur:
        cur.execute(query)
        row = cur.fetchone()
    return row[0] if row else None
