"""Reasons as the reports of campaigns say them."""

import pytest

from include.pages import words
from include.reports.page import reason_word


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("+CMS ERROR: 21", "Refusé par le réseau"),
        ("other part failed", "Une autre partie du message a échoué"),
        ("empty_text", "son texte serait vide"),
        ("+CMS ERROR: 9999", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_reason_has_words_where_there_are_any(code: str | None, said: str) -> None:
    assert reason_word(words("fr"), code) == said
