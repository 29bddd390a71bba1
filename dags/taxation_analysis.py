"""Runs one of the nine analyses of the calls, as its form says, and writes it as a page and a workbook."""

from typing import Any

from airflow.sdk import dag, task
from analysis_form import analysis_form
from dag_edge import attempts, bad_input_fails, orderer

DOC = """
### What it does
Runs a predefined analysis for the person who started the run and writes what it found as a page
and a workbook, numbers of outside parties masked. The person's profile must allow it
(`smsswitch taxation profile`).

**Inputs** the form; what is left blank has the default of the analysis. Days are those of the PBX.
`more` takes further parameters by name (`smsswitch taxation analyse --json` lists them).

**Outputs** `reports/<year>/<month>/<analysis>-<run>.html` and `.xlsx`, shown under *SMS reports*; table
`treatment_run`.

**When it is red** a parameter was refused, or the profile does not allow it (`bad_parameter`,
`not_allowed`): the log says which; start a new run.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=attempts(minutes=60),
    params=analysis_form(),
    doc_md=DOC,
    tags=["taxation"],
)
def taxation_analysis() -> None:
    @task
    @bad_input_fails
    def analyse(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, Any]:
        from include.reports.analysis_page import write_for_form

        return write_for_form(dict(params or {}), by=orderer(dag_run))

    analyse()


taxation_analysis()
