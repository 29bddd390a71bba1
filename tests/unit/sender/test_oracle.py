"""The SIM's count is believed only after it was right twenty times in a row."""

from sms_sender.oracle import TRUSTED, Oracle


def calibrated() -> Oracle:
    oracle = Oracle()
    for reference in range(TRUSTED):
        assert oracle.wants_to_check()
        oracle.check(reference, reference)
    return oracle


def test_it_must_earn_trust() -> None:
    kept: list[int] = []
    oracle = Oracle(0, kept.append)
    for reference in range(TRUSTED - 1):
        oracle.check(reference, reference)
        assert not oracle.trusted
        assert oracle.judge(5, 5) == "perhaps"
    oracle.check(200, 200)
    assert oracle.trusted
    assert kept == [TRUSTED]
    assert Oracle(kept[0]).trusted


def test_one_mismatch_ends_it() -> None:
    kept: list[int] = []
    oracle = Oracle(TRUSTED, kept.append)
    oracle.check(5, 4)
    assert not oracle.trusted
    assert kept == [0]


def test_only_an_unchanged_count_proves_anything() -> None:
    oracle = calibrated()
    assert oracle.judge(7, 7) == "not_submitted"
    for before, after in ((7, 8), (255, 0), (7, 9), (None, 7), (7, None), (None, None)):
        assert oracle.judge(before, after) == "perhaps"


def test_a_sim_that_cannot_be_asked_is_not_asked_again() -> None:
    oracle = Oracle()
    oracle.check(1, None)
    assert not oracle.wants_to_check()


def test_once_trusted_it_is_checked_now_and_then() -> None:
    oracle = calibrated()
    asked = sum(oracle.wants_to_check() for _ in range(1000))
    assert asked == 10
