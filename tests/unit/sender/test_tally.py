"""What a SIM may send: the count, its limits, and what is left of it after a restart."""

import uuid
from collections import Counter
from datetime import UTC, date, datetime

from sms_sender.batches import Part
from sms_sender.tally import Quota, Tallies, Tally, recipient_key
from tests.unit.sender.batches_for_tests import batch

DAY = date(2026, 11, 30)


class Calendar:
    def __init__(self) -> None:
        self.day = DAY

    def __call__(self) -> date:
        return self.day


def parts(*segments: int) -> list[Part]:
    return batch(*segments).parts


def send(tally: Tally, *segments: int) -> int:
    """Begin what fits of some messages; returns how many segments."""
    count = 0
    for part in parts(*segments):
        if part.part > 1 or tally.allows(part):
            tally.begin(part.message.msisdn)
            count += 1
    return count


def test_a_day_then_the_next() -> None:
    calendar = Calendar()
    tally = Tally(Quota(per_day=3), today=calendar)
    assert send(tally, 1, 1, 1, 1) == 3
    assert tally.full
    calendar.day = date(2026, 12, 1)
    assert not tally.full
    assert send(tally, 1) == 1


def test_a_message_that_does_not_fit_whole_is_not_begun() -> None:
    tally = Tally(Quota(per_day=3), today=Calendar())
    assert send(tally, 2) == 2
    assert not tally.allows(parts(2)[0])
    assert tally.full  # it rests, rather than taking and declining in turns
    assert tally.used() == {
        "today": 2,
        "per_day": 3,
        "month": 2,
        "per_month": None,
        "recipients": 0,
        "recipients_per_month": None,
    }


def test_what_did_not_go_out_does_not_count() -> None:
    tally = Tally(Quota(per_day=1), today=Calendar())
    send(tally, 1)
    assert tally.full
    tally.take_back()
    assert not tally.full


def test_a_month_and_its_numbers() -> None:
    calendar = Calendar()
    tally = Tally(Quota(recipients_per_month=2), today=calendar)
    first, second, third = parts(1, 1, 1)
    assert tally.begin(first.message.msisdn) == ("", "2026-11", first.message.msisdn.encode())
    tally.begin(first.message.msisdn)
    assert tally.allows(second)
    tally.begin(second.message.msisdn)
    assert tally.full
    calendar.day = date(2026, 12, 1)
    assert tally.allows(third)
    month = Tally(Quota(per_month=5), sends={date(2026, 11, 2): 4}, today=Calendar())
    assert send(month, 1, 1) == 1


def test_no_quota_allows_everything_and_shows_nothing() -> None:
    tally = Tally()
    assert send(tally, *[3] * 50) == 150
    assert (tally.full, tally.used()) == (False, None)
    assert tally.begin("+33639980001") is None


def test_quotas_by_iccid_by_imsi_and_for_any() -> None:
    journal = uuid.UUID(int=7)
    quotas = {"8933": Quota(per_day=1), "20801": Quota(per_day=2), "*": Quota(per_day=3)}
    tallies = Tallies(quotas, journal, Calendar())
    at = datetime(2026, 11, 30, 12, tzinfo=UTC).isoformat()
    tallies.recall([("20801", at), ("20801", at)], [("20802", recipient_key(journal, "+336"))])
    limits = [tallies.of(*sim).used() for sim in (("1", "8933"), ("20801", "x"), ("20802", "y"))]
    assert [used and (used["today"], used["per_day"]) for used in limits] == [
        (0, 1),
        (2, 2),
        (0, 3),
    ]
    assert tallies.of("20801", None).full
    assert Tallies({}, journal).of("1", "2").used() is None


def test_a_number_is_remembered_by_a_key_that_only_this_journal_makes() -> None:
    keys = Counter(recipient_key(uuid.UUID(int=n), "+33639980001") for n in range(5))
    assert len(keys) == 5
    assert all(len(key) == 8 for key in keys)
