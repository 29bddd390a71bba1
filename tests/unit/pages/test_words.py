"""The catalogue: whole in both languages, right plurals, nothing missing."""

import re
from importlib import resources

import pytest

from include.pages import Formats, Words, words
from include.pages.rendering import TONES
from include.pages.words import UnknownText, catalogue, placeholders


def test_every_text_has_both_languages_and_the_same_variables() -> None:
    for key, texts in catalogue().items():
        assert set(texts) == {"fr", "en"}, key
        wanted = {
            lang: set().union(*map(placeholders, forms.values())) for lang, forms in texts.items()
        }
        assert wanted["fr"] == wanted["en"], key


def test_no_text_holds_markup_or_exclamations() -> None:
    for key, texts in catalogue().items():
        for form in [form for forms in texts.values() for form in forms.values()]:
            assert not re.search(r"!|</|<(?:a|b|i|p|br|em|strong|span)\b", form), key


def test_plurals() -> None:
    fr, en = words("fr"), words("en")
    assert fr("r1.lost", n=1) == "Vérifier un groupe perdu"
    assert fr("r1.lost", n=2) == "Vérifier 2 groupes perdus"
    assert fr("r1.groups", n=0) == "0 groupe"
    assert en("r1.groups", n=0) == "0 groups"
    assert fr("home.running", n=0) == "aucune campagne en cours"


def test_numbers_are_written_as_the_language_does() -> None:
    assert words("fr")("home.contacts", n=4812) == "4\u202f812 contacts"
    assert words("en")("home.contacts", n=4812) == "4,812 contacts"


def test_french_punctuation_never_begins_a_line() -> None:
    assert words("fr")("page.credit", amount="1") == "Crédit\u00a0: 1"


def test_a_missing_key_and_a_missing_variable_raise() -> None:
    t = Words("fr", Formats("fr"))
    with pytest.raises(UnknownText, match="no\\.such\\.key"):
        t("no.such.key")
    with pytest.raises(UnknownText, match="amount"):
        t("page.credit")


def test_a_value_is_never_taken_for_a_template() -> None:
    hostile = "{n.__class__}{0}"
    assert hostile in words("fr")("page.credit", amount=hostile)


def test_every_literal_key_of_every_template_is_in_the_catalogue() -> None:
    folder = resources.files("include.pages") / "templates"
    for path in folder.iterdir():
        if path.name.endswith(".j2"):
            for key in re.findall(r"\bt\('([\w.]+)'[,)]", path.read_text("utf-8")):
                assert key in catalogue(), (path.name, key)


def test_every_state_with_a_tone_has_a_word() -> None:
    for state in TONES:
        assert f"state.{state}" in catalogue()
