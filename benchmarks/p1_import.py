"""P1: a CSV of a million contacts, against a bare COPY, the seed's row inserts, and pandas.

Beside it, with no figure asked: the last two made to do the same job (``same_job``).
``P1_ROWS``, ``P1_SEED_ROWS`` for fewer; ``P1_ROUNDS``; ``P1_LARGE=0``: no file of three times the rows.
"""

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy

from benchmarks import contact_files, same_job
from benchmarks.side_by_side import Figures, Side, database, in_turns, ratio
from include.db import connect
from include.stack import postgres

ROWS = int(os.environ.get("P1_ROWS", "1000000"))
ROUNDS = int(os.environ.get("P1_ROUNDS", "3"))
LARGE = os.environ.get("P1_LARGE", "1") == "1"
SEED_ROWS = int(os.environ.get("P1_SEED_ROWS", "20000"))
PANDAS_ROWS = min(100_000, ROWS)
COLUMNS = ", ".join(f"c{i} text" for i in range(1, 6))


def measure() -> dict[str, Any]:
    """Ratios of the medians of rounds in turns; every import is counted."""
    with database("p1") as server, tempfile.TemporaryDirectory(prefix="smsswitch-p1-") as folder:
        contact_files.prepare()
        file = Path(folder) / "big.csv"
        contact_files.write_csv(file, ROWS)
        with connect(role=None) as conn:
            conn.cursor().execute(f"create unlogged table bare ({COLUMNS})")
            conn.cursor().execute(f"create table seed ({COLUMNS})")
        imports: list[dict[str, Any]] = []
        sides: dict[str, Side] = {
            "copy": (_empty, lambda: _copy(file)),
            "import": (
                lambda: _ready(file),
                lambda: imports.append(contact_files.import_apart(file.suffix, "big")),
            ),
        }
        found = in_turns(server, ROUNDS, sides)
        done = [entry["imports"][0] for entry in imports]
        found["import"]["own_seconds"] = [one["seconds"] for one in done]
        _check(done)
        return {
            "rows": ROWS,
            "counts": done[0]["counts"],
            "steps": done[-1]["steps"],
            "rounds": found,
            **_against_copy(found),
            **_peers(server, file, statistics.median(found["import"]["own_seconds"])),
            "peak_mib": [entry["peak_mib"] for entry in imports],
            "large": _large(Path(folder)) if LARGE else None,
            "reach": {"of_copy": 15, "seed": 50, "pandas": 5, "peak_mib": 512},
        }


def _against_copy(found: dict[str, Any]) -> dict[str, float]:
    copy = statistics.median(found["copy"]["seconds"])
    return {
        "of_copy": round(statistics.median(found["import"]["own_seconds"]) / copy, 1),
        "of_copy_with_start_of_python": ratio(found, "import", "copy"),
        "processor_of_copy": ratio(found, "import", "copy", "processor_seconds"),
    }


def _empty() -> None:
    with connect(role=None, autocommit=True) as conn:
        conn.cursor().execute("truncate bare")
        conn.cursor().execute("checkpoint")


def _copy(file: Path) -> None:
    with connect(role=None) as conn, conn.cursor() as cur, file.open("rb") as data:
        cur.copy_expert(
            "copy bare from stdin (format csv, delimiter ';', header)", data, size=1 << 20
        )


def _ready(file: Path) -> None:
    contact_files.forget()
    contact_files.drop(file, "big")


def _check(done: list[dict[str, Any]]) -> None:
    for one in done:
        counts = one["counts"]
        assert one["state"] == "loaded", one
        assert counts["rows"] == ROWS == counts["loaded"] + counts["rejected"], one
        assert counts["loaded"] == done[0]["counts"]["loaded"], one


def _peers(server: postgres.Server, file: Path, ours: float) -> dict[str, Any]:
    sides: dict[str, Side] = {
        "seed": (lambda: None, _row_inserts),
        "pandas": (lambda: None, lambda: _pandas(server.url, file)),
    }
    asked = _slower_ones(server, sides, ours)
    same = same_job.sides(server.url, file, SEED_ROWS, PANDAS_ROWS)
    return {**asked, "same_job": _slower_ones(server, same, ours)}


def _slower_ones(server: postgres.Server, sides: dict[str, Side], ours: float) -> dict[str, Any]:
    found = in_turns(server, 1, sides)
    rows = {"seed": SEED_ROWS, "pandas": PANDAS_ROWS}
    return {name: _slower(figures, rows[name], ours) for name, figures in found.items()}


def _slower(figures: Figures, rows: int, ours: float) -> dict[str, Any]:
    taken = figures["seconds"][0]
    return {"rows": rows, **figures, "times_slower": round(taken * ROWS / rows / ours, 1)}


def _row_inserts() -> None:
    """The seed's way, its worst habits left out: one statement a row, each its own transaction."""
    with connect(role=None, autocommit=True) as conn, conn.cursor() as cur:
        for row in contact_files.rows(SEED_ROWS):
            cur.execute("insert into seed values (%s, %s, %s, %s, %s)", row)


def _pandas(url: str, file: Path) -> None:
    table = pd.read_csv(file, sep=";", dtype=str, nrows=PANDAS_ROWS)
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    table.to_sql("by_pandas", engine, index=False, chunksize=10_000)
    engine.dispose()


def _large(folder: Path) -> dict[str, Any]:
    file = folder / "large.csv"
    contact_files.write_csv(file, 3 * ROWS)
    contact_files.forget()
    contact_files.drop(file, "large")
    done = contact_files.import_apart(file.suffix, "large")
    assert done["imports"][0]["state"] == "loaded", done
    return {"rows": 3 * ROWS, "peak_mib": done["peak_mib"], **done["imports"][0]}
