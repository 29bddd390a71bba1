"""Runs the analyses whose time has come: files loaded, a new day, a new month, a threshold."""

from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from dag_edge import attempts, bad_input_fails

DOC = """
### What it does
Runs every treatment (a predefined analysis with what starts it) that is due, once for its occasion:
`file_loaded` over the days of the new calls, `daily` over yesterday, `monthly` over last month,
`threshold` when enough was loaded since the last time.

**Inputs** the tickets; table `treatment` (`smsswitch taxation treatment` shows and sets what starts
each). Woken by `tickets_loaded`, and at 03:20, Paris time.

**Outputs** tables `treatment_run`, `treatment_result`, with masked numbers.

**When it is red** one analysis failed; the others ran. See the log; clearing the run repeats only
what is missing.
"""


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("20 3 * * *", timezone="Europe/Paris"),
        assets=[Asset(name="tickets_loaded")],
    ),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=60),
    doc_md=DOC,
    tags=["taxation"],
)
def taxation_treatments() -> None:
    @task
    @bad_input_fails
    def run_what_is_due() -> list[dict[str, Any]]:
        from include.taxation.treatments import run_due

        return run_due()

    run_what_is_due()


taxation_treatments()
