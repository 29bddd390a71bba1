"""Registers what clients have dropped, and wakes the DAGs that work on it."""

from typing import Any

from airflow.sdk import (
    Asset,
    AssetAlias,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronTriggerTimetable,
    dag,
    task,
)
from bucket_trigger import BucketTrigger
from dag_edge import attempts, bad_input_fails, tell

DOC = """
### What it does
Lists every client's inbox once and writes each complete drop into the ledger `upload`, where it
gets its number. Dropped twice, or listed twice, it still has one row.

**Inputs** the bucket (`SMSSWITCH_BUCKET_URL`). Woken by a listing every three seconds
(`plugins/bucket_trigger.py`), and every minute in case a wake-up was lost.

**Outputs** asset events with the numbers of the new uploads: `contact_files` wakes
`contacts_import`, `campaign_files` wakes `campaign_intake`, `mapping_questions` names imports whose
client says nothing about their columns and wakes `contacts_confirm_mapping`.

**When it is red** the bucket or the database cannot be reached: see the task's log. Clearing the
run is safe.
"""

inboxes = Asset(
    name="bucket_changed",
    watchers=[AssetWatcher(name="inboxes", trigger=BucketTrigger(place="inbox"))],
)
told = AssetAlias("new_uploads")
WAKES = {
    "blocklist": Asset(name="contact_files"),
    "contacts": Asset(name="contact_files"),
    "mapping": Asset(name="contact_files"),
    "command": Asset(name="contact_files"),
    "campaign": Asset(name="campaign_files"),
}
QUESTIONS = Asset(name="mapping_questions")


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("* * * * *", timezone="UTC"), assets=[inboxes]
    ),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=5),
    doc_md=DOC,
    tags=["clients"],
)
def bucket_scan() -> None:
    @task(outlets=[told])
    @bad_input_fails
    def register(outlet_events: Any = None) -> dict[str, list[int]]:
        from include.bucket.intake import scan
        from include.contacts.waiting import tell_questions

        numbers = tell(outlet_events[told], WAKES, scan())
        if imports := tell_questions():
            outlet_events[told].add(QUESTIONS, extra={"imports": imports})
        return numbers

    register()


bucket_scan()
