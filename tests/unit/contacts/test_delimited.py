"""A delimited text, read fast: the same rows as the csv module gives."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.contacts import delimited, pieces
from include.contacts.refusal import RefusalError

ALPHABET = st.sampled_from([*';,"\r\n \t', "\u00a0", "\u2028", "\x1c", "\x00", "é", "a", "0", "😀"])
LINES = st.lists(st.text("a0; ", max_size=6), max_size=30).map("\r\n".join)
Row = tuple[int, list[str | None], str | None]


def slowly(text: str, delimiter: str, width: int) -> Iterator[Row]:
    """The rows as the csv module cuts them, one by one."""
    blanks = 0
    for number, cells in enumerate(
        csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1
    ):
        row = [cell if cell and not cell.isspace() else None for cell in cells]
        if any(row):
            blanks = 0
            fitted = (row + [None] * width)[:width]
            yield number, fitted, " ".join(filter(None, row[width:])) or None
            continue
        blanks += 1
        if blanks > 1_000:
            return


def unclosed(text: str, delimiter: str) -> int | None:
    """The row whose quoted cell would swallow whatever were written behind the text."""
    lines = list(io.StringIO(text, newline=""))
    cut, more = (list(csv.reader(x, delimiter=delimiter)) for x in (lines, [*lines, "behind"]))
    return len(cut) if len(more) == len(cut) else None


def rows(found: Iterator[pa.RecordBatch]) -> list[Row]:
    return [
        (row["row"], [v for k, v in row.items() if k not in ("row", "extra")], row["extra"])
        for piece in found
        for row in piece.to_pylist()
    ]


def written(folder: Path, text: str) -> Path:
    path = folder / "drop"
    path.write_text(text, "utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


@pytest.mark.parametrize("chunk", [3, 17, delimited._CHUNK])
@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(ALPHABET, max_size=60), LINES), width=st.integers(1, 4))
@example(text="a;b\n" * 3 + ";\n" * 1_200 + "c;d\n", width=2)
@example(text="\n" * 1_000 + "c;d\n" + "\n" * 1_001 + "e;f", width=2)
@example(text='a;"b\n\n c"";"\nd;e;f\ng', width=2)
@example(text='a;b\nc;"d\ne;f\n', width=2)
@example(text='"a"\rb;c\r\nd', width=2)
def test_every_text_is_cut_as_the_csv_module_cuts_it(
    folder: Path, chunk: int, text: str, width: int
) -> None:
    path = written(folder, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK", chunk)
        if (row := unclosed(text, ";")) is not None:
            with pytest.raises(RefusalError) as refused:
                rows(delimited._pieces(path, "utf-8", ";", width, 0))
            assert (refused.value.code, refused.value.facts) == ("unclosed_quote", {"row": row})
            return
        fast = rows(delimited._pieces(path, "utf-8", ";", width, 0))
    assert fast == list(slowly(text, ";", width))


@pytest.mark.parametrize("delimiter", [";", ",", "|", "\t", "a", "é"])
def test_any_delimiter_that_a_mapping_may_name(folder: Path, delimiter: str) -> None:
    text = f"x{delimiter}y\r\n{delimiter}\r\nz\r\n1{delimiter}2{delimiter}3\r\n"
    fast = rows(delimited._pieces(written(folder, text), "utf-8", delimiter, 2, 0))
    assert fast == list(slowly(text, delimiter, 2))
    assert len(fast) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_found_however_long_the_text(folder: Path, encoding: str) -> None:
    path = folder / "drop"
    path.write_bytes(("é;€\r\n" * 400_000).encode(encoding))
    assert delimited.detect_encoding(path) == encoding
    assert sum(p.num_rows for p in delimited._pieces(path, encoding, ";", 2, 0)) == 400_000


def test_pieces_of_a_sheet_stop_at_a_thousand_blank_rows() -> None:
    blank: list[Any] = [None, " "]
    sheet = [["a", "b"], *[blank] * 1_000, ["c"], *[blank] * 30_000, ["d", "e"]]
    found = rows(pieces.Numbering(2).pieces(sheet))
    assert found == [(1, ["a", "b"], None), (1_002, ["c", None], None)]
