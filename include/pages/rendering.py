"""Jinja2 over `templates/`: autoescape always, an unknown variable is an error."""

from collections.abc import Callable
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from include.pages.columns import Kind
from include.pages.formats import DEFAULT_ZONE, NOTHING, Formats
from include.pages.words import Words

#: How loud a state is; the word itself always says it too.
_TONES = {
    "good": "loaded completed delivered started in_service passed",
    "bad": "rejected quarantined failed failed_permanent undelivered expired lost out_of_service "
    "broken",
    "warn": "awaiting_mapping awaiting_approval paused uncertain silent draining stopped "
    "failed_retryable",
}
TONES = {state: tone for tone, states in _TONES.items() for state in states.split()}


class _Renderer:
    """One language and zone with its environment."""

    def __init__(self, lang: str, zone: str) -> None:
        self.formats = Formats(lang, zone)
        self.words = Words(lang, self.formats)
        self.environment = Environment(
            loader=PackageLoader("include.pages", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.special: dict[str, Callable[[Any], Markup]] = {
            "state": self.chip,
            "code": Markup("<code>{}</code>").format,
            "link": _link,
            "markup": Markup,  # inline SVG drawn by this package
        }
        f = self.formats
        self.environment.filters |= {
            "number": f.number,
            "decimal": f.decimal,
            "percent": f.percent,
            "money": f.money,
            "amount": f.amount,
            "day": f.day,
            "when": f.when,
            "month": f.month,
            "duration": f.duration,
            "bytes": f.bytes,
            "shown": self.shown,
        }
        self.environment.globals |= {
            "t": self.words,
            "lang": lang,
            "zone": zone,
            "stylesheet": stylesheet(),
            "chip": self.chip,
            "version": version("smsswitch"),
        }

    def chip(self, state: str) -> Markup:
        """A state as a word in a quiet chip."""
        word = self.words(f"state.{state}")
        return Markup('<span class="chip {}">{}</span>').format(TONES.get(state, "quiet"), word)

    def shown(self, value: Any, kind: Kind) -> str | Markup:
        """A cell's value as its column's kind is written."""
        if value is None or value == "":
            return NOTHING
        special = self.special.get(kind)
        if special is not None:
            return special(value)
        return str(value if kind in ("text", "phone") else getattr(self.formats, kind)(value))


def _link(value: tuple[str, str]) -> Markup:
    text, href = value
    return Markup('<a href="{}">{}</a>').format(href, text) if href else escape(text)


@cache
def _renderer(lang: str, zone: str) -> _Renderer:
    return _Renderer(lang, zone)


@cache
def stylesheet() -> Markup:
    """The stylesheet that every page carries inside."""
    text = (resources.files("include.pages") / "templates" / "style.css").read_text("utf-8")
    return Markup(text)  # noqa: S704  our own file


def render(template: str, lang: str, *, zone: str = DEFAULT_ZONE, **context: Any) -> str:
    """The page `templates/<template>.html.j2` in `lang`, whole, with nothing loaded from elsewhere.

    Every value is escaped. Raises jinja2.UndefinedError for a variable not given and
    words.UnknownText for a text the catalogue lacks. Instants are shown in `zone`.
    """
    name = f"{template}.html.j2"
    return _renderer(lang, zone).environment.get_template(name).render(**context)
