"""How long a commit waits for the modems that are about to ask, so that it is one for them all."""

from collections.abc import Iterable

MOST_SECONDS = 0.005
# A turn may last so many commits; a modem that takes longer than so many turns is not waited for.
WORTH = 3.0
LATE = 2.0
_WEIGHT = 0.05


class Pace:
    """Modems that were let send ask again after their turn: a dialogue, and what it takes to go on.

    Waiting for them pays where turns are short against a commit, which is what they would have to
    wait for otherwise: modems that answer at once then go in step. It never delays a commit by more
    than MOST_SECONDS. Times are those of one monotonic clock.
    """

    def __init__(self) -> None:
        self._let: dict[str, float] = {}
        self._turn = self._commit = 0.0

    def asks(self, modem: str, now: float) -> None:
        """A modem wants to send."""
        since = self._let.pop(modem, None)
        if since is not None:
            self._turn += (now - since - self._turn) * _WEIGHT

    def committed(self, modems: Iterable[str], began: float, now: float) -> None:
        """What these modems asked is on the disk."""
        self._commit += (now - began - self._commit) * _WEIGHT
        self._let.update((modem, now) for modem in modems)

    def about_to_ask(self, now: float) -> tuple[int, float]:
        """Return how many modems are worth waiting for, and until when."""
        if self._turn > WORTH * self._commit:
            return 0, now
        patience = LATE * self._turn
        soon = [since for since in self._let.values() if since + patience > now]
        return len(soon), min(max(soon, default=now) + patience, now + MOST_SECONDS)
