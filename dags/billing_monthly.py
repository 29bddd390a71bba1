"""Invoices a month: a dry run first, then for good."""

from typing import Any

from airflow.sdk import CronPartitionTimetable, Param, dag, task
from dag_edge import attempts, bad_input_fails

DOC = """
### What it does
Draws up each client's invoice of a month: SMS per campaign, calls per cost centre, VAT by date. As
scheduled it is a **dry run** over the month that has ended: drafts to look at. To issue, start it by
hand with *dry run* off.

**Inputs** captured messages, priced calls, the company of the settings, the clients' legal identity.
The form: month (`2026-11`; none: the run's partition, else the last one that is over), client (none:
all), dry run.

**Outputs** drafts below `reports/invoices/drafts/`; issued: rows of `invoice`, PDFs with Factur-X in
`outbox/invoices/` and below `reports/invoices/`. A client whose papers are incomplete is left out,
with the alert `not_invoiced`.

**When it is red** see the log; clearing the run is safe: nobody is invoiced twice for a month, a
number is never skipped. docs/runbooks/month-end.md.
"""


@dag(
    # The run of 1 December is that of partition 2026-11, also when it is cleared in January.
    schedule=CronPartitionTimetable(
        "30 5 1 * *", timezone="Europe/Paris", run_offset=-1, key_format="%Y-%m"
    ),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=60),
    params={
        "month": Param(None, type=["null", "string"], pattern=r"^\d{4}-\d{2}$", title="Month"),
        "client": Param(None, type=["null", "string"], title="Client"),
        "dry_run": Param(True, type="boolean", title="Dry run"),
    },
    doc_md=DOC,
    tags=["billing"],
)
def billing_monthly() -> None:
    @task
    @bad_input_fails
    def invoice_month(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, Any]:
        from include.billing.month_end import close_month

        form = params or {}
        return close_month(**{**form, "month": form["month"] or dag_run.partition_key})

    @task
    @bad_input_fails
    def deliver(told: dict[str, Any]) -> list[str]:
        from include.billing.month_end import deliver as deliver_month

        return deliver_month(told["month"])

    deliver(invoice_month())


billing_monthly()
