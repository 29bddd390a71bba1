"""Doubles within a file, found piece by piece; texts that need a second look."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.contacts import rows
from include.contacts.rows import CODE, Verdicts, clean_text, may_hold_controls

SHORT = CODE["phone_too_short"]
DOUBLE = CODE["duplicate_in_file"]


def marked(folder: Path, numbers: list[int], policy: str) -> list[int]:
    kept = folder / "numbers"
    np.array(numbers, np.int64).tofile(kept)
    verdicts = Verdicts(np.array([0 if n else SHORT for n in numbers], np.uint8), 0, kept)
    rows._mark_duplicates(verdicts, policy)
    return [int(code) for code in verdicts.codes]


def expected(numbers: list[int], policy: str) -> list[int]:
    places = defaultdict(list)
    for place, number in enumerate(numbers):
        if number:
            places[number].append(place)
    codes = [0 if n else SHORT for n in numbers]
    for same in places.values():
        kept = {
            "keep_first": same[:1],
            "keep_last": same[-1:],
            "reject": same if len(same) == 1 else [],
        }
        for place in set(same) - set(kept[policy]):
            codes[place] = DOUBLE
    return codes


@settings(deadline=None)
@given(
    numbers=st.lists(st.integers(0, 12), max_size=40),
    policy=st.sampled_from(["keep_first", "keep_last", "reject"]),
    size=st.integers(1, 50),
)
def test_doubles_are_the_same_however_the_rows_are_cut(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], policy: str, size: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "_COMPARED_ROWS", size)
        assert marked(folder, numbers, policy) == expected(numbers, policy)


@settings(deadline=None)
@given(st.lists(st.none() | st.text(max_size=8), max_size=8))
def test_no_control_character_hides_from_the_first_look(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    if not may_hold_controls(column):
        held = "".join(text or "" for text in texts)
        assert not any(c < " " or "\x7f" <= c <= "\x9f" or c in "\u2028\u2029" for c in held)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" a ", "a"),
        ("a\r\nb", "a b"),
        ("\u2028", None),
        ("\u00a0x", "x"),
        ("Zoé", "Zoé"),
        (None, None),
    ],
)
def test_texts_are_kept_on_one_line_without_blanks_around(
    written: str | None, kept: str | None
) -> None:
    assert clean_text(pa.array([written], pa.string())).to_pylist() == [kept]
