"""Where the library meets Airflow: what each task has in common, and how errors become failures."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowFailException

from include.errors import InputError

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def attempts(minutes: float = 10) -> dict[str, Any]:
    """Default arguments of a DAG's tasks: two more tries, a limit for each, an alert where all fail.

    Every task may be repeated: it works on business keys in one transaction.
    """
    return {
        "owner": "smsswitch",
        "retries": 2,
        "retry_delay": timedelta(seconds=15),
        "execution_timeout": timedelta(minutes=minutes),
        "queue": "heavy" if minutes > 10 else "light",
        "pre_execute": wait_for_migration,
        "on_failure_callback": task_failed,
        "on_success_callback": task_succeeded,
    }


def wait_for_migration(_context: Any) -> None:
    """Hold a task back while its program is newer than the database, as in the middle of an upgrade."""
    from include.db.migrate import await_migrated

    await_migrated()


def task_failed(context: Any) -> None:
    """Open the alert ``task_failed``; what a person typed wrongly in a form alerts nobody."""
    error = context.get("exception")
    if isinstance(getattr(error, "__cause__", None), InputError):
        return
    # Of a process that was killed there is no exception to name.
    _alert(context, "task_failed", True, type(error).__name__ if error else "process_lost")


def task_succeeded(context: Any) -> None:
    """Close the alerts that the task, or the lateness of its DAG, had opened."""
    _alert(context, "task_failed", False)
    _alert(context, "dag_late", False)


def _alert(context: Any, kind: str, on: bool, detail: str = "") -> None:
    from include.db import connect
    from include.db.alerts import set_alert

    task = context["ti"]
    subject = task.dag_id if kind == "dag_late" else f"{task.dag_id}.{task.task_id}"
    with connect() as conn:
        set_alert(conn, kind, subject, on, detail)


def bad_input_fails(work: Callable[P, R]) -> Callable[P, R]:
    """Fail a task at once, without further tries, where the input is what is wrong."""

    @functools.wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except InputError as error:
            raise AirflowFailException(f"{error.message_en} ({error.code})") from error

    return guarded


def each(work: Callable[[int], R], uploads: Iterable[int]) -> list[R]:
    """The result for every upload; one that fails does not hold up the others.

    Every failure is in the log; one is raised once all have had their turn, if there is one that
    another try may mend, that.
    """
    results, failures = [], []
    for upload_id in uploads:
        try:
            results.append(work(upload_id))
        except Exception as error:
            log.exception("upload %s failed", upload_id)
            failures.append(error)
    if failures:
        raise next((f for f in failures if not isinstance(f, InputError)), failures[0])
    return results


def tally(documents: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many are in which state: what Airflow keeps of receipts, which name people."""
    return dict(Counter(str(document.get("state")) for document in documents))


def uploads_told(events: Any, form: dict[str, Any] | None) -> list[int]:
    """The uploads that asset events name, and the one that the form of a manual run names."""
    told = (event.extra.get("uploads", []) for some in (events or {}).values() for event in some)
    ids = {int(upload_id) for uploads in told for upload_id in uploads}
    asked = (form or {}).get("upload_id")
    return sorted(ids if asked is None else ids | {int(asked)})


def tell(outlet: Any, wakes: dict[str, Any], uploads: Iterable[Any]) -> dict[str, list[int]]:
    """One event for each asset that has new uploads, with their numbers; none for the others."""
    numbers: dict[str, list[int]] = {}
    for upload in uploads:
        if upload.kind in wakes:
            numbers.setdefault(wakes[upload.kind].name, []).append(upload.upload_id)
    for asset in {asset.name: asset for asset in wakes.values()}.values():
        if asset.name in numbers:
            outlet.add(asset, extra={"uploads": numbers[asset.name]})
    return numbers


def orderer(dag_run: Any) -> str:
    """The person who started a run by its form, for the audit trail."""
    return f"ops:{getattr(dag_run, 'triggering_user_name', None) or 'airflow'}"
