"""Numbers, money, dates and durations as each language writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.pages import Formats

FR, EN = Formats("fr"), Formats("en")
AT = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "fr", "en"),
    [
        ("number", 4812, "4\u202f812", "4,812"),
        ("number", -1234567, "\u22121\u202f234\u202f567", "\u22121,234,567"),
        ("number", None, "–", "–"),
        ("decimal", 1.25, "1,3", "1.3"),
        ("percent", 98.3, "98,3\u00a0%", "98.3%"),
        ("percent", 100, "100\u00a0%", "100%"),
        ("money", Decimal("12.3"), "12,30\u00a0€", "€12.30"),
        ("money", Decimal("358.7845"), "358,78\u00a0€", "€358.78"),
        ("money", Decimal("0.0450"), "0,045\u00a0€", "€0.045"),
        ("money", Decimal("-2"), "\u22122,00\u00a0€", "\u2212€2.00"),
        ("money", 0, "0,00\u00a0€", "€0.00"),
        ("amount", Decimal("1125.4868"), "1\u202f125,49", "1,125.49"),
        ("when", AT, "22\u00a0nov.\u00a02026 14:05", "22\u00a0Nov\u00a02026 14:05"),
        ("day", date(2026, 8, 1), "1\u00a0août\u00a02026", "1\u00a0Aug\u00a02026"),
        ("duration", 0, "0\u00a0s", "0\u00a0s"),
        ("duration", 95, "1\u00a0min\u00a035\u00a0s", "1\u00a0min\u00a035\u00a0s"),
        ("duration", 7500, "2\u00a0h\u00a005\u00a0min", "2\u00a0h\u00a005\u00a0min"),
        ("duration", 3600, "1\u00a0h", "1\u00a0h"),
        ("duration", 273600, "3\u00a0j\u00a04\u00a0h", "3\u00a0d\u00a04\u00a0h"),
        ("bytes", 999, "999\u00a0o", "999\u00a0B"),
        ("bytes", 1_432_000, "1,4\u00a0Mo", "1.4\u00a0MB"),
    ],
)
def test_a_value_in_both_languages(name: str, value: Any, fr: str, en: str) -> None:
    assert getattr(FR, name)(value) == fr
    assert getattr(EN, name)(value) == en


def test_money_of_a_currency_without_a_sign() -> None:
    assert EN.money(Decimal(3), "CHF") == "CHF\u00a03.00"


def test_instants_are_shown_in_the_zone_of_the_page() -> None:
    assert Formats("fr", "Indian/Reunion").when(AT).endswith("17:05")
    assert FR.when(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)).startswith("2\u00a0juil.")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no such language"):
        Formats("de")
