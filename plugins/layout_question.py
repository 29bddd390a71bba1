"""The form by which ops allow the columns of a new ticket layout; it shows the DDL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

ALLOW, REFUSE = "Autoriser", "Refuser"


class LayoutQuestion(HITLOperator):
    """Asks whether a layout may change `taxdata`; nobody's answer in time leaves its files waiting."""

    template_fields: Collection[str] = (*HITLOperator.template_fields, "layout")

    def __init__(self, *, layout: str, **kwargs: Any) -> None:
        kwargs = {"subject": "Format", "options": [ALLOW, REFUSE], "defaults": REFUSE, **kwargs}
        super().__init__(**kwargs)
        self.layout = layout

    def execute(self, context: Any) -> Any:
        """Ask, with the layout's own DDL; nothing to ask where it is allowed already."""
        from include.taxation.approval import question

        asked = question(self.layout)
        if asked is None:
            self.log.info("%s: déjà autorisé", self.layout)
            return {"layout": self.layout, "chosen_options": [ALLOW], "responded_by_user": None}
        self.subject, self.body = asked.subject, asked.body
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """The answer, with the layout that it is about."""
        answer = super().execute_complete(context, event)
        return {"layout": self.layout, **answer}
