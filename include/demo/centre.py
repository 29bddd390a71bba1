"""What the demo asks of the centre: commands a person would type, DAG runs, and a look at the tables."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from include.db import connect, sql
from include.db.migrate import migrate
from include.errors import SmsswitchError
from include.settings import settings
from include.stack.airflow import Api
from include.storage import Storage

DAG_SECONDS = 900.0
PBX = "orleans"
SPOOLS = (
    ("seed", "TAXAAAAA.DAT"),
    ("seed", "TAXAAAAB.DAT"),
    ("ed5.2", "TAXAAAAC.DAT"),
    ("ed5.2", "TAXAAAAD.DAT"),
)


class CentreError(SmsswitchError):
    """A command or a DAG run of the demo failed; the message has its own words."""


def refuse_strangers(clients: Sequence[str]) -> None:
    """Raise CentreError where the database holds other clients than those of the demo."""
    with connect(role=None) as conn, conn.cursor() as cur:
        cur.execute("select to_regclass('public.client') is not null")
        if cur.fetchone() == (False,):
            return
        cur.execute("select code from client where code <> all(%s) order by code", (list(clients),))
        others = [code for (code,) in cur.fetchall()]
    if others:
        raise CentreError(
            f"this database holds other clients ({', '.join(others[:3])}): the demo wipes what it "
            "finds, so give it a database of its own in SMSSWITCH_DATABASE_URL, or another "
            "SMSSWITCH_VAR"
        )


def reset(clients: Sequence[str], storages: Sequence[tuple[Storage, Sequence[str]]]) -> None:
    """Take away what an earlier demo left; refuses a database that holds other clients."""
    refuse_strangers(clients)
    with connect(role=None) as conn, conn.cursor() as cur:
        cur.execute(sql("demo/drop_everything"))
    migrate()
    for storage, prefixes in storages:
        for prefix in prefixes:
            for file in list(storage.list(prefix)):
                storage.delete(file.key)


class Centre:
    """One running stack, as ``stack.json`` describes it."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        admin = stack["users"]["admin"]
        port = urlsplit(stack["airflow_url"]).port or 80
        self.api = Api(port, admin["username"], admin["password"])

    def command(self, *arguments: str) -> str:
        """Run `smsswitch …`; its standard output. Its own words if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "include.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            words = done.stderr.strip() or done.stdout.strip()
            raise CentreError(f"smsswitch {' '.join(arguments[:2])}: {words}")
        return done.stdout

    def run_dag(self, dag_id: str) -> None:
        """Trigger one DAG and wait for its end."""
        run = self.api.call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})
        path = f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}"
        deadline = time.monotonic() + DAG_SECONDS
        while (state := self.api.get(path)["state"]) not in ("success", "failed"):
            if time.monotonic() > deadline:
                raise CentreError(f"DAG {dag_id} is still {state} after {DAG_SECONDS:.0f} s")
            time.sleep(0.5)
        if state == "failed":
            raise CentreError(
                f"DAG {dag_id} failed: look at the run {run['dag_run_id']} in Airflow"
            )

    def generate_spool(self, spool: Storage, folder: Path, tickets: int, seed: int) -> None:
        """Drop the PBX's compressed files, two in each layout, and a `tax.tmp` still being written."""
        today = f"{datetime.now(ZoneInfo(settings().timezone)):%Y-%m-%d}"  # so that reports show it
        for number, (layout, name) in enumerate(SPOOLS):
            local = folder / name
            self.command(
                "taxation", "generate", "--layout", layout, "--tickets", str(tickets),
                "--seed", str(seed + number), "--from", today, "-o", str(local),
            )  # fmt: skip
            content = local.read_bytes()
            spool.write_bytes(f"{PBX}/{name}", content)
        spool.write_bytes(f"{PBX}/tax.tmp", content[: len(content) // 2])


def look(statement: str) -> list[tuple[Any, ...]]:
    """Every row of one of the demo's statements."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql(f"demo/{statement}"))
        return cur.fetchall()


def figures(reports: list[str]) -> dict[str, Any]:
    """The summary's figures that come from the tables alone."""
    ((document,),) = look("sum_up_day")
    return {**document, "reports": reports}


def parse(output: str) -> Any:
    """The JSON document that a command printed."""
    return json.loads(output)
