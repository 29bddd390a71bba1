"""The house style of charts: canvas, palette and clean SVG.

matplotlib draws in stand-in colours; the SVG then names the stylesheet's custom properties, so that
one drawing serves light and dark pages. The colours live in `templates/style.css` only.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

FONT = 13
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "smsswitch",
    "font.size": FONT,
    "text.parse_math": False,
}
#: Stand-ins for the two colours of text and that of lines.
INK, SOFT, LINE = "#010101", "#020202", "#030303"


@cache
def stylesheet_palettes() -> dict[str, dict[str, str]]:
    """The six-digit colours of the stylesheet, by custom property, for `light` and `dark`."""
    css = (resources.files("include.pages") / "templates" / "style.css").read_text("utf-8")
    blocks = re.findall(r":root\{([^}]*)\}", css)
    return {
        mode: {n: _six(c) for n, c in re.findall(r"--([\w-]+):(#(?:\w{6}|\w{3}))(?=[;}]|$)", block)}
        for mode, block in zip(("light", "dark"), blocks, strict=False)
    }


def _six(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])


@cache
def palette() -> dict[str, str]:
    """Custom property -> its light colour, for `series-1…6`, `signal-1…5` and `heat-…`."""
    light = stylesheet_palettes()["light"]
    return {n: c for n, c in light.items() if n.startswith(("series", "signal", "heat"))}


def series(number: int) -> str:
    """The colour of the n-th series from 0; a seventh does not exist, group the rest instead."""
    return palette()[f"series-{number + 1}"]


@dataclass(frozen=True)
class Size:
    """One rendering: `narrow` for a phone, `wide` for all else. Units are CSS pixels."""

    name: str
    width: int

    @property
    def narrow(self) -> bool:
        """Whether labels must stand above what they name."""
        return self.name == "narrow"


WIDE, NARROW = Size("wide", 720), Size("narrow", 358)


def canvas(width: float, height: float, margins: tuple[float, float, float, float]) -> Any:
    """Axes without a frame; the margins are top, right, bottom, left as in CSS, in pixels."""
    top, right, bottom, left = margins
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    box = (left / width, bottom / height, (width - left - right) / width)
    axes = figure.add_axes((*box, (height - top - bottom) / height))
    axes.patch.set_visible(False)
    axes.set_frame_on(False)
    axes.tick_params(length=0, labelcolor=SOFT, labelsize=FONT - 1)
    return axes


def svg(
    draw: Callable[[Size], Any], label: str, sizes: tuple[Size, ...] = (WIDE, NARROW)
) -> Markup:
    """The drawing in each size, inline; `label` is its text alternative."""
    with mpl.rc_context(_STYLE):
        drawings = [
            _clean(_saved(draw(size).figure), f"chart {size.name}", label) for size in sizes
        ]
    return Markup("\n").join(drawings)


def _saved(figure: Figure) -> str:
    out = io.StringIO()
    for artist in figure.findobj():
        artist.set_clip_on(False)
    none = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", metadata=none, transparent=True)
    return out.getvalue()


def _clean(text: str, css_class: str, label: str) -> Markup:
    """Without prolog, metadata, ids and fonts: small, and twice in a page without a clash."""
    view = re.search(r'viewBox="([^"]+)"', text)
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.S)
    body = re.sub(r' id="[^"]*"| clip-path="[^"]*"', "", body)
    body = re.sub(r"<defs>\s*(?:<clipPath>.*?</clipPath>\s*)*</defs>", "", body, flags=re.S)
    body = re.sub(r'style="([^"]*)"', lambda m: _style(m[1]), body)
    body = re.sub(r' d="([^"]*)"', lambda m: f' d="{_path(m[1])}"', body)
    body = re.sub(r"(\d+\.\d)\d+", r"\1", body)
    previous = ""
    while previous != body:
        previous, body = body, re.sub(r"<g>\s*</g>", "", body)
    body = re.sub(r"\s*\n\s*", "\n", body).strip()
    if "href" in body or "url(" in body:
        raise ValueError("a chart's parts must stand by themselves, without references")
    head = Markup('<svg class="{}" role="img" aria-label="{}" viewBox="{}">')
    return head.format(css_class, label, view[1] if view else "") + Markup(body + "</svg>")  # noqa: S704


_BOX = re.compile(r"M (\S+) (\S+)\s+L (\S+) \2\s+L \3 (\S+)\s+L \1 \4\s+(?:L \1 \2\s+)?z\s*", re.I)


def _path(data: str) -> str:
    """The same path in fewer letters: a map has a thousand boxes."""
    data = re.sub(r"(\d+\.\d)\d+", r"\1", data)
    return re.sub(r"\s*\n\s*", "", _BOX.sub(r"M\1 \2H\3V\4H\1z", data)).strip()


def _style(text: str) -> str:
    """One style attribute: the page's fonts and colours instead of matplotlib's."""
    rules = []
    for rule in text.split(";"):
        name, _, value = (part.strip() for part in rule.partition(":"))
        if name == "font":
            size = re.search(r"[\d.]+px", value)
            bold = re.search(r"\b(bold|[6-9]00)\b", value)
            rules += [f"font-size:{size[0]}"] if size else []
            rules += ["font-weight:600"] if bold else []
        elif name and name not in ("font-family", "stroke-miterlimit"):
            rules.append(f"{name}:{_colour(value)}")
    return f'style="{escape(";".join(rules))}"'


@cache
def _colours() -> dict[str, str]:
    named = {colour: f"var(--{name},{colour})" for name, colour in palette().items()}
    return {
        **named,
        INK: "currentColor",
        SOFT: "var(--soft,#535b65)",
        LINE: "var(--line,#dde1e6)",
        "#ffffff": "var(--paper,#fff)",
    }


def _colour(value: str) -> str:
    return _colours().get(value.lower(), value)
