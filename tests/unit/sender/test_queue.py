"""What leaves the queue, in which order, and what never does."""

from sms_sender.batches import Part
from sms_sender.queue import Queue
from tests.unit.sender.batches_for_tests import batch


class Clock:
    """Time that stands still unless told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def queue(clock: Clock | None = None) -> Queue:
    clock = clock or Clock()
    return Queue(centre_time=clock, clock=clock)


def name(part: Part | None) -> tuple[int, int, int] | None:
    return None if part is None else (part.message.message_id, part.part, part.seq)


def test_modems_pull_in_the_order_of_seq() -> None:
    shared = queue()
    shared.add(batch(1, 1, 1))
    assert name(shared.take("a")) == (100, 1, 1)
    assert name(shared.take("b")) == (101, 1, 2)
    shared.finish("b")
    assert name(shared.take("b")) == (102, 1, 3)
    assert shared.take("c") is None


def test_the_parts_of_a_message_leave_through_one_modem() -> None:
    shared = queue()
    shared.add(batch(3, 1))
    assert name(shared.take("a")) == (100, 1, 1)
    assert name(shared.take("b")) == (101, 1, 4)
    shared.finish("b")
    assert shared.take("b") is None
    shared.finish("a")
    assert name(shared.take("a")) == (100, 2, 2)
    shared.finish("a")
    assert name(shared.take("a")) == (100, 3, 3)


def test_no_part_above_the_permit() -> None:
    woken: list[bool] = []
    shared = queue()
    shared.on_blocked = lambda: woken.append(True)
    shared.add(batch(1, 2, permit=2))
    assert shared.take("a") is not None
    shared.finish("a")
    assert name(shared.take("a")) == (101, 1, 2)
    shared.finish("a")
    assert shared.take("a") is None
    assert shared.take("b") is None
    assert woken == [True]
    assert shared.counts().blocked
    shared.permit({1: 1, 7: 99})
    assert shared.take("a") is None
    shared.permit({1: 3})
    assert name(shared.take("a")) == (101, 2, 3)


def test_what_is_done_is_not_sent_again() -> None:
    shared = queue()
    assert shared.add(batch(2, 1), done=[(100, 1), (101, 1)]) == 1
    assert name(shared.take("a")) == (100, 2, 2)


def test_a_revoked_batch_is_given_back() -> None:
    shared = queue()
    shared.add(batch(2, 1))
    shared.add(batch(1, batch_id=2))
    shared.take("a")
    shared.revoke([1, 9])
    shared.finish("a")
    assert name(shared.take("a")) == (200, 1, 1)
    assert [(name(p), why) for p, why in shared.returns()] == [
        ((100, 2, 2), "revoked"),
        ((101, 1, 3), "revoked"),
    ]
    assert shared.returns() == []


def test_a_number_that_opted_out_is_left_out() -> None:
    shared = queue()
    shared.add(batch(1, 1, 1))
    shared.revoke([], [101])
    assert name(shared.take("a")) == (100, 1, 1)
    shared.finish("a")
    assert name(shared.take("a")) == (102, 1, 3)
    assert [why for _, why in shared.returns()] == ["opted_out"]


def test_nothing_is_begun_after_the_last_moment_of_a_batch() -> None:
    clock = Clock()
    shared = queue(clock)
    shared.add(batch(1, 1, not_after=1010))
    assert shared.take("a") is not None
    shared.finish("a")
    clock.now = 1010
    assert shared.take("a") is None
    assert [why for _, why in shared.returns()] == ["too late"]


def test_the_rate_of_the_group() -> None:
    clock = Clock()
    shared = queue(clock)
    shared.limit(30)
    shared.add(batch(1, 1, 1))
    assert shared.take("a") is not None
    assert shared.take("b") is None
    clock.now += 2
    assert shared.take("b") is not None
    shared.limit(None)
    assert shared.take("c") is not None


def test_a_part_that_was_not_sent_goes_to_another_modem() -> None:
    shared = queue()
    shared.add(batch(2, 1))
    part = shared.take("a")
    assert part is not None
    assert shared.put_back("a", part) == 1
    again = shared.take("b")
    assert again == part
    assert shared.tries("b") == 1
    shared.finish("b")
    assert name(shared.take("b")) == (100, 2, 2)
    assert shared.tries("b") == 0


def test_a_modem_that_leaves_gives_up_its_message() -> None:
    shared = queue()
    shared.add(batch(2))
    shared.take("a")
    shared.finish("a")
    shared.release("a")
    assert name(shared.take("b")) == (100, 2, 2)


def test_when_a_part_fails_the_others_are_not_sent() -> None:
    shared = queue()
    shared.add(batch(3, 1))
    shared.take("a")
    shared.finish("a", rest="other part failed")
    assert name(shared.take("a")) == (101, 1, 4)
    assert [(name(p), why) for p, why in shared.returns()] == [
        ((100, 2, 2), "other part failed"),
        ((100, 3, 3), "other part failed"),
    ]


def test_draining_ends_what_is_half_sent_and_begins_nothing() -> None:
    shared = queue()
    shared.add(batch(2, 1))
    shared.take("a")
    shared.drain("returned")
    assert shared.take("b") is None
    shared.finish("a")
    assert shared.holding()
    assert name(shared.take("a")) == (100, 2, 2)
    shared.finish("a")
    assert not shared.holding()
    assert shared.take("a") is None
    assert [(name(p), why) for p, why in shared.returns("returned")] == [((101, 1, 3), "returned")]
    assert shared.counts().waiting == 0


def test_a_batch_that_is_over_gives_nothing() -> None:
    shared = queue()
    shared.add(batch(1, 1))
    shared.forget(1)
    assert shared.take("a") is None
    assert [why for _, why in shared.returns()] == ["batch is over"] * 2
