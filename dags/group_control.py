"""The buttons of the groups: add, edit, start, stop, drain, delete, condemn."""

from typing import Any

from airflow.sdk import Param, dag, task
from dag_edge import attempts, bad_input_fails, orderer

DOC = """
### What it does
Carries out one order on a group of modems, for the person who started the run; the audit trail keeps
who and when.

**Inputs** the form. The group is that of the MAC address; without one, that of the alias. `add` takes
MAC address, alias, number of modems (1 to 64) and, if wanted, a rate; `edit` changes what is given
(rate 0: no limit). `drain`: finish what it holds, then stop. `delete` is refused while the group holds
batches (`group_busy`): drain it first, or `condemn` it if its host is gone for good; what that host may
have sent becomes uncertain.

**Outputs** tables `modem_group`, `audit_entry`. The login of a new group's host is shown nowhere in
Airflow: on the centre's command line, `smsswitch groups credential MAC_OR_ALIAS` gives it.

**When it is red** the last lines of the log say what is wrong with the order (`bad_mac`,
`bad_modem_count`, `mac_in_use`, `alias_in_use`, `unknown_group`, `group_busy`); start a new run.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=attempts(),
    params={
        "action": Param(
            "start",
            type="string",
            enum=["add", "edit", "start", "stop", "drain", "delete", "condemn"],
            title="Action",
        ),
        "mac": Param(
            None,
            type=["null", "string"],
            maxLength=40,
            title="Numéro MAC",
            description="64:31:50:1b:e9:e9",
        ),
        "alias": Param(None, type=["null", "string"], maxLength=60, title="Alias MAC"),
        "modems": Param(None, type=["null", "integer"], title="Nombre de modems"),
        "rate": Param(
            None, type=["null", "integer"], title="Vitesse (SMS/min)", description="0: no limit"
        ),
    },
    doc_md=DOC,
    tags=["fleet"],
)
def group_control() -> None:
    @task
    @bad_input_fails
    def carry_out_order(
        params: dict[str, Any] | None = None, dag_run: Any = None
    ) -> dict[str, Any]:
        from include.fleet.control import carry_out

        return carry_out(by=orderer(dag_run), **(params or {}))

    carry_out_order()


group_control()
