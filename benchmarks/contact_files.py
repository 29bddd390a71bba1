"""Contact files as clients write them, their import in a process of its own, and its memory.

The numbers are in 07 0x to 07 2x, which no mobile in France has.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from include.db import connect
from include.settings import ROOT, settings
from include.storage import Storage

PREFIXES = "+3370 +3371 +3372"
HEADER = ("Téléphone", "Prénom", "Nom", "Ville", "Rendez-vous")
MAPPING = """\
version: 1
kind: contact-list
list: {name}
confirmed: true
columns:
  - {{column: 1, to: phone}}
  - {{column: 2, to: first_name}}
  - {{column: 3, to: last_name}}
  - {{column: 4, to: variable1}}
  - {{column: 5, to: variable2}}
"""
Spelling = Callable[[str], str]
_GOOD: tuple[Spelling, ...] = (
    lambda n: f"0{n}",
    lambda n: f"+33{n}",
    lambda n: f"0{n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:]}",
    lambda n: f"0{n[0]}.{n[1:3]}.{n[3:5]}.{n[5:7]}.{n[7:]}",
    lambda n: n,  # as Excel leaves it
    lambda n: f"0033{n}",
    lambda n: f"+33 (0){n[0]} {n[1:3]} {n[3:5]} {n[5:7]} {n[7:]}",
    lambda n: f"+33\u00a0{n}",
)
_BAD: tuple[Spelling, ...] = (
    lambda n: "",
    lambda n: f"0{n[:6]}",
    lambda n: f"voir fiche {n[4:]}",
    lambda n: f"01{n[1:]}",
    lambda n: f"+1 202 555 0{n[6:]}",
    lambda n: f"{n[0]}.{n[1:4]}E+08",
    lambda n: f"0{n} / 0{n[:4]}00000",
    lambda n: f"0{n}123",
    lambda n: f"06940{n[4:]}",  # Guadeloupe's and Guiana's neighbours: only the library can tell
)


def rows(count: int) -> Iterator[tuple[str, str, str, str, str]]:
    """``count`` rows in mixed spellings; one in ten is bad, by one of nine faults or as a double."""
    for i in range(count):
        number = f"7{i * 7919 % 30_000_000:08d}"
        if i % 10 == 7:
            fault = i // 10 % (len(_BAD) + 1)
            bad = fault < len(_BAD)
            phone = _BAD[fault](number) if bad else f"0{f'7{(i - 1) * 7919 % 30_000_000:08d}'}"
        else:
            phone = _GOOD[i % len(_GOOD)](number)
        yield (
            phone,
            f"Prénom{i % 5000}",
            f"Nom{i % 20000}",
            f"Ville {i % 900}",
            f"le {i % 28 + 1}/03",
        )


def write_csv(path: Path, count: int) -> None:
    """As Excel writes it in France, but in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(";".join(HEADER) + "\r\n")
        file.writelines(";".join(row) + "\r\n" for row in rows(count))


def prepare() -> None:
    """The client, and settings that let large files in."""
    os.environ |= {
        "SMSSWITCH_EXTRA_VALID_PREFIXES": PREFIXES,
        "SMSSWITCH_MAX_ROWS": str(10**9),
        "SMSSWITCH_MAX_FILE_BYTES": str(10**12),
    }
    with connect(role=None) as conn:
        conn.cursor().execute("insert into client (code, name) values ('acme', 'Acme')")


def forget() -> None:
    """No contacts and no uploads."""
    with connect(role=None, autocommit=True) as conn:
        for statement in (
            "truncate contact, remembered_mapping, drop_sighting cascade",
            "delete from contact_list",
            "delete from upload",
            "checkpoint",
        ):
            conn.cursor().execute(statement)


def drop(file: Path, *lists: str) -> None:
    """The file in the inbox with its mapping, once for each of these lists."""
    storage = Storage(settings().bucket_url)
    for name in lists:
        key = f"clients/acme/inbox/contacts/{name}{file.suffix}"
        storage.upload(key, file)
        storage.write_text(f"{key}.mapping.yaml", MAPPING.format(name=name))


def import_apart(suffix: str, *lists: str) -> dict[str, Any]:
    """Import what was dropped, in one new process; its outcomes, and the most memory that it and
    its children held together, in MiB."""
    command = [sys.executable, "-m", "benchmarks.one_import", suffix, *lists]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        peak = _watch(process.pid, process)
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"the import ended with {process.returncode}")
    outcome = {"imports": json.loads(said), "peak_mib": peak >> 20}
    print(json.dumps(outcome), file=sys.stderr, flush=True)
    return outcome


def _watch(main: int, process: "subprocess.Popen[str]") -> int:
    peak = 0
    while process.poll() is None:
        peak = max(peak, _resident(main))
        time.sleep(0.05)
    return peak


def _resident(pid: int) -> int:
    """Bytes of a process and of all that it started; whatever has just ended counts nothing."""
    with suppress(OSError):
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return own + sum(_resident(int(child)) for task in tasks for child in _children(task))
    return 0


def _children(task: Path) -> list[str]:
    with suppress(OSError):
        return task.read_text().split()
    return []
