"""P9: how long a newcomer waits. A fresh clone, no package cache, `make demo`, then `make test`."""

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from include.settings import ROOT

FIRST_USEFUL = " is loaded: "  # the first contact file that somebody can read a receipt of
_TESTS = re.compile(r"\d+ passed.* in [\d.]+s")


def measure() -> dict[str, Any]:
    """Seconds of each phase, as a person with a clock would note them; ``P9_PARTS=demo`` for one part."""
    parts = os.environ.get("P9_PARTS", "demo test").split()
    with tempfile.TemporaryDirectory(prefix="smsswitch-p9-") as folder:
        clone = Path(folder) / "smsswitch"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        env = {
            k: v for k, v in os.environ.items() if not k.startswith(("SMSSWITCH_", "VIRTUAL_ENV"))
        }
        env |= {"UV_CACHE_DIR": f"{folder}/uv-cache", "PIP_NO_CACHE_DIR": "1"}
        result: dict[str, Any] = {}
        if "demo" in parts:
            result |= _demo(clone, env)
        if "test" in parts:
            tests = _timed(["make", "test"], clone, env, lambda line: bool(_TESTS.search(line)))
            result |= {"test_seconds": tests["total"], "tests": tests["line"].strip(" =\n")}
    return result


def _demo(clone: Path, env: dict[str, str]) -> dict[str, Any]:
    demo = _timed(["make", "demo"], clone, env, lambda line: FIRST_USEFUL in line)
    summary = json.loads((clone / "var" / "demo" / "summary.json").read_text())
    return {
        "demo_first_useful_seconds": demo["first"],
        "demo_first_useful": demo["line"].strip(),
        "demo_seconds": demo["total"],
        "demo_steps": summary["seconds"],
    }


def _timed(
    command: list[str], folder: Path, env: dict[str, str], useful: Callable[[str], bool]
) -> dict[str, Any]:
    began = time.monotonic()
    first, matched, lines = None, "", []
    with subprocess.Popen(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if useful(line) and first is None:
                first, matched = round(time.monotonic() - began, 1), line
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{''.join(lines[-20:])}")
    return {"first": first, "line": matched, "total": round(time.monotonic() - began, 1)}
