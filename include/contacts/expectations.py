"""Great Expectations over the mapped rows: the suite as code, its results as counts.

Importing the library takes seconds: it happens inside the functions, once a load is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from include.contacts.gx_library import great_expectations
from include.contacts.mapping import Mapping
from include.contacts.rows import CODE, MAX_TEXT, Verdicts, clean_text, numbered_slices
from include.contacts.table import CellTable
from include.errors import SmsswitchError

if TYPE_CHECKING:
    import pandas as pd

NAME = "contacts"


class ValidationFailedError(SmsswitchError):
    """An expectation could not be evaluated."""


#: E.164 without its +: seven to fifteen digits, the first no zero.
_E164 = (10**6, 10**15 - 1)
#: Refused rows up to here are a matter of rows: a share of a few rows says nothing of the file.
FEW_ROWS = 20
_PIECE_ROWS = 400_000


def validate(
    table: CellTable, mapping: Mapping, verdicts: Verdicts, max_reject_ratio: float
) -> dict[str, Any]:
    """The results of the suite over all rows, added up over the pieces they were checked in.

    Shaped as Great Expectations writes its own results, without the values of cells. The share of
    rows with a usable number must be at least 1 - ``max_reject_ratio``; whatever else is expected
    is broken only by a fault of ours.
    """
    frames = _frames(table, mapping, verdicts)
    results = _add_up(_validate_frames(frames, mapping, max_reject_ratio), max_reject_ratio)
    return {
        "suite_name": NAME,
        "success": all(result["success"] for result in results),
        "results": results,
    }


def too_many_refused(validation: dict[str, Any]) -> bool:
    """Whether the share of rows without a usable number says that the file or mapping is wrong."""
    usable = [r for r in validation["results"] if "mostly" in r["expectation_config"]["kwargs"]]
    return any(not r["success"] and r["result"]["unexpected_count"] > FEW_ROWS for r in usable)


def broken_promises(validation: dict[str, Any]) -> list[str]:
    """Expectations on the rows about to be loaded that do not hold: never the client's doing."""
    return [
        f"{r['expectation_config']['type']}({r['expectation_config']['kwargs']['column']})"
        for r in validation["results"]
        if not r["success"] and "mostly" not in r["expectation_config"]["kwargs"]
    ]


def _frames(table: CellTable, mapping: Mapping, verdicts: Verdicts) -> Iterator[pd.DataFrame]:
    """All rows in few pieces: each costs the library a twentieth of a second."""
    parts: list[pa.Table] = []
    for part, numbers, codes in numbered_slices(table, mapping, verdicts):
        parts.append(_promises(part, mapping, numbers, codes))
        if sum(p.num_rows for p in parts) >= _PIECE_ROWS:
            yield pa.concat_tables(parts).to_pandas()
            parts = []
    if parts:
        yield pa.concat_tables(parts).to_pandas()


def _promises(part: pa.RecordBatch, mapping: Mapping, numbers: Any, codes: Any) -> pa.Table:
    """What is expected of rows, as numbers, which are quicker to look at than texts."""
    loaded = codes == 0
    usable = loaded | (codes == CODE["opted_out"]) | (codes == CODE["duplicate_in_file"])
    columns = {
        "phone": pa.array(numbers, mask=~usable),
        "loaded_phone": pa.array(numbers, mask=~loaded),
    }
    for field, column in mapping.texts.items():
        length = pc.utf8_length(clean_text(part[f"c{column}"]))
        columns[_length(field)] = pc.if_else(pa.array(loaded), length, None)
    return pa.table(columns)


def _length(field: str) -> str:
    return f"length({field})"


def _suite(mapping: Mapping, max_reject_ratio: float) -> Any:
    gx = great_expectations()
    expect: Any = gx.expectations
    return gx.ExpectationSuite(
        NAME,
        expectations=[
            expect.ExpectColumnValuesToNotBeNull(
                column="phone", mostly=round(1 - max_reject_ratio, 4), severity="warning"
            ),
            expect.ExpectColumnValuesToBeBetween(
                column="loaded_phone", min_value=_E164[0], max_value=_E164[1], severity="critical"
            ),
            expect.ExpectColumnValuesToBeUnique(column="loaded_phone", severity="critical"),
            *(
                expect.ExpectColumnValuesToBeBetween(
                    column=_length(field), min_value=1, max_value=MAX_TEXT, severity="critical"
                )
                for field in mapping.texts
            ),
        ],
    )


def _validate_frames(frames: Iterable[pd.DataFrame], mapping: Mapping, ratio: float) -> list[Any]:
    gx = great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas(NAME).add_dataframe_asset(NAME)
    batches = asset.add_batch_definition_whole_dataframe("piece")
    suite = _suite(mapping, ratio)
    return [
        batches.get_batch({"dataframe": frame}).validate(suite, result_format="BASIC").results
        for frame in frames
    ]


def _add_up(pieces: list[Any], max_reject_ratio: float) -> list[dict[str, Any]]:
    added = []
    for results in zip(*pieces, strict=True):
        config = results[0].expectation_config
        if any("unexpected_count" not in r.result for r in results):
            raise ValidationFailedError(f"{config.type} gave no result")
        elements = sum(r.result["element_count"] for r in results)
        unexpected = sum(r.result["unexpected_count"] for r in results)
        allowed = elements * max_reject_ratio if "mostly" in config.kwargs else 0
        kept = {k: v for k, v in config.kwargs.items() if k != "batch_id"}
        added.append(
            {
                "expectation_config": {"type": config.type, "kwargs": kept},
                "success": unexpected <= allowed + 1e-9,
                "result": {"element_count": elements, "unexpected_count": unexpected},
            }
        )
    return added
