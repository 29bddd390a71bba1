"""Where the owner of a number lives."""

import pytest

from include.phones.place import Place, place_of


@pytest.mark.parametrize(
    ("msisdn", "written"),
    [
        ("+33639980000", "FR:Europe/Paris"),
        ("+262692000000", "RE:Indian/Reunion"),
        ("+262639000000", "YT:Indian/Mayotte"),
        ("+590690000000", "GP:America/Guadeloupe"),
        ("+594694000000", "GF:America/Cayenne"),
        ("+447700900000", "GB:Europe/Guernsey,Europe/Isle_of_Man,Europe/London"),
        ("+12125550100", "US:America/New_York"),
    ],
)
def test_a_number_tells_its_place(msisdn: str, written: str) -> None:
    place = place_of(msisdn)
    assert str(place) == written
    assert Place.read(written) == place


def test_what_is_no_number_has_no_place() -> None:
    with pytest.raises(ValueError, match=r"no E\.164"):
        place_of("somebody")
