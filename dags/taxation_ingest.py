"""Reads new spooled files of the PBX into `taxdata`."""

from airflow.sdk import (
    Asset,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronTriggerTimetable,
    dag,
    task,
)
from bucket_trigger import BucketTrigger
from dag_edge import attempts, bad_input_fails, tally

DOC = """
### What it does
Decompresses every new file of the spool (compress(1)), recognises its ticket layout, adds the
columns that `taxdata` lacks and loads the tickets. `tax.tmp` is the switch's own and left alone.

**Inputs** the spool (`SMSSWITCH_SPOOL_URL`), a folder for each PBX; woken by new files and every
quarter of an hour.

**Outputs** table `taxdata`, the ledger of spooled files, asset `tickets_loaded`.

**When it is red** see the log. A file that cannot be read is quarantined and does not make the run
red. Clearing the run is safe: a file is known by its content.
"""

spool = Asset(
    name="spool_changed",
    watchers=[AssetWatcher(name="spool", trigger=BucketTrigger(place="spool"))],
)


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/15 * * * *", timezone="UTC"), assets=[spool]
    ),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=30),
    doc_md=DOC,
    tags=["taxation"],
)
def taxation_ingest() -> None:
    @task(outlets=[Asset(name="tickets_loaded")])
    @bad_input_fails
    def ingest() -> dict[str, int]:
        from include.taxation.ingest import ingest_new

        return tally(ingest_new()["files"])

    ingest()


taxation_ingest()
