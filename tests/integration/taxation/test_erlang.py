"""Erlang's B formula against the tables that engineers print."""

import pytest

from tests.conftest import Database

# Offered traffic in Erlang that so many lines carry at 1 % loss, as in the published tables.
AT_ONE_PERCENT = {
    1: 0.0101, 2: 0.153, 3: 0.455, 4: 0.869, 5: 1.36, 6: 1.91, 7: 2.50, 8: 3.13, 9: 3.78, 10: 4.46,
    11: 5.16, 12: 5.88, 13: 6.61, 14: 7.35, 15: 8.11, 16: 8.88, 17: 9.65, 18: 10.4, 19: 11.2,
    20: 12.0, 25: 16.1, 30: 20.3, 40: 29.0, 50: 37.9, 60: 46.9, 70: 56.1, 80: 65.4, 90: 74.7,
    100: 84.1,
}  # fmt: skip


@pytest.fixture
def lost(db: Database) -> Database:
    return db


def test_the_published_table_at_one_percent(lost: Database) -> None:
    for lines, traffic in AT_ONE_PERCENT.items():
        # The tables round to three digits: the traffic a little below and above brackets 1 %.
        step = 10.0 ** (len(str(int(traffic))) - 3) if traffic >= 1 else 0.0006
        below, above = (
            float(str(lost.one("select erlang_b(%s, %s)", (t, lines))))
            for t in (traffic - step, traffic + step)
        )
        assert below < 0.01 < above, (lines, below, above)
        assert lost.one("select lines_needed(%s, 0.01)", (traffic - step,)) == lines
        assert lost.one("select lines_needed(%s, 0.01)", (traffic + step,)) == lines + 1


def test_nothing_offered_needs_no_line(lost: Database) -> None:
    assert lost.one("select lines_needed(0, 0.01)") == 1
