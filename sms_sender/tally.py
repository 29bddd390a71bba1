"""What a SIM may send and has sent: consumer plans stop, or are cut off, beyond their quota.

A segment counts from its intent on, unless the network refused it or it was proved not to have
gone out. Days and months are this computer's civil ones.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sms_sender.batches import Part

Today = Callable[[], date]
Sim = str


@dataclass(frozen=True, slots=True)
class Quota:
    """Segments per day and month, and different numbers per month; None is no limit."""

    per_day: int | None = None
    per_month: int | None = None
    recipients_per_month: int | None = None


def recipient_key(journal_id: uuid.UUID, msisdn: str) -> bytes:
    """Return what stands for a number once the number itself is forgotten."""
    return hashlib.blake2b(msisdn.encode(), key=journal_id.bytes, digest_size=8).digest()


class Tally:
    """The count of one SIM, kept by the thread of its modem. `key` names a number (see above)."""

    def __init__(
        self,
        quota: Quota | None = None,
        *,
        sim: Sim = "",
        sends: Mapping[date, int] | None = None,
        recipients: Iterable[bytes] = (),
        key: Callable[[str], bytes] = str.encode,
        today: Today = date.today,
    ) -> None:
        self._quota = quota or Quota()
        self._limited = self._quota != Quota()
        self._sim = sim
        self._key = key
        self._today = today
        self._sends = Counter(sends or {})
        self._month = self._this_month()
        self._recipients = set(recipients)
        self._full_on: date | None = None

    @property
    def full(self) -> bool:
        """Whether nothing more may be begun today."""
        return self._full_on == self._today() or not self._has_room(1, None)

    def allows(self, part: Part) -> bool:
        """Say whether a message fits, from this part on; if not, the SIM rests until tomorrow."""
        if not self._limited:
            return True
        if self._full_on == self._today():
            return False
        message = part.message
        segments = sum(number >= part.part for number in message.parts)
        fits = self._has_room(segments, self._key(message.msisdn))
        if not fits:
            self._full_on = self._today()
        return fits

    def begin(self, msisdn: str) -> tuple[Sim, str, bytes] | None:
        """Count a segment whose intent is about to be written.

        Returns what the journal has to remember with it: SIM, month, number; None if nothing.
        """
        if not self._limited:
            return None
        self._turn_month()
        self._sends[self._today()] += 1
        if self._quota.recipients_per_month is None:
            return None
        key = self._key(msisdn)
        self._recipients.add(key)
        return self._sim, f"{self._today():%Y-%m}", key

    def take_back(self) -> None:
        """The last segment certainly did not go out."""
        if self._limited:
            self._sends[self._today()] -= 1

    def used(self) -> dict[str, Any] | None:
        """Return the counts, each with its limit; None if there is no quota."""
        if not self._limited:
            return None
        self._turn_month()
        return {
            "today": self._sends[self._today()],
            "per_day": self._quota.per_day,
            "month": self._in_month(),
            "per_month": self._quota.per_month,
            "recipients": len(self._recipients),
            "recipients_per_month": self._quota.recipients_per_month,
        }

    def _has_room(self, segments: int, recipient: bytes | None) -> bool:
        self._turn_month()
        quota, new = self._quota, recipient is None or recipient not in self._recipients
        return (
            _within(self._sends[self._today()] + segments, quota.per_day)
            and _within(self._in_month() + segments, quota.per_month)
            and _within(len(self._recipients) + new, quota.recipients_per_month if new else None)
        )

    def _in_month(self) -> int:
        year_month = self._this_month()
        return sum(n for day, n in self._sends.items() if (day.year, day.month) == year_month)

    def _this_month(self) -> tuple[int, int]:
        today = self._today()
        return today.year, today.month

    def _turn_month(self) -> None:
        if self._month != self._this_month():
            self._month = self._this_month()
            self._recipients.clear()


class Tallies:
    """The counts of all SIMs that this host has seen."""

    def __init__(
        self, quotas: Mapping[str, Quota], journal_id: uuid.UUID, today: Today = date.today
    ) -> None:
        self._quotas = quotas
        self._journal_id = journal_id
        self._today = today
        self._sends: dict[Sim, Counter[date]] = {}
        self._recipients: dict[Sim, set[bytes]] = {}
        self._tallies: dict[Sim, Tally] = {}

    def recall(
        self, sends: Iterable[tuple[Sim, str]], recipients: Iterable[tuple[Sim, bytes]]
    ) -> None:
        """Take what the journal knows: the times of what went out, whom it went to this month."""
        for sim, begun_at in sends:
            day = datetime.fromisoformat(begun_at).astimezone().date()
            self._sends.setdefault(sim, Counter())[day] += 1
        for sim, recipient in recipients:
            self._recipients.setdefault(sim, set()).add(recipient)

    def month(self) -> str:
        """Return the month that is counted now."""
        return f"{self._today():%Y-%m}"

    def of(self, imsi: str | None, iccid: str | None) -> Tally:
        """Return the count of a SIM. Its quota is set by ICCID, IMSI, or `*` for any."""
        sim = imsi or iccid or ""
        if sim not in self._tallies:
            names = (iccid or "", imsi or "", "*")
            quota = next((self._quotas[name] for name in names if name in self._quotas), None)
            self._tallies[sim] = Tally(
                quota,
                sim=sim,
                sends=self._sends.get(sim),
                recipients=self._recipients.get(sim, ()),
                key=lambda msisdn: recipient_key(self._journal_id, msisdn),
                today=self._today,
            )
        return self._tallies[sim]


def _within(count: int, limit: int | None) -> bool:
    return limit is None or count <= limit
