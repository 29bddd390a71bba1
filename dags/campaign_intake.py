"""Reads the campaign files that `bucket_scan` registered: quote, credit, activation."""

from typing import Any

from airflow.sdk import Asset, Param, dag, task
from dag_edge import attempts, bad_input_fails, each, tally, uploads_told

DOC = """
### What it does
Validates each campaign file, computes its quote, checks credit and compliance, and activates,
pauses or cancels the campaign as the file says. A refused campaign gets its reason in the receipt.

**Inputs** asset `campaign_files` with the numbers of uploads, or one number in the form.

**Outputs** tables `campaign` and `quote`; `quote.html`, `quote.json`, `status.json` in the client's
`outbox/campaigns/`; asset `campaigns_changed`, which wakes `campaign_expand`.

**When it is red** something of ours failed, not the client's file: see the log, mend, clear the
run. The same file applied twice changes nothing.
"""


@dag(
    schedule=[Asset(name="campaign_files")],
    catchup=False,
    max_active_runs=1,
    default_args=attempts(),
    params={"upload_id": Param(None, type=["null", "integer"], title="Upload")},
    doc_md=DOC,
    tags=["clients", "campaigns"],
)
def campaign_intake() -> None:
    @task(outlets=[Asset(name="campaigns_changed")])
    @bad_input_fails
    def apply_uploads(
        params: dict[str, Any] | None = None, triggering_asset_events: Any = None
    ) -> dict[str, int]:
        from include.campaigns.intake import apply_upload

        return tally(each(apply_upload, uploads_told(triggering_asset_events, params)))

    apply_uploads()


campaign_intake()
