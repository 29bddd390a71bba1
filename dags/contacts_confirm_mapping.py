"""Asks a person of ops which column of a client's file is what (human in the loop)."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task
from dag_edge import attempts, bad_input_fails
from mapping_question import MappingQuestion

DOC = """
### What it does
Shows the first five rows of a file that waits for its columns, with the proposal, and a field for
each column: `phone` (exactly one), `first_name`, `last_name`, `variable1`, `variable2`,
`var_<name>` or `ignore`. « Confirmer » loads the file as a mapping file of the client would;
« Laisser au client », or no answer within a day, changes nothing. If the client was first, the run
says « déjà confirmé » and ends well. An answer that cannot be used is refused, and asked for again.

**Inputs** the form: the `import_id` of the client's receipt. The question stands under *Required
Actions*.

**Outputs** the import: contacts, receipt, the client's list; `audit_entry` says who confirmed.

**When it is red** five answers were refused, or the import does not exist or waits for nothing: the
log says which. Start a new run.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=16,
    default_args=attempts(minutes=30),
    params={
        "import_id": Param(type="string", pattern="^imp_[0-9A-Za-z]{8,32}$", title="Import"),
    },
    doc_md=DOC,
    tags=["clients"],
)
def contacts_confirm_mapping() -> None:
    ask = MappingQuestion(
        task_id="ask",
        import_id="{{ params.import_id }}",
        response_timeout=timedelta(days=1),
        retries=5,
    )

    @task
    @bad_input_fails
    def confirm_columns(answer: dict[str, Any], params: dict[str, Any] | None = None) -> Any:
        from include.contacts.ops_answer import settle

        return settle((params or {})["import_id"], answer)

    confirm_columns(ask.output)


contacts_confirm_mapping()
