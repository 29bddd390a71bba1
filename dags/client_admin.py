"""Clients by a form: add one, change one, add credit."""

from typing import Any

from airflow.sdk import Param, dag, task
from dag_edge import attempts, bad_input_fails, orderer

DOC = """
### What it does
Carries out one order on a client, for the person who started the run; the audit trail keeps who and when.
The same as `smsswitch clients add|edit|topup`.

**Inputs** the form: action and client code. `add` takes the name and, if wanted, the rest; `edit` changes
what is given; `topup` adds the credit (EUR, net of VAT).

**Outputs** tables `client`, `ledger_entry`, `audit_entry`; for a new client its folders in the bucket.

**When it is red** the last lines of the log say what is wrong with the order (`bad_client_code`,
`client_exists`, `no_such_client`, `bad_amount`, `unknown_tariff`); start a new run. Clearing a run is safe:
what it added, it does not add again.
"""


def _optional(title: str, description: str | None = None, most: int = 200) -> Param:
    return Param(
        None, type=["null", "string"], maxLength=most, title=title, description=description
    )


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=attempts(),
    params={
        "action": Param("add", type="string", enum=["add", "edit", "topup"], title="Action"),
        "code": Param(type="string", minLength=1, maxLength=63, title="Client"),
        "name": _optional("Nom"),
        "credit": _optional("Crédit (EUR HT)", "100.00", 20),
        "language": Param(
            None, type=["null", "string"], enum=[None, "fr", "en"], title="Langue / language"
        ),
        "tariff": _optional("Tarif", most=63),
        "approve_above": _optional("Accord au-delà de (EUR)", most=20),
        "low_credit": _optional("Alerte de crédit sous (EUR)", most=20),
        "alert_address": _optional("Adresse des alertes", most=254),
    },
    doc_md=DOC,
    tags=["clients"],
)
def client_admin() -> None:
    @task
    @bad_input_fails
    def carry_out_order(
        params: dict[str, Any] | None = None, dag_run: Any = None
    ) -> dict[str, Any]:
        from include.operations.clients import administer

        return administer(by=orderer(dag_run), once=dag_run.run_id, **(params or {}))

    carry_out_order()


client_admin()
