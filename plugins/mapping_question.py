"""The form by which ops confirm the columns of a file: a field for each, known only when it is asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

CONFIRM, LEAVE = "Confirmer", "Laisser au client"


class MappingQuestion(HITLOperator):
    """Asks which column is what; nobody's answer in time leaves the question to the client.

    Airflow takes any answer as it comes; one that cannot be used fails the try here, and the next
    try asks again. Where the columns are confirmed already there is nothing to ask.
    """

    template_fields: Collection[str] = (*HITLOperator.template_fields, "import_id")

    def __init__(self, *, import_id: str, **kwargs: Any) -> None:
        kwargs = {"subject": "Colonnes", "options": [CONFIRM, LEAVE], "defaults": LEAVE, **kwargs}
        super().__init__(**kwargs)
        self.import_id = import_id

    def execute(self, context: Any) -> Any:
        """Ask, with the import's own rows and columns."""
        from include.contacts.ops_answer import TARGETS, question

        asked = question(self.import_id)
        if asked is None:
            self.log.info("%s: déjà confirmé", self.import_id)
            return {"chosen_options": [CONFIRM], "params_input": {}, "responded_by_user": None}
        self.subject, self.body = asked.subject, asked.body
        self.params = ParamsDict(
            {
                name: Param(to, type="string", title=title, examples=list(TARGETS), maxLength=44)
                for name, (title, to) in asked.fields.items()
            }
        )
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """The answer, checked; an exception where it cannot be used."""
        from include.contacts.ops_answer import check

        answer = super().execute_complete(context, event)
        if answer["chosen_options"] == [CONFIRM]:
            check(self.import_id, answer["params_input"])
        return answer
