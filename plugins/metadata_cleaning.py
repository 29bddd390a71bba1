"""Airflow's own old runs and logs: `airflow db clean`, which tasks may not reach the database for."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

from airflow.configuration import conf

URL = "SMSSWITCH_AIRFLOW_DATABASE_URL"
BLOCKED = "airflow-db-not-allowed"
_CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def clean(before: datetime, *, dry_run: bool) -> str:
    """Take Airflow's rows of before that day; the last line that the command printed.

    A task is not told Airflow's own database: its address comes from SMSSWITCH_AIRFLOW_DATABASE_URL, or
    from the command that Airflow itself was given for it. Raises RuntimeError where there is neither, or
    where the cleaning fails.
    """
    command = [sys.executable, "-m", "airflow", "db", "clean", "--yes", "--skip-archive"]
    command += ["--clean-before-timestamp", before.astimezone(UTC).isoformat()]
    command += ["--dry-run"] if dry_run else []
    environment = _environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"airflow db clean: {(done.stderr or done.stdout).strip()[-500:]}")
    return (done.stdout.strip().splitlines() or [""])[-1][:200]


def _environment() -> dict[str, str]:
    """This process's, with the way to the database that a task's own lacks."""
    blocked = ("_AIRFLOW__AS_LIBRARY", "AIRFLOW__CORE__SQL_ALCHEMY_CONN", _CONN)
    environment = {name: value for name, value in os.environ.items() if name not in blocked}
    if f"{_CONN}_CMD" in environment:
        return environment
    url = os.environ.get(URL) or conf.get("database", "sql_alchemy_conn")
    if url.startswith(BLOCKED):
        raise RuntimeError(f"{URL} is not set: Airflow's own database is not cleaned")
    return environment | {_CONN: url}
