"""Sharing messages out among groups."""

from hypothesis import given, settings
from hypothesis import strategies as st

from include.fleet.capacity import Capacity, share_out, weights


@settings(deadline=None)
@given(st.integers(0, 10_000), st.dictionaries(st.integers(1, 20), st.integers(1, 64), min_size=1))
def test_shares_add_up_and_are_fair(total: int, by: dict[int, int]) -> None:
    shares = share_out(total, by)
    whole = sum(by.values())
    assert sum(shares.values()) == total
    for key, weight in by.items():
        assert abs(shares[key] - total * weight / whole) < 1


def test_only_what_lives_counts_while_anything_does() -> None:
    groups = [Capacity(1, "a", 2, 2, None), Capacity(2, "b", 0, 4, None)]
    assert weights(groups) == {1: 24}
    assert weights([Capacity(2, "b", 0, 4, None)]) == {2: 48}
    assert weights([Capacity(2, "b", 0, 0, None)]) == {}


def test_a_rate_limits_what_is_hoped_for() -> None:
    assert Capacity(1, "a", 2, 2, 5).per_minute == 5
    assert Capacity(1, "a", 2, 2, None).per_minute == 24


def test_a_group_s_rate_and_quotas_count_when_work_is_shared() -> None:
    slow = Capacity(1, "a", 4, 4, 6)
    used_up = Capacity(2, "b", 9, 9, None, quota_left=0)
    assert weights([slow, used_up, Capacity(3, "c", 1, 1, None)]) == {1: 6, 3: 12}
    # Whoever lives and may not send is waited for: its SIMs may again tomorrow.
    assert weights([used_up, Capacity(4, "d", 0, 5, None)]) == {}
    assert Capacity(1, "a", 1, 1, None, quota_left=50, planned=20).room == 30
    assert Capacity(1, "a", 1, 1, None, quota_left=5, planned=20).room == 0


@settings(deadline=None)
@given(
    st.integers(0, 10_000),
    st.dictionaries(st.integers(1, 9), st.integers(1, 64), min_size=1),
    st.dictionaries(st.integers(1, 9), st.integers(0, 3_000)),
)
def test_nobody_gets_more_than_it_may_and_nothing_is_held_back(
    total: int, by: dict[int, int], most: dict[int, int]
) -> None:
    shares = share_out(total, by, most)
    assert all(share <= most.get(key, total) for key, share in shares.items())
    assert sum(shares.values()) == min(total, sum(most.get(key, total) for key in by))
