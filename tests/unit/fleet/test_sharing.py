"""Sharing messages out among groups."""

from hypothesis import given
from hypothesis import strategies as st

from include.fleet.capacity import Capacity, share_out, weights


@given(st.integers(0, 10_000), st.dictionaries(st.integers(1, 20), st.integers(1, 64), min_size=1))
def test_shares_add_up_and_are_fair(total: int, by: dict[int, int]) -> None:
    shares = share_out(total, by)
    whole = sum(by.values())
    assert sum(shares.values()) == total
    for key, weight in by.items():
        assert abs(shares[key] - total * weight / whole) < 1


def test_only_what_lives_counts_while_anything_does() -> None:
    groups = [Capacity(1, "a", 2, 2, None), Capacity(2, "b", 0, 4, None)]
    assert weights(groups) == {1: 2}
    assert weights([Capacity(2, "b", 0, 4, None)]) == {2: 4}
    assert weights([Capacity(2, "b", 0, 0, None)]) == {}


def test_a_rate_limits_what_is_hoped_for() -> None:
    assert Capacity(1, "a", 2, 2, 5).per_minute == 5
    assert Capacity(1, "a", 2, 2, None).per_minute == 24
