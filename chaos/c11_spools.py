"""The taxation side of C11: mutated spools through the same call that `smsswitch taxation ingest` makes."""

import random
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path

import ncompress

from chaos.mutations import some_bytes
from chaos.scale import Outcome
from include.taxation.generate import spool_text
from include.taxation.ingest import ingest_paths

AT_ONCE = 50
MOST_KIB = 512 * 1024
MOST_SECONDS = 60.0
_STATES = ("loaded", "quarantined", "duplicate", "waiting")
_OURS = ("Traceback", 'File "', "psycopg2", "Error(")


def spools(folder: Path, rng: random.Random, outcome: Outcome) -> None:
    """`times` mutated spools of two layouts, packed and plain; each has a state and a reason."""
    bases = [spool_text("seed", 12, 1), spool_text("ed5.2", 12, 2)]
    seen: Counter[str] = Counter()
    longest = 0.0
    # What the process took before is not the spools' doing: the tests of a whole session share one.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for first in range(0, outcome.scale.times, AT_ONCE):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            count = min(AT_ONCE, outcome.scale.times - first)
            for n in range(count):
                (Path(name) / f"TAX{first + n:06d}.DAT").write_bytes(_spool(rng, bases))
            began = time.monotonic()
            _ingest(Path(name), seen, outcome)
            longest = max(longest, (time.monotonic() - began) / count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome.counted["spools"] = {
        "files": outcome.scale.times,
        "outcomes": dict(seen.most_common()),
        "worker_most_mib": round(peak / 1024),
        "longest_seconds_a_file": round(longest, 2),
    }
    outcome.expect(sum(seen.values()) == outcome.scale.times, "files without a state")
    outcome.expect(
        peak < max(MOST_KIB, before + MOST_KIB // 4), f"the worker took {peak // 1024} MiB"
    )
    outcome.expect(longest < MOST_SECONDS, f"a file took {longest:.0f} s")


def _spool(rng: random.Random, bases: list[bytes]) -> bytes:
    base = rng.choice(bases)
    if rng.random() < 0.5:
        return bytes(ncompress.compress(some_bytes(rng, base)))
    return some_bytes(rng, ncompress.compress(base) if rng.random() < 0.5 else base)


def _ingest(folder: Path, seen: Counter[str], outcome: Outcome) -> None:
    try:
        report = ingest_paths([folder], "siege")
    except Exception as error:  # noqa: BLE001 (a worker that dies of it is what is looked for)
        outcome.expect(False, f"the worker died of {error!r}")
        return
    for file in report["files"]:
        seen[file["reason"] or file["state"]] += 1
        outcome.expect(file["state"] in _STATES, f"{file['name']} is {file['state']}")
        shown = [word for word in _OURS if word in str(file)]
        outcome.expect(not shown, f"{file['name']} shows {shown}: {file}")
