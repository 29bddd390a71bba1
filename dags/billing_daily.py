"""Prices the calls that have no price yet; by its form, prices a range of days again."""

from typing import Any

from airflow.sdk import CronPartitionTimetable, Param, dag, task
from dag_edge import attempts, bad_input_fails

DOC = """
### What it does
Gives every call that has no price yet its price, by the version of its tariff that counts on its day.
With two days in the form it prices those days **again** by the versions that count now: the older
prices are kept, superseded, every difference is written down; a dry run only shows them.

**Inputs** `taxdata`, tariffs. Every night at 02:15, Paris time, for the day that is over (its
partition; calls that came late are priced with it). The form: days, tariff, dry run.

**Outputs** `rated_ticket`; of a re-rating also `rerating`, `rerating_difference`.

**When it is red** see the log; clearing the run is safe: a priced call is not priced twice.
"""


@dag(
    schedule=CronPartitionTimetable(
        "15 2 * * *", timezone="Europe/Paris", run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=60),
    params={
        "since": Param(None, type=["null", "string"], format="date", title="Again from (day)"),
        "until": Param(None, type=["null", "string"], format="date", title="To (day, included)"),
        "tariff": Param(None, type=["null", "string"], title="Only this tariff"),
        "dry_run": Param(False, type="boolean", title="Dry run"),
    },
    doc_md=DOC,
    tags=["billing"],
)
def billing_daily() -> None:
    @task
    @bad_input_fails
    def rate(params: dict[str, Any] | None = None) -> dict[str, Any]:
        from include.billing.rating import rate as rate_calls

        return rate_calls(**(params or {}), actor="billing_daily")

    rate()


billing_daily()
