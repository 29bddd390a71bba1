"""Turns activated campaigns into messages and batches for the groups."""

from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from dag_edge import attempts, bad_input_fails
from deadlines import within

DOC = """
### What it does
For every campaign that is due: checks window, credit and opt-outs, fixes each text, counts its
segments, writes the messages and shares them out in batches by the groups' live modems. Nothing is
sent here: the hosts fetch their batches from the database.

**Inputs** campaigns in state `scheduled` or `expanding`. Every minute, and on `campaigns_changed`.

**Outputs** tables `message` and `batch`.

**When it is red** see the log; clearing the run is safe: a contact gets one message per campaign.
"""


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("* * * * *", timezone="UTC"),
        assets=[Asset(name="campaigns_changed")],
    ),
    catchup=False,
    max_active_runs=1,
    deadline=within(minutes=10),
    default_args=attempts(),
    doc_md=DOC,
    tags=["campaigns"],
)
def campaign_expand() -> None:
    @task
    @bad_input_fails
    def expand() -> dict[str, Any]:
        from include.campaigns.expand import expand_due

        return expand_due()

    expand()


campaign_expand()
