"""SIREN and VAT numbers."""

import pytest

from include.billing.parties import french_vat_number, is_siren


@pytest.mark.parametrize("siren", ["732829320", "552100554", "443061841"])
def test_sirens_of_real_firms(siren: str) -> None:
    assert is_siren(siren)


@pytest.mark.parametrize("text", ["732829321", "73282932", "7328293200", "73282932O", ""])
def test_what_is_no_siren(text: str) -> None:
    assert not is_siren(text)


def test_the_french_vat_number_follows_from_the_siren() -> None:
    assert french_vat_number("732829320") == "FR44732829320"
    assert french_vat_number("552100554") == "FR96552100554"
