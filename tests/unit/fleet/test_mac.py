"""MAC addresses."""

import pytest

from include.errors import InputError
from include.fleet.mac import normalize_mac


@pytest.mark.parametrize(
    "written",
    [
        "64-31-50-1B-E9-E9",
        "64:31:50:1b:e9:e9",
        "6431.501b.e9e9",
        "6431501BE9E9",
        " 64:31:50:1b:e9:e9 ",
    ],
)
def test_row_94_every_way_of_writing_is_one_address(written: str) -> None:
    assert normalize_mac(written) == "64:31:50:1b:e9:e9"


@pytest.mark.parametrize(
    "written",
    ["0", "", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "64:31:50:1b:e9",
     "64:31-50:1b:e9:e9", "64:31:50:1b:e9:eg", "machine 1"],
)  # fmt: skip
def test_row_94_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(InputError) as refused:
        normalize_mac(written)
    assert refused.value.code == "bad_mac"
