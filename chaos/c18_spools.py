"""C18: spools cut short, an ingest killed at any point, files in any order."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import ncompress

from chaos.scale import Outcome, Scale
from chaos.world import World
from include.taxation.generate import spool_text
from include.taxation.ingest import ingest_paths
from tests.conftest import Database

#: `times` kills during an ingest of `messages` files; half as many orders, 2.5 times as many cuts.
FULL = Scale(times=20, messages=400, modems=1)
SHORT = Scale(times=3, messages=36, modems=1)
EACH = 50
CONTENT = """
    select md5(string_agg(t.row, ',' order by f.sha256, t.line_number))
    from (
      select file_id, line_number, (to_jsonb(d) - 'ticket_id' - 'file_id')::text as row from taxdata as d
    ) as t
    join spooled_file as f using (file_id)
"""
VIEW = """
    select count(*) || md5(string_agg(called_number, ',' order by file_sha256, line_number))
    from v_ticket
"""
TYPES = """
    select string_agg(attname || ' ' || format_type(atttypid, null), ',' order by attname)
    from pg_attribute where attrelid = 'taxdata'::regclass and attnum > 0 and not attisdropped
"""
FRESH = "truncate taxdata, duplicate_ticket; truncate rejected_ticket, spooled_file, spool_sighting cascade"


def run(world: World, scale: Scale) -> Outcome:
    """Cuts, kills, orders."""
    outcome, rng = Outcome(scale), random.Random(scale.seed)
    db = world.fleet.db
    _cut(world.folder / "cut", db, rng, outcome)
    files = _spools(world.folder / "spool", scale.messages)
    _kill(world.folder / "spool", db, rng, outcome)
    _orders(files, db, rng, outcome)
    return outcome


def _spools(folder: Path, count: int) -> list[Path]:
    """Consecutive files of both layouts; every fifth one repeats a ticket of the one before."""
    folder.mkdir()
    made, before = [], b""
    for number in range(count):
        name = "seed" if number % 2 else "ed5.2"
        lines = spool_text(name, EACH, number).splitlines(keepends=True)
        if number % 5 == 2 and before and len(before) == len(lines[-1]):
            lines[-1] = before
        before = lines[-1] if number % 5 == 0 else before
        letters = "".join(chr(65 + number // 26**power % 26) for power in (2, 1, 0))
        made.append(folder / f"TAXAA{letters}.DAT")
        made[-1].write_bytes(ncompress.compress(b"".join(lines)))
    return made


def _cut(folder: Path, db: Database, rng: random.Random, outcome: Outcome) -> None:
    folder.mkdir()
    count = round(outcome.scale.times * 2.5)
    for number in range(count):
        whole = ncompress.compress(spool_text("ed5.2", EACH, 10_000 + number))
        (folder / f"TAXCUT{number:02d}.DAT").write_bytes(whole[: rng.randrange(1, len(whole))])
    report = ingest_paths([folder], "cut")
    states = [file["state"] for file in report["files"]]
    reasons = sorted({file["reason"] or "none" for file in report["files"]})
    rows = db.one("select count(*) from taxdata")
    outcome.counted["cut"] = {"files": count, "rows": rows, "reasons": reasons}
    outcome.expect(states == ["quarantined"] * count, f"cut files are {set(states)}")
    outcome.expect(rows == 0, f"{rows} rows of cut files were loaded")
    outcome.expect("none" not in reasons, "a cut file has no reason")


def _kill(folder: Path, db: Database, rng: random.Random, outcome: Outcome) -> None:
    files, kills, after = outcome.scale.messages, 0, []
    for number in range(outcome.scale.times):
        wanted = number * files // outcome.scale.times
        kills += _killed_once(folder, db, wanted, rng.uniform(0, 0.3))
        loaded = db.one("select coalesce(sum(tickets), 0) from spooled_file where state = 'loaded'")
        there = db.one("select count(*) from taxdata")
        after.append(int(str(db.one("select count(*) from spooled_file where pbx = 'killed'"))))
        outcome.expect(loaded == there, f"{there} tickets of files that say {loaded}")
    ingest_paths([folder], "killed")
    rows = db.one("select count(*) from taxdata")
    told = db.one("select sum(tickets) from spooled_file")
    twice = db.one("select count(*) - count(distinct (file_id, line_number)) from taxdata")
    outcome.counted["killed"] = {"kills": kills, "files_after_each": after, "rows": rows}
    outcome.expect(kills > 0, "the ingest was never killed at work")
    outcome.expect(
        rows == told == files * EACH, f"{rows} tickets, {told} told, {files * EACH} written"
    )
    outcome.expect(twice == 0, f"{twice} tickets are there twice")


def _killed_once(folder: Path, db: Database, wanted: int, delay: float) -> int:
    """Start an ingest, kill it a moment after it has come so far; 0 if it was done before."""
    command = [
        sys.executable,
        "-m",
        "include.cli",
        "taxation",
        "ingest",
        str(folder),
        "--pbx",
        "killed",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _until(lambda: _come_so_far(db, wanted) or process.poll() is not None)
        time.sleep(delay)
        done = process.poll() is not None
        process.kill()
    _until(lambda: not _at_work(db))
    return 0 if done else 1


def _come_so_far(db: Database, wanted: int) -> bool:
    loaded = db.one("select count(*) from spooled_file where pbx = 'killed'")
    return _at_work(db) and int(str(loaded)) >= wanted


def _at_work(db: Database) -> bool:
    """Whether a session of ours is there; the server may go on for a while after its client's death."""
    return bool(
        db.one(
            "select exists (select from pg_stat_activity where datname = current_database()"
            " and application_name = 'smsswitch')"
        )
    )


def _until(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("nothing happened")
        time.sleep(0.005)


def _orders(files: list[Path], db: Database, rng: random.Random, outcome: Outcome) -> None:
    """The order of the files changes neither types nor rows; the first sum is that of the killed ingest."""
    sums = {_sums(db)}
    for number in range(max(2, outcome.scale.times // 2)):
        _forget(db)
        shuffled = rng.sample(files, len(files))
        cuts = sorted(rng.sample(range(len(files)), min(number, 3)))
        for first, last in zip([0, *cuts], [*cuts, len(files)], strict=True):
            ingest_paths(shuffled[first:last], "killed")
        sums.add(_sums(db))
    outcome.counted["orders"] = {"different_sums": len(sums), "doubles": _doubles(db)}
    outcome.expect(len(sums) == 1, f"{len(sums)} different tables from one set of files")
    outcome.expect(_doubles(db) > 0, "there was no ticket in two files to put in order")


def _sums(db: Database) -> tuple[str, str, str]:
    return str(db.one(CONTENT)), str(db.one(VIEW)), str(db.one(TYPES))


def _doubles(db: Database) -> int:
    return int(str(db.one("select count(*) from duplicate_ticket")))


def _forget(db: Database) -> None:
    """No ticket, no file, no column: as on the first day."""
    own = ("ticket_id", "file_id", "line_number", "content_digest", "ambiguous_time")
    there = {str(row[0]) for row in db.all(
        "select attname from pg_attribute where attrelid = 'taxdata'::regclass and attnum > 0"
        " and not attisdropped"
    )}  # fmt: skip
    drops = ", ".join(f'drop column "{name}"' for name in sorted(there - set(own)))
    with db.conn.cursor() as cur:
        for statement in FRESH.split("; "):
            cur.execute(statement)
        cur.execute("truncate ticket_layout cascade")
        cur.execute("select drop_ticket_views()")
        cur.execute(f"alter table taxdata {drops}")
        cur.execute("set role smsswitch_taxation; select create_ticket_views(); reset role")
