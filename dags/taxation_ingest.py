"""Reads new spooled files of the PBX into `taxdata`."""

from typing import Any

from airflow.sdk import (
    Asset,
    AssetAlias,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronTriggerTimetable,
    Param,
    dag,
    task,
)
from bucket_trigger import BucketTrigger
from dag_edge import attempts, bad_input_fails, tally

DOC = """
### What it does
Decompresses every new file of the spool (compress(1)), recognises its ticket layout, adds the
columns that `taxdata` lacks and loads the tickets. `tax.tmp` is the switch's own and left alone.
Before that, takes new organisation files (who sits where) from the spool's folder `_organisation`.

**Inputs** the spool (`SMSSWITCH_SPOOL_URL`), a folder for each PBX; woken by new files and every
quarter of an hour. The form: one PBX only; one file of it, read again; or what was set aside
(`set_aside`), or all kept files (`all`), once more under today's code and settings.

**Outputs** table `taxdata`, the ledger of spooled files; assets `tickets_loaded`, and
`layouts_waiting` if a layout waits for a person.

**When it is red** see the log. A file that cannot be read is quarantined and does not make the run
red. Clearing the run is safe: a file is known by its content.
"""

spool = Asset(
    name="spool_changed",
    watchers=[AssetWatcher(name="spool", trigger=BucketTrigger(place="spool"))],
)
told = AssetAlias("spool_news")
FORM = {
    "pbx": Param(None, type=["null", "string"], pattern="^[a-z0-9][a-z0-9_-]{0,62}$", title="PBX"),
    "file": Param(None, type=["null", "string"], maxLength=200, title="File"),
    "replay": Param("none", type="string", enum=["none", "set_aside", "all"], title="Replay"),
}


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/15 * * * *", timezone="UTC"), assets=[spool]
    ),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=30),
    params=FORM,
    doc_md=DOC,
    tags=["taxation"],
)
def taxation_ingest() -> None:
    @task
    @bad_input_fails
    def organisation() -> list[dict[str, Any]]:
        from include.taxation.organisation import import_new

        return import_new("ops:airflow")

    @task(outlets=[told])
    @bad_input_fails
    def ingest(params: dict[str, Any] | None = None, outlet_events: Any = None) -> dict[str, int]:
        from include.taxation.order import carry_out

        report, waiting = carry_out(**(params or {}))
        states = tally(report["files"])
        if states.get("loaded"):
            outlet_events[told].add(Asset(name="tickets_loaded"))
        if waiting:
            outlet_events[told].add(Asset(name="layouts_waiting"))
        return states

    organisation() >> ingest()


taxation_ingest()
