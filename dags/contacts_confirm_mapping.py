"""Asks a person of ops which column of a client's file is what (human in the loop)."""

from typing import Any

from airflow.sdk import Asset, Param, dag, task, task_group
from dag_edge import attempts, bad_input_fails
from mapping_question import MappingQuestion, imports_told, look_again

DOC = """
### What it does
Shows the first five rows of a file that waits for its columns, with the proposal, and a field for
each column: `phone` (exactly one), `first_name`, `last_name`, `variable1`, `variable2`,
`var_<name>` or `ignore`. « Confirmer » loads the file as a mapping file of the client would;
« Laisser au client », or no answer within a day, changes nothing. If the client was first, the
form closes by itself, and the run says « déjà confirmé » and ends well. An answer that cannot be used
is refused and asked for again; the alert `mapping_answer_refused` and the log say why. About one import
only one run asks at a time.

**Inputs** asset `mapping_questions` with the imports whose client has been silent for
`SMSSWITCH_ASK_OPS_AFTER` minutes (`bucket_scan` tells them), or the form: the `import_id` of the client's
receipt. The questions stand under *Required Actions*.

**Outputs** the import: contacts, receipt, the client's list; `audit_entry` says who confirmed.

**When it is red** the import does not exist or waits for nothing: the log says which.
"""


@dag(
    schedule=[Asset(name="mapping_questions")],
    catchup=False,
    max_active_runs=64,
    default_args=attempts(minutes=30),
    params={
        "import_id": Param(
            None, type=["null", "string"], pattern="^imp_[0-9A-Za-z]{8,32}$", title="Import"
        ),
    },
    doc_md=DOC,
    tags=["clients"],
)
def contacts_confirm_mapping() -> None:
    @task
    def imports(
        params: dict[str, Any] | None = None, triggering_asset_events: Any = None
    ) -> list[str]:
        return imports_told(triggering_asset_events, params)

    @task_group
    def question(import_id: str) -> None:
        # Airflow may lose a task that is parked again; the next try asks the same question.
        ask = MappingQuestion(
            task_id="ask", import_id=import_id, response_timeout=look_again(), retries=20
        )

        @task
        @bad_input_fails
        def confirm_columns(answer: dict[str, Any]) -> Any:
            from include.contacts.ops_answer import settle

            return settle(answer)

        confirm_columns(ask.output)

    question.expand(import_id=imports())


contacts_confirm_mapping()
