"""Why a file, a mapping or a row is not taken.

Each refusal has a stable code; its sentences stand in the catalogue of pages under ``reason.<text>``.
"""

from typing import Any, Literal

from include.errors import SmsswitchError

Outcome = Literal["quarantined", "rejected", "awaiting_mapping", "duplicate"]


class RefusalError(SmsswitchError):
    """The client's file or mapping cannot be used as it is.

    ``outcome`` is the state of the upload: set aside unread, refused, or still waiting for a
    mapping that can be used, or nothing new. ``facts`` fill the sentence and come with the receipt.
    """

    def __init__(
        self,
        code: str,
        *,
        outcome: Outcome = "rejected",
        text: str | None = None,
        column: int | None = None,
        **facts: Any,
    ) -> None:
        self.code = code
        self.outcome: Outcome = outcome
        self.text = text or code
        self.column = column
        self.facts = facts if column is None else {**facts, "column": column}
        super().__init__(f"{code}: {facts}")

    def document(self) -> dict[str, Any]:
        """The refusal as JSON, to hand it from one process to another."""
        facts = {k: v for k, v in self.facts.items() if k != "column"}
        return {
            "code": self.code,
            "outcome": self.outcome,
            "text": self.text,
            "column": self.column,
            "facts": facts,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "RefusalError":
        """The refusal that ``document`` made JSON of."""
        return cls(
            document["code"],
            outcome=document["outcome"],
            text=document["text"],
            column=document["column"],
            **document["facts"],
        )


def quarantined(code: str, *, text: str | None = None, **facts: Any) -> RefusalError:
    """The whole file is set aside before anything of it is believed."""
    return RefusalError(code, outcome="quarantined", text=text, **facts)


def mapping_refused(code: str, *, text: str | None = None, **facts: Any) -> RefusalError:
    """The mapping cannot be used; the file still waits for one."""
    return RefusalError(code, outcome="awaiting_mapping", text=text, **facts)
