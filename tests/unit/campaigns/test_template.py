"""Texts with variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.campaigns.template import (
    BadPlaceholderError,
    Variable,
    canonical,
    fill,
    parse,
    variables,
    with_fallbacks,
)

VALUES = st.dictionaries(
    st.sampled_from(["first_name", "last_name", "variable1", "var_city"]),
    st.one_of(st.none(), st.text(max_size=20)),
)


def filled(text: str, **values: str | None) -> str | None:
    return fill(parse(text), values)


def test_names_are_filled_and_braces_doubled_are_braces() -> None:
    assert filled("{{a}} {first_name}!", first_name="Zoé") == "{a} Zoé!"
    assert filled("{{{first_name}}}", first_name="Zoé") == "{Zoé}"


@pytest.mark.parametrize("written", ["{prenom}", "{Prénom}", "{ PRENOM }", "{first_name}"])
def test_french_names_case_and_accents_do_not_count(written: str) -> None:
    assert filled(written, first_name="Zoé") == "Zoé"


def test_nom_is_the_last_name() -> None:
    assert canonical("nom") == "last_name"


def test_a_fallback_stands_in_for_nothing_and_for_blanks() -> None:
    assert filled("{first_name|cher client}", first_name=None) == "cher client"
    assert filled("{first_name|cher client}", first_name="  ") == "cher client"
    assert filled("{first_name|}", first_name=None) == ""


def test_a_missing_variable_without_fallback_gives_no_text() -> None:
    assert filled("Bonjour {first_name}", first_name=None) is None


def test_the_campaigns_fallback_is_used_where_the_text_has_none() -> None:
    parts = with_fallbacks(
        parse("{first_name} {last_name|B}"), {"first_name": "A", "last_name": "C"}
    )
    assert fill(parts, {}) == "A B"


@pytest.mark.parametrize(
    "text",
    [
        "{0.__class__}",
        "{x!r:>1000000}",
        "{}",
        "{ }",
        "{first_name",
        "first_name}",
        "{first name}",
        "{first_name[0]}",
        "{1}",
        "{a{b}}",
        "{{first_name}",
    ],
)
def test_row_52_anything_else_in_braces_is_a_bad_placeholder(text: str) -> None:
    with pytest.raises(BadPlaceholderError):
        parse(text)


@given(st.text())
def test_a_text_with_its_braces_doubled_comes_out_as_it_was(text: str) -> None:
    assert fill(parse(text.replace("{", "{{").replace("}", "}}")), {}) == text


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), VALUES)
def test_a_text_is_filled_or_refused_and_never_evaluated(
    text: str, values: dict[str, str | None]
) -> None:
    try:
        parts = parse(text)
    except BadPlaceholderError as error:
        assert 0 <= error.at <= len(text)
        return
    result = fill(parts, values)
    if result is None:
        assert variables(parts)
    elif not variables(parts):
        assert result == text.replace("{{", "{").replace("}}", "}")


@given(VALUES, st.text(alphabet="ab {}|", max_size=10))
def test_a_value_is_never_read_as_a_template(values: dict[str, str | None], other: str) -> None:
    value = "{last_name}" + other
    result = fill(parse("<{first_name}>"), {**values, "first_name": value})
    assert result == "<" + value.strip(" ") + ">"


def test_places_are_those_of_the_text() -> None:
    assert variables(parse("ab {nom}")) == (Variable("last_name", None, 3),)
