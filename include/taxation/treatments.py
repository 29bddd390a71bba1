"""What starts an analysis without anybody asking: files loaded, a day, a month, a threshold."""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError
from include.settings import settings
from include.taxation.analyse import analyse

TRIGGERS = ("file_loaded", "daily", "monthly", "threshold", "manual")
MEASURES = ("tickets", "rejected", "files", "cost")
log = logging.getLogger(__name__)


def run_due(at: datetime | None = None) -> list[dict[str, Any]]:
    """Run every treatment whose time has come, once for its occasion however often this is called.

    ``[{"treatment", "trigger", "occasion", "run_id", "rows"}]``. One that fails does not hold up the
    others: its error is raised at the end.
    """
    today = (at or datetime.now(UTC)).astimezone(ZoneInfo(settings().timezone)).date()
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/list_due"), {"today": today})
        due = cur.fetchall()
    ran: list[dict[str, Any]] = []
    failed: Exception | None = None
    for name, trigger, occasion, parameters in due:
        try:
            found = analyse(name, parameters, trigger=trigger, occasion=occasion)
        except Exception as error:  # noqa: BLE001  raised below
            log.warning("%s of %s failed: %s", name, occasion, error)
            failed = failed or error
            continue
        if found["run_id"] is not None:
            ran.append(
                {
                    "treatment": name,
                    "trigger": trigger,
                    "occasion": occasion,
                    "run_id": found["run_id"],
                    "rows": len(found["rows"]),
                }
            )
    if failed is not None:
        raise failed
    return ran


def set_triggers(
    name: str, triggers: Sequence[str], threshold: tuple[str, float] | None, *, by: str
) -> dict[str, Any]:
    """What starts a treatment from now on. Audited.

    ``threshold`` is a measure of what was loaded since the last run by threshold, and how much of it
    starts the next. Raises ``InputError``: ``unknown_treatment``, ``bad_trigger``.
    """
    if unknown := sorted(set(triggers) - set(TRIGGERS)):
        raise InputError("bad_trigger", f"{unknown[0]!r} is none of {', '.join(TRIGGERS)}")
    if ("threshold" in triggers) != (threshold is not None):
        raise InputError("bad_trigger", "the trigger threshold goes with a measure, and only it")
    if threshold and (threshold[0] not in MEASURES or threshold[1] <= 0):
        raise InputError("bad_trigger", f"a threshold is one of {', '.join(MEASURES)} above 0")
    limit = {"measure": threshold[0], "at_least": threshold[1]} if threshold else None
    values = {
        "name": name,
        "triggers": list(triggers),
        "threshold": json.dumps(limit) if limit else None,
    }
    with connect() as conn:
        with conn.cursor() as cur:
            cur.execute(sql("taxation/set_triggers"), values)
            if cur.fetchone() is None:
                raise InputError("unknown_treatment", f"there is no analysis {name!r}")
        record(conn, by, "treatment_set", name, triggers=list(triggers), threshold=limit)
    return {"treatment": name, "triggers": list(triggers), "threshold": limit}


def runs(treatment: str | None = None, most: int = 50) -> list[dict[str, Any]]:
    """The last runs, newest first; their rows stand in ``treatment_result``."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/list_treatment_runs"), {"treatment": treatment, "most": most})
        return [row for (row,) in cur.fetchall()]


def result(run_id: int) -> list[dict[str, Any]]:
    """What a run found, a mapping per row."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            "select data from treatment_result where run_id = %s order by row_number", (run_id,)
        )
        return [row for (row,) in cur.fetchall()]
