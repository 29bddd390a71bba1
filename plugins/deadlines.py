"""Deadlines of the DAGs that everything waits for: a run that is late opens an alert.

Airflow's triggerer calls ``late``; it must be importable there by this module's name.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference


def within(minutes: float) -> DeadlineAlert:
    """A run is to be over so long after it was queued; the next task that succeeds ends the alert."""
    return DeadlineAlert(
        name=f"within_{minutes:g}_minutes",
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=AsyncCallback(late),
    )


async def late(context: Any, **_kwargs: Any) -> None:
    """Open the alert ``dag_late`` of the run's DAG and tell people: who does may be the late one."""
    run, deadline = context["dag_run"], context.get("deadline") or {}
    await asyncio.to_thread(_open, str(run["dag_id"]), str(deadline.get("deadline_time") or ""))


def _open(dag_id: str, since: str) -> None:
    from include.db import connect
    from include.db.alerts import set_alert
    from include.operations.alerts import tell

    with connect() as conn:
        set_alert(conn, "dag_late", dag_id, True, since)
    tell()
