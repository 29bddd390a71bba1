"""Builds the admins' reports and their index page."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from dag_edge import attempts, bad_input_fails

DOC = """
### What it does
Builds the reports as HTML with inline SVG and as XLSX, and the index page.

**Inputs** the business database. Every hour for the current period; the form chooses reports
(`R1`, `R2`, …, `smsswitch reports list`; none: all) and a period (`2026-11` or `2026-11-22`; none: now).

**Outputs** files below `SMSSWITCH_REPORTS_URL`; what has changed in the clients' outboxes: home,
account, campaign reports.

**When it is red** see the log; clearing the run is safe: files are written anew.
"""


@dag(
    schedule=CronTriggerTimetable("5 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=30),
    params={
        "names": Param([], type="array", items={"type": "string"}, title="Reports"),
        "period": Param(None, type=["null", "string"], title="Period"),
    },
    doc_md=DOC,
    tags=["reports"],
)
def reports() -> None:
    @task
    @bad_input_fails
    def build_reports(params: dict[str, Any] | None = None) -> list[str]:
        from include.reports.build import build

        return build(**(params or {}))

    @task
    @bad_input_fails
    def client_pages() -> int:
        from include.reports.client_pages import write_pages

        return len(write_pages(complete=True))

    build_reports()
    client_pages()


reports()
