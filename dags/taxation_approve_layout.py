"""Asks a person whether new ticket layouts may change the table (human in the loop)."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, dag, task
from dag_edge import attempts, bad_input_fails
from layout_question import LayoutQuestion

DOC = """
### What it does
For every ticket layout that waits (PBX with the policy `approve`), shows which columns `taxdata`
would get or widen, as SQL. « Autoriser » changes the table and loads the files that waited;
« Refuser », or no answer within three days, leaves them waiting.

**Inputs** woken by `taxation_ingest` when a layout begins to wait (asset `layouts_waiting`); the
form names one again. The question stands under *Required Actions*.

**Outputs** columns of `taxdata`, the tickets of the files that waited; `audit_entry` says who allowed
or refused which DDL.

**When it is red** the layout does not exist, or the table stayed in use: clearing the run is safe.
"""


@dag(
    schedule=[Asset(name="layouts_waiting")],
    catchup=False,
    max_active_runs=16,
    default_args=attempts(minutes=60),
    params={
        "layout": Param(None, type=["null", "string"], pattern="^[0-9a-f]{64}$", title="Layout"),
    },
    doc_md=DOC,
    tags=["taxation"],
)
def taxation_approve_layout() -> None:
    @task
    @bad_input_fails
    def waiting(params: dict[str, Any] | None = None) -> list[str]:
        from include.taxation.approval import layouts_to_ask

        asked = (params or {}).get("layout")
        return [asked] if asked else layouts_to_ask()

    ask = LayoutQuestion.partial(task_id="ask", response_timeout=timedelta(days=3)).expand(
        layout=waiting()
    )

    @task
    @bad_input_fails
    def carry_out_answer(answer: dict[str, Any]) -> dict[str, Any]:
        from include.taxation.approval import settle

        return settle(answer["layout"], answer)

    carry_out_answer.expand(answer=ask.output)


taxation_approve_layout()
