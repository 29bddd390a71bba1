"""Lets old data go, by the policies of the settings; Airflow's own too."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from dag_edge import attempts, bad_input_fails

DOC = """
### What it does
Takes away what is older than its policy (`smsswitch settings show`, area `retention`): whole months of
messages, of tickets with their prices and of signal history by dropping their partitions; contacts, replies,
clients' dropped files and receipts, alerts, results of analyses; Airflow's own runs (`airflow db clean`).
The ledger, invoices and the audit trail are never touched. The same as `smsswitch retention run`.

**Inputs** the settings; the form: dry run. Every night at 03:40, Paris time.

**Outputs** fewer rows and files; counts of dropped messages in `campaign_archive`; `audit_entry`.

**When it is red** see the log; clearing the run is safe. A month whose messages are still open is kept and
named in the result; it goes once they have ended (runbook uncertain-messages). One that is "in use" was read
all the while; it goes another night.
"""


@dag(
    schedule=CronTriggerTimetable("40 3 * * *", timezone="Europe/Paris"),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=110),
    params={"dry_run": Param(False, type="boolean", title="Dry run")},
    doc_md=DOC,
    tags=["operations"],
)
def retention() -> None:
    @task
    @bad_input_fails
    def apply_policies(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, int]:
        from dag_edge import orderer

        from include.operations.retention import run

        done = run(dry_run=bool((params or {})["dry_run"]), by=orderer(dag_run))
        return {f"{p['kind']} {p['note']}".strip(): p["gone"] for p in done["policies"]}

    @task
    @bad_input_fails
    def clean_airflow(params: dict[str, Any] | None = None) -> str:
        from datetime import UTC, datetime

        from metadata_cleaning import clean

        from include.operations.retention import months_before
        from include.operations.settings import current

        months = current()["retention"]["airflow"]
        return clean(
            months_before(datetime.now(UTC), months), dry_run=bool((params or {})["dry_run"])
        )

    apply_policies()
    clean_airflow()


retention()
