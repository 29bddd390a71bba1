"""The error tree of the centre.

An ``InputError`` is the doing of the person who gave the input: it names the place and says what to
do, in French and in English. A ``TransientError`` may pass by itself: the caller may try again.
"""

from dataclasses import dataclass


class SmsswitchError(Exception):
    """Something this project noticed by itself."""


class TransientError(SmsswitchError):
    """A resource was not there just now; trying again later may work."""


class ConfigurationError(SmsswitchError):
    """A setting is missing or wrong; the message names it."""


@dataclass(frozen=True)
class Place:
    """Where in the input: any part may be unknown. Lines, columns and rows count from 1."""

    file: str | None = None
    line: int | None = None
    field: str | None = None
    column: int | None = None


class InputError(SmsswitchError):
    """Input that cannot be used: a stable code for programs, a sentence in two languages for people."""

    def __init__(
        self,
        code: str,
        message_en: str,
        message_fr: str | None = None,
        *,
        place: Place | None = None,
    ) -> None:
        self.code = code
        self.message_en = message_en
        self.message_fr = message_fr or message_en
        self.place = place or Place()
        super().__init__(f"{code}: {message_en}")

    def message(self, language: str) -> str:
        """The sentence for a person who reads ``language`` ("fr" or "en")."""
        return self.message_fr if language == "fr" else self.message_en
