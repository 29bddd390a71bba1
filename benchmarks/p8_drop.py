"""P8: from a contact file in the inbox to its receipt, with Airflow at work. ``P8_ROUNDS`` drops."""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from benchmarks.contact_files import MAPPING
from include.bucket.intake import find_client
from include.db import connect
from include.demo.centre import Centre
from include.settings import settings
from include.stack import supervisor
from include.storage import Storage

ROWS = 1_000
ROUNDS = int(os.environ.get("P8_ROUNDS", "9"))
PATIENCE = 600.0
INBOX = "clients/acme/inbox/contacts"


def measure() -> dict[str, Any]:
    """Seconds of every drop and where they went; the first one finds everything cold."""
    for name in [name for name in os.environ if name.startswith("SMSSWITCH_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="smsswitch-p8-") as folder:
        os.environ["SMSSWITCH_VAR"] = folder
        try:
            stack = supervisor.up(_say)
            Centre(stack).command("clients", "add", "acme", "--name", "Acme")
            drops = [_drop(number) for number in range(ROUNDS)]
        finally:
            supervisor.down(_say)
    return {
        "rows": ROWS,
        "median_seconds": _median(drops, "seconds"),
        "median_split": {
            name: _median([d["split"] for d in drops], name) for name in drops[0]["split"]
        },
        "drops": drops,
        "reach": 30,
    }


def _drop(number: int) -> dict[str, Any]:
    """One file of its own list; the mapping lies beside it first, as the guide asks."""
    storage = Storage(settings().bucket_url)
    name = f"list{number}"
    lines = [f"06 39 98 {n // 100:02d} {n % 100:02d};P{n};N{n};V;R" for n in range(ROWS)]
    key = f"{INBOX}/{name}.csv"
    storage.write_text(f"{key}.mapping.yaml", MAPPING.format(name=name))
    dropped = time.time()
    storage.write_text(key, "\r\n".join(["Tél;Prénom;Nom;Ville;Rendez-vous", *lines]))
    place = f"clients/acme/outbox/imports/{_await(lambda: _registered(key))}/receipt.json"
    receipt = _await(lambda: _loaded(storage, place))
    seconds = time.time() - dropped
    assert receipt["counts"]["loaded"] == ROWS, receipt
    times = receipt["timings"]
    received, written = (
        datetime.fromisoformat(times[name]).timestamp() for name in ("received_at", "written_at")
    )
    steps = times["seconds"]
    return {
        "seconds": round(seconds, 1),
        "split": {
            "until_registered": round(received - dropped, 1),
            "until_the_import_begins": round(written - steps["total"] - received, 1),
            "import": steps["total"],
        },
        "steps": steps,
    }


def _await(look: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise SystemExit("no receipt")


def _registered(key: str) -> str | None:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select import_id from upload where client_id = %s and key = %s",
            (find_client("acme").client_id, key),
        )
        row = cur.fetchone()
    return row[0] if row else None


def _loaded(storage: Storage, place: str) -> dict[str, Any] | None:
    if not storage.exists(place):
        return None
    receipt: dict[str, Any] = json.loads(storage.read_bytes(place))
    assert receipt["state"] in ("received", "mapping_submitted", "loading", "loaded"), receipt
    return receipt if receipt["state"] == "loaded" else None


def _median(rows: list[dict[str, Any]], key: str) -> float:
    return round(float(statistics.median(row[key] for row in rows)), 1)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
