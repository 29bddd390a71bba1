"""Runs an analysis with whole numbers, for who may see them and says why."""

from typing import Any

from airflow.sdk import Param, dag, task
from analysis_form import analysis_form
from dag_edge import attempts, bad_input_fails, orderer

DOC = """
### What it does
As `taxation_analysis`, but numbers of outside parties are shown in full. Written into the audit
trail, with the reason, before anything is read. The person's profile must allow it
(`smsswitch taxation profile`); in Airflow, give only those roles the right to run this DAG.

**Inputs** the form; what is left blank has the default of the analysis. Days are those of the PBX.
`more` takes further parameters by name (`smsswitch taxation analyse --json` lists them).

**Outputs** a page and a workbook below `unmasked/`, which only those can open who may run this DAG
(`/smsswitch/unmasked/…`, each reading audited); the rows are kept nowhere else.

**When it is red** a parameter was refused, or the profile does not allow it (`bad_parameter`,
`not_allowed`): the log says which; start a new run.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=60),
    params=analysis_form(reason=Param(type="string", minLength=3, maxLength=500, title="Why")),
    doc_md=DOC,
    tags=["taxation"],
)
def taxation_unmask() -> None:
    @task
    @bad_input_fails
    def analyse(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, Any]:
        from include.reports.analysis_page import write_for_form

        return write_for_form(dict(params or {}), by=orderer(dag_run))

    analyse()


taxation_unmask()
