"""Pauses, resumes or cancels a client's campaign (the « Gestion Campagne » of ops)."""

from typing import Any

from airflow.sdk import Param, dag, task
from dag_edge import attempts, bad_input_fails, orderer

DOC = """
### What it does
Carries out one order on a campaign, for the person who started the run; the audit trail keeps who and
when.

**Inputs** the form: client code, name of the campaign, action. `pause`: hosts give back what they have
not begun; `resume` goes on; `cancel` ends it and gives back what is held for what was not sent.

**Outputs** tables `campaign`, `message`, `send_batch`, `ledger_entry`, `audit_entry`; the client's
status file.

**When it is red** the last lines of the log say why the order cannot be carried out
(`unknown_client`, `unknown_campaign`, `not_possible`); start a new run.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=attempts(),
    params={
        "client": Param(type="string", minLength=1, maxLength=63, title="Client"),
        "campaign": Param(type="string", minLength=1, maxLength=63, title="Campagne"),
        "action": Param("pause", type="string", enum=["pause", "resume", "cancel"], title="Action"),
    },
    doc_md=DOC,
    tags=["campaigns"],
)
def campaign_control() -> None:
    @task
    @bad_input_fails
    def carry_out_order(
        params: dict[str, Any] | None = None, dag_run: Any = None
    ) -> dict[str, Any]:
        from include.campaigns.control import order

        form = params or {}
        return order(form["client"], form["campaign"], form["action"], orderer(dag_run))

    carry_out_order()


campaign_control()
