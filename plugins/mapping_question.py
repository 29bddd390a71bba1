"""The form by which ops confirm the columns of a file: a field for each, known only when it is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

from include.errors import InputError
from include.settings import ask_ops_after

CONFIRM, LEAVE = "Confirmer", "Laisser au client"
_LONGEST_LOOK, _SHORTEST_LOOK = timedelta(minutes=10), timedelta(seconds=30)


def look_again() -> timedelta:
    """How often an open question is held against the import, which its client may have confirmed."""
    sixth = (ask_ops_after() or timedelta(hours=1)) / 6
    return min(_LONGEST_LOOK, max(_SHORTEST_LOOK, sixth))


def imports_told(events: Any, form: Mapping[str, Any] | None) -> list[str]:
    """The imports that asset events name, and the one that the form of a manual run names."""
    told = (event.extra.get("imports", []) for some in (events or {}).values() for event in some)
    ids = {str(import_id) for imports in told for import_id in imports}
    asked = (form or {}).get("import_id")
    return sorted(ids | ({asked} if asked else set()))


class MappingQuestion(HITLOperator):
    """Asks which column is what; nobody's answer in time leaves the question to the client.

    Airflow takes any answer as it comes; one that cannot be used is refused here, and asked for
    again. (The form cannot say why: Airflow keeps its words. An alert does.) Where the columns are
    confirmed already, or another run asks, there is nothing to ask. ``response_timeout`` is how long
    the form is left alone: then it is closed if the client was first, and otherwise goes on waiting,
    for a day in all.
    """

    template_fields: Collection[str] = (*HITLOperator.template_fields, "import_id")

    def __init__(self, *, import_id: str, **kwargs: Any) -> None:
        kwargs = {"subject": "Colonnes", "options": [CONFIRM, LEAVE], "defaults": LEAVE, **kwargs}
        super().__init__(**kwargs)
        self.import_id = import_id

    def execute(self, context: Any) -> Any:
        """Ask, with the import's own rows and columns."""
        from include.contacts.ops_answer import Outcome, ask

        asked = ask(self.import_id, context["run_id"])
        if isinstance(asked, Outcome):
            self.log.info("%s: %s", self.import_id, asked.message)
            return self._told({"chosen_options": [], "outcome": asked.outcome})
        self.subject, self.body = asked.subject, asked.body
        self._ask_for(asked.fields)
        return super().execute(context)

    def _ask_for(self, fields: Mapping[str, tuple[str, str]]) -> None:
        from include.contacts.ops_answer import TARGETS

        self.params = ParamsDict(
            {
                name: Param(to, type="string", title=title, examples=list(TARGETS), maxLength=44)
                for name, (title, to) in fields.items()
            }
        )

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """The answer, once it can be used."""
        from include.contacts.ops_answer import asks_on, check, leave

        run = context["run_id"]
        if not event.get("responded_by_user") and asks_on(self.import_id, run):
            return self.execute(context)  # nobody has answered yet; it may be over by now
        answer = super().execute_complete(context, event)
        if answer["chosen_options"] == [CONFIRM]:
            try:
                check(self.import_id, answer["params_input"])
            except InputError as error:
                self.log.warning("%s: asked again: %s", self.import_id, error.message_en)
                return self.execute(context)
        else:
            leave(self.import_id, run)
        return self._told(answer)

    def _told(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        return {**answer, "import_id": self.import_id}
