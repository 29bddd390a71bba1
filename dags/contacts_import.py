"""Imports the contact files that `bucket_scan` registered."""

from typing import Any

from airflow.sdk import Asset, Param, dag, task
from dag_edge import attempts, bad_input_fails, each, tally, uploads_told

DOC = """
### What it does
Gate, sniff, propose a mapping, map, validate with Great Expectations, load in one transaction,
write the receipt: for every upload that woke the run. A file that cannot be used ends in a receipt
that says so, not in a red task. A mapping file is applied to the import that waits for it, a block
list to all lists of its client, a command file does what it says.

**Inputs** asset `contact_files` with the numbers of uploads, or one number in the form.

**Outputs** tables `contact` and `contact_list`; per import `receipt.html`, `receipt.json`,
`rejects.xlsx` in the client's `outbox/imports/`; the list in `outbox/lists/`; asset `contacts_loaded`.

**When it is red** something of ours failed, not the client's file: see the log, mend, clear the
run. A second import of the same upload changes nothing.
"""


@dag(
    schedule=[Asset(name="contact_files")],
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=30),
    params={"upload_id": Param(None, type=["null", "integer"], title="Upload")},
    doc_md=DOC,
    tags=["clients"],
)
def contacts_import() -> None:
    @task(outlets=[Asset(name="contacts_loaded")])
    @bad_input_fails
    def import_uploads(
        params: dict[str, Any] | None = None, triggering_asset_events: Any = None
    ) -> dict[str, int]:
        from include.bucket.process import process

        return tally(each(process, uploads_told(triggering_asset_events, params)))

    import_uploads()


contacts_import()
