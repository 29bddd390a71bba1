"""Prices new tickets and books what was sent."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from dag_edge import attempts, bad_input_fails

DOC = """
### What it does
Gives every ticket and message that has no charge yet its price by the tariff of its day.

**Inputs** `taxdata`, messages, tariffs. Every night at 02:15, Paris time.

**Outputs** table `charge`, ledger entries.

**When it is red** see the log; clearing the run is safe: a ticket has one charge per tariff run.
"""


@dag(
    schedule=CronTriggerTimetable("15 2 * * *", timezone="Europe/Paris"),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=60),
    doc_md=DOC,
    tags=["billing"],
)
def billing_daily() -> None:
    @task
    @bad_input_fails
    def rate() -> dict[str, Any]:
        from include.billing.rating import rate_new

        return rate_new()

    rate()


billing_daily()
