"""The one catalogue of the texts that people read, in French and in English.

`catalogue/<area>.yaml` maps a key to `{fr: …, en: …}`; a language's text is a string, or
`{one: …, other: …}` (and `zero: …` if wanted) chosen by the variable `n`. Variables are written
`{name}`; numbers among them are shown as the language writes them. Texts hold no markup.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML without libyaml: ten times slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

from include.errors import SmsswitchError
from include.pages.formats import LANGUAGES, Formats

Text = str | Mapping[str, str]


class UnknownText(SmsswitchError, LookupError):
    """The catalogue lacks this key or one of its variables was not given."""


def _french_spaces(text: str) -> str:
    """Non-breaking spaces where French typography wants them."""
    text = re.sub(r" ([:»%€])", "\u00a0\\1", text)
    text = re.sub(r" ([;!?])", "\u202f\\1", text)
    return text.replace("« ", "«\u00a0")


def _texts(entry: Text, lang: str) -> dict[str, str]:
    forms = {"other": entry} if isinstance(entry, str) else dict(entry)
    if "other" not in forms:
        raise UnknownText(f"no form 'other' in {forms!r}")
    return {k: _french_spaces(v) if lang == "fr" else v for k, v in forms.items()}


@cache
def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    """key -> language -> plural form -> text, of all areas; a key stands in one file only."""
    merged: dict[str, dict[str, dict[str, str]]] = {}
    folder = resources.files(__package__) / "catalogue"
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".yaml"):
            continue
        for key, entry in (yaml.load(path.read_text("utf-8"), Loader) or {}).items():
            if key in merged:
                raise UnknownText(f"{key} stands twice, again in {path.name}")
            merged[key] = {lang: _texts(entry[lang], lang) for lang in LANGUAGES}
    return merged


def placeholders(text: str) -> set[str]:
    """The variables that a text wants."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class Words:
    """The catalogue in one language; calling it gives a text: `t("receipt.loaded", n=4812)`."""

    def __init__(self, lang: str, formats: Formats | None = None) -> None:
        self.formats = formats or Formats(lang)
        self.lang = lang

    def __call__(self, key: str, /, **values: Any) -> str:
        """The text of `key`; raises UnknownText for a missing key or variable."""
        try:
            forms = catalogue()[key][self.lang]
        except KeyError:
            raise UnknownText(f"{key} has no text in {self.lang}") from None
        text = next(forms[form] for form in self._forms(values.get("n")) if form in forms)
        if missing := placeholders(text) - values.keys():
            raise UnknownText(f"{key} wants {', '.join(sorted(missing))}")
        return text.format_map({k: self._shown(v) for k, v in values.items()})

    def has(self, key: str) -> bool:
        """Whether the catalogue holds the key."""
        return key in catalogue()

    def first(self, *keys: str) -> str:
        """The text of the first of these keys that there is and that wants no variable; or nothing."""
        for key in keys:
            forms = catalogue().get(key, {}).get(self.lang, {})
            if forms and not any(map(placeholders, forms.values())):
                return forms["other"]
        return ""

    def _forms(self, n: Any) -> tuple[str, ...]:
        """The plural forms that fit, best first; French counts zero and 1.5 as singular."""
        if n is None:
            return ("other",)
        one = abs(n) < 2 if self.lang == "fr" else n == 1
        return (*(("zero",) if n == 0 else ()), *(("one",) if one else ()), "other")

    def _shown(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return self.formats.number(value)
        return str(value)


@cache
def words(lang: str) -> Words:
    """The catalogue in `lang`."""
    return Words(lang)
