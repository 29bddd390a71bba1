"""Rolls the hosts' results up to modems, groups and campaigns."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from dag_edge import attempts, bad_input_fails
from deadlines import within

DOC = """
### What it does
Reads heartbeats and results that the hosts reported, and writes the counts and states of messages,
modems, groups and campaigns. A campaign is complete when the states of its messages say so. Batches
that fell silent and groups that are lost are found here. Alerts that this opens or ends are mailed and
posted to their receivers (`smsswitch settings`), once each; what nobody takes is tried again.

**Inputs** the tables that `api.*_v1` fills. Every minute.

**Outputs** states and counts of groups, modems, campaigns; `status.json` and the home page in the
clients' outboxes; mails and webhooks.

**When it is red** counts are late, sending goes on. See the log; clearing the run is safe. A mail server that
is away does not make it red: `smsswitch alerts list` shows what waits.
"""


@dag(
    schedule=CronTriggerTimetable("* * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    deadline=within(minutes=10),
    default_args=attempts(minutes=5),
    doc_md=DOC,
    tags=["fleet"],
)
def fleet_monitor() -> None:
    @task
    @bad_input_fails
    def roll_up() -> dict[str, Any]:
        from include.fleet.rollup import rollup

        return rollup()

    @task
    @bad_input_fails
    def client_pages() -> int:
        from include.reports.client_pages import write_pages

        return len(write_pages())

    @task
    @bad_input_fails
    def tell_people() -> dict[str, int]:
        from include.operations.alerts import tell

        return tell()

    roll_up() >> [client_pages(), tell_people()]


fleet_monitor()
