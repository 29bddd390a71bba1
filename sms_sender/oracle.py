"""The SIM's own count of what it sent (EF_SMSS, 3GPP TS 31.102 §4.2.28), where it can be trusted.

It is trusted only after TRUSTED sends in a row where it equalled the reference that the modem
answered, and dropped at the first that did not.
"""

from collections.abc import Callable
from typing import Literal

TRUSTED = 20
CHECK_EVERY = 100
Verdict = Literal["not_submitted", "perhaps"]


class Oracle:
    """What is known of the count of one SIM in one modem."""

    def __init__(self, agreed: int = 0, remember: Callable[[int], object] = lambda _: None) -> None:
        self._agreed = agreed
        self._remember = remember
        self._supported = True
        self._sends = 0

    @property
    def trusted(self) -> bool:
        """Whether `judge` may be believed."""
        return self._agreed >= TRUSTED

    def wants_to_check(self) -> bool:
        """Say after a send whether the SIM should be asked for its count."""
        self._sends += 1
        return self._supported and (not self.trusted or self._sends % CHECK_EVERY == 0)

    def check(self, answered: int, counted: int | None) -> None:
        """Compare what the modem answered with what the SIM counted."""
        if counted is None:
            self._supported = False
        elif counted != answered:
            if self._agreed:
                self._remember(0)
            self._agreed = 0
        elif not self.trusted:
            self._agreed += 1
            if self.trusted:
                self._remember(self._agreed)

    def judge(self, before: int | None, after: int | None) -> Verdict:
        """Say whether a send that was never answered was submitted.

        An unchanged count says that it was not. One more says that it was, but only a delivery
        report proves that the network took it, so that stays open like everything else.
        """
        if self.trusted and before is not None and before == after:
            return "not_submitted"
        return "perhaps"
