"""What another process with the same journal told: before a batch is gone on with."""

from typing import Any

from sms_sender.errors import Refused
from sms_sender.reconcile import told_of
from tests.unit.sender.batches_for_tests import batch


class Told:
    """A centre that answers a claim with these messages."""

    def __init__(self, *messages: dict[str, Any], revoked: bool = False) -> None:
        self.answer = {"messages": list(messages), "revoked": revoked}

    def claim(self, token: str) -> dict[str, Any]:
        assert token == "token-1"
        return self.answer


class Unknown:
    """A centre that knows no such lease."""

    def claim(self, token: str) -> dict[str, Any]:
        raise Refused(token)


def test_parts_told_are_not_sent_again() -> None:
    known = batch(1, 2)
    centre = Told({"message_id": 100, "parts_told": [1]}, {"message_id": 101, "parts_told": [2]})
    assert told_of(centre, known) == ({(100, 1), (101, 2)}, False)


def test_a_message_that_was_given_back_is_not_sent_at_all() -> None:
    """It may be another group's by now, or its recipient may have said STOP."""
    centre = Told({"message_id": 100, "parts_told": []})
    assert told_of(centre, batch(1, 2)) == ({(101, 1), (101, 2)}, False)


def test_a_lease_that_is_over_is_revoked() -> None:
    assert told_of(Unknown(), batch(1)) == (set(), True)
    assert told_of(Told(revoked=True), batch(1)) == ({(100, 1)}, True)
