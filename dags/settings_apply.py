"""The settings of the centre by a form: company, alerts, limits, groups, retention."""

from typing import Any

from airflow.sdk import Param, dag, task
from dag_edge import attempts, bad_input_fails, orderer

DOC = """
### What it does
Takes the areas that the settings name; those left out stay as they are. Nothing is taken of settings with a
fault. The same as `smsswitch settings apply`; `smsswitch settings example` prints a whole file,
`smsswitch settings show` what holds now.

**Inputs** the form: YAML, for example

    version: 1
    alerts:
      receivers:
        - {to: ops@example.org, language: fr}

**Outputs** tables `setting`, `audit_entry`. They hold from the next run of each DAG on.

**When it is red** the last lines of the log name line and field of each fault (`bad_settings`, `not_yaml`);
start a new run. Clearing the run is safe: the same settings again change nothing.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=attempts(),
    params={
        "document": Param(
            type="string", format="multiline", minLength=1, maxLength=65536, title="YAML"
        )
    },
    doc_md=DOC,
    tags=["operations"],
)
def settings_apply() -> None:
    @task
    @bad_input_fails
    def apply_settings(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, Any]:
        from include.operations.settings import apply

        return apply((params or {})["document"], by=orderer(dag_run))

    apply_settings()


settings_apply()
