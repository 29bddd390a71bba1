"""Charts as inline SVG: no script, no reference, deterministic, readable on light and dark pages.

Each function gives a `<figure>` with a wide and a narrow drawing (the stylesheet shows one) and the
same figures as a table, unless `table=False` because the page shows them already.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from markupsafe import Markup
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from include.pages.columns import Column, Kind
from include.pages.drawing import (
    FONT,
    INK,
    LINE,
    SOFT,
    Size,
    canvas,
    palette,
    series,
    svg,
)
from include.pages.formats import Formats
from include.pages.words import words

_ROW = 30
_LABEL = 30
Number = int | float


def bar(
    title: str,
    bars: Sequence[tuple[str, Number]],
    lang: str,
    *,
    unit: str,
    kind: Kind = "number",
    colours: Sequence[str] = (),
    table: bool = True,
) -> Markup:
    """Horizontal bars in the given order, each with its label and value.

    `colours` names palette entries (`series-2`, `signal-1`) bar by bar; one colour otherwise.
    """
    values = [float(value) for _, value in bars]
    tints = [palette()[name] for name in colours] or [series(0)] * len(bars)
    texts = [_shown(value, kind, lang) for _, value in bars]

    def draw(size: Size) -> Any:
        axes = _rows(size, [_short(label) for label, _ in bars], max(values, default=0), texts)
        for line, (value, tint) in enumerate(zip(values, tints, strict=True)):
            axes.barh(line, value, height=0.5 if size.narrow else 0.62, color=tint)
            _right(axes, value, line, texts[line])
        return axes

    columns = (Column("label", title), Column("value", unit, kind))
    rows = [{"label": label, "value": value} for label, value in bars]
    same = _table(title, columns, rows, lang) if table else Markup()
    return _figure(title, unit, draw, same)


def stacked(
    title: str,
    bars: Sequence[tuple[str, Sequence[Number]]],
    parts: Sequence[tuple[str, str]],
    lang: str,
    *,
    unit: str,
    table: bool = True,
) -> Markup:
    """Horizontal bars made of `parts` (name, palette entry); their names stand above in colour."""
    totals = [sum(values) for _, values in bars]
    texts = [_shown(total, "number", lang) for total in totals]

    def draw(size: Size) -> Any:
        labels = [_short(label) for label, _ in bars]
        axes = _rows(size, labels, max(totals, default=0), texts, legend=parts)
        for line, (_, values) in enumerate(bars):
            start: Number = 0
            for (_, name), value in zip(parts, values, strict=True):
                height = 0.5 if size.narrow else 0.62
                if value:
                    axes.barh(line, value, left=start, height=height, color=palette()[name])
                start += value
            _right(axes, start, line, texts[line])
        return axes

    columns = [
        Column("label", title),
        *(Column(f"v{i}", p[0], "number") for i, p in enumerate(parts)),
    ]
    rows = [{"label": n, **{f"v{i}": v for i, v in enumerate(vs)}} for n, vs in bars]
    same = _table(title, columns, rows, lang) if table else Markup()
    return _figure(title, unit, draw, same)


def funnel(
    title: str, steps: Sequence[tuple[str, int]], lang: str, *, unit: str, table: bool = True
) -> Markup:
    """Steps that each keep a part of the one before; the share is of the first."""
    first = steps[0][1] if steps else 0
    formats = Formats(lang)
    texts = [
        f"{formats.number(n)} · {formats.percent(round(100 * n / first, 1))}" if first else "0"
        for _, n in steps
    ]

    def draw(size: Size) -> Any:
        axes = _rows(size, [label for label, _ in steps], first, texts)
        for line, (_, n) in enumerate(steps):
            axes.barh(line, first, height=0.62 if not size.narrow else 0.5, color=LINE, alpha=0.55)
            axes.barh(line, n, height=0.62 if not size.narrow else 0.5, color=series(0))
            _right(axes, first, line, texts[line])
        return axes

    columns = (Column("label", title), Column("value", unit, "number"))
    rows = [{"label": label, "value": n} for label, n in steps]
    same = _table(title, columns, rows, lang) if table else Markup()
    return _figure(title, unit, draw, same)


def line(
    title: str,
    lines: Mapping[str, Sequence[Number | None]],
    ticks: Sequence[str],
    lang: str,
    *,
    unit: str,
    kind: Kind = "number",
    table: bool = True,
) -> Markup:
    """Up to six lines over the same points, named `ticks`; each line is labelled at its end."""
    high = max((float(v) for vs in lines.values() for v in vs if v is not None), default=0.0)

    def draw(size: Size) -> Any:
        right = 8 + max((len(_short(n, 16)) for n in lines), default=0) * FONT * 0.62
        axes = canvas(size.width, 240, (12, right, 34, 58))
        for index, (name, values) in enumerate(lines.items()):
            points = [(x, float(y)) for x, y in enumerate(values) if y is not None]
            if not points:
                continue
            axes.plot(*zip(*points, strict=True), color=series(index), linewidth=2)
            axes.annotate(
                _short(name, 16),
                points[-1],
                (6, 0),
                textcoords="offset points",
                va="center",
                color=series(index),
                fontsize=FONT - 1,
            )
        step = max(1, ceil(len(ticks) / (5 if size.narrow else 12)))
        axes.set_xticks(range(0, len(ticks), step), ticks[::step])
        axes.tick_params(axis="x", pad=10)
        axes.set_xlim(-0.2, max(len(ticks) - 1, 1))
        marks = MaxNLocator(4, integer=high >= 4).tick_values(0, high or 1)
        axes.set_yticks(marks, [_shown(_round(m), kind, lang) for m in marks])
        axes.set_ylim(0, max(high * 1.05, marks[-1] if high else 1))
        axes.grid(axis="y", color=LINE, linewidth=1)
        return axes

    columns = [Column("at", ""), *(Column(name, name, kind) for name in lines)]
    rows = [{"at": tick, **{n: vs[i] for n, vs in lines.items()}} for i, tick in enumerate(ticks)]
    same = _table(title, columns, rows, lang) if table else Markup()
    return _figure(title, unit, draw, same)


def heatmap(
    title: str,
    names: Sequence[str],
    ticks: Sequence[str],
    values: Sequence[Sequence[Number | None]],
    lang: str,
    *,
    unit: str,
    kind: Kind = "number",
    table: bool = True,
) -> Markup:
    """Rows `names` by columns `ticks`, light to dark; numbers in the cells where there is room."""
    high = max((float(v) for row in values for v in row if v is not None), default=0.0)
    room = len(names) * len(ticks) <= 24 * 8

    def draw(size: Size) -> Any:
        left = 8 + min(max((len(n) for n in names), default=0), 18) * FONT * 0.58
        axes = canvas(size.width, 26 * len(names) + 44, (6, 8, 36, left))
        shades = [(x, y, v) for y, row in enumerate(values) for x, v in enumerate(row)]
        for shade in range(7):
            cells = [(x, y) for x, y, v in shades if v is not None and _shade(v, high) == shade]
            _squares(axes, cells, palette()[f"heat-{shade}"])
        if room and not size.narrow:
            for x, y, v in shades:
                if v:
                    ink = palette()["heat-high" if _shade(v, high) > 3 else "heat-low"]
                    text = _shown(v, kind, lang)
                    axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=FONT - 3)
        step = max(1, ceil(len(ticks) / (6 if size.narrow else 24)))
        axes.set_xticks(range(0, len(ticks), step), ticks[::step])
        axes.set_yticks(range(len(names)), [_short(n, 18) for n in names])
        axes.set_xlim(-0.5, len(ticks) - 0.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        return axes

    columns = [Column("name", ""), *(Column(f"v{i}", t, kind) for i, t in enumerate(ticks))]
    rows = [
        {"name": n, **{f"v{i}": v for i, v in enumerate(vs)}}
        for n, vs in zip(names, values, strict=True)
    ]
    same = _table(title, columns, rows, lang) if table else Markup()
    return _figure(title, unit, draw, same)


def sparkline(values: Sequence[Number | None], label: str) -> Markup:
    """A word-sized line for a table cell; `label` says in words what it shows."""
    points = [(x, float(y)) for x, y in enumerate(values) if y is not None]

    def draw(size: Size) -> Any:
        axes = canvas(size.width, 22, (3, 4, 3, 2))
        axes.set_xticks([])
        axes.set_yticks([])
        if points:
            axes.plot(*zip(*points, strict=True), color=series(0), linewidth=1.5)
            x, y = points[-1]
            dot = {"boxstyle": "circle,pad=0.1", "fc": series(0), "ec": "none"}
            axes.text(x, y, " ", fontsize=4, bbox=dot, ha="center", va="center")
        axes.set_xlim(0, max(len(values) - 1, 1))
        low, high = (min(y for _, y in points), max(y for _, y in points)) if points else (0, 1)
        axes.set_ylim(low - 0.1, max(high, low + 1) + 0.1)
        return axes

    return svg(draw, label, (Size("spark", 120),))


def _rows(
    size: Size,
    labels: Sequence[str],
    high: Number,
    texts: Sequence[str],
    legend: Sequence[tuple[str, str]] = (),
) -> Any:
    """Axes for horizontal bars: labels at the left, or above each bar on a phone."""
    margin = 12 + max((len(t) for t in texts), default=1) * FONT * 0.6
    left = 2.0 if size.narrow else 14 + max((len(x) for x in labels), default=0) * FONT * 0.61
    top = 26 if legend and not size.narrow else 4 + 18 * len(legend)
    row = 46 if size.narrow else _ROW
    count = max(len(labels), 1)
    axes = canvas(size.width, row * count + top + 8, (top, margin, 4, left))
    axes.set_xticks([])
    axes.set_xlim(0, high or 1)
    axes.set_ylim(count - 0.5, -0.5 if not size.narrow else -0.75)
    if size.narrow:
        axes.set_yticks([])
        for at, label in enumerate(labels):
            axes.text(0, at - 0.34, label, va="bottom", fontsize=FONT, color=INK)
    else:
        axes.set_yticks(range(len(labels)), labels)
        axes.tick_params(axis="y", labelcolor=INK, labelsize=FONT, pad=8)
    _legend(axes, legend, size, left)
    return axes


def _legend(axes: Any, legend: Sequence[tuple[str, str]], size: Size, left: float) -> None:
    """The parts' names above the bars, each after a square of its colour."""
    figure, x = axes.figure, left
    height = figure.get_figheight() * 72
    for at, (name, colour) in enumerate(legend):
        y = height - (14 if not size.narrow else 14 + 18 * at)
        place = (x / size.width, y / height)
        figure.text(*place, "■ ", color=palette()[colour], fontsize=FONT, va="center")
        figure.text(
            (x + 16) / size.width, y / height, name, color=SOFT, fontsize=FONT - 1, va="center"
        )
        if not size.narrow:
            x += 32 + len(name) * FONT * 0.58


def _right(axes: Any, value: Number, at: float, text: str) -> None:
    axes.annotate(
        text, (value, at), (6, 0), textcoords="offset points", va="center", fontsize=FONT, color=INK
    )


def _squares(axes: Any, cells: Sequence[tuple[int, int]], colour: str) -> None:
    """All cells of one shade as one path, so that a map of 50 modems stays small."""
    if not cells:
        return
    corners = [(-0.47, -0.45), (0.47, -0.45), (0.47, 0.45), (-0.47, 0.45), (-0.47, -0.45)]
    vertices = [(x + dx, y + dy) for x, y in cells for dx, dy in corners]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(cells)
    axes.add_patch(PathPatch(Path(vertices, codes), facecolor=colour, edgecolor="none"))


def _shade(value: Number, high: float) -> int:
    return 0 if not value or not high else min(6, 1 + int(6 * float(value) / high * 0.999))


def _round(value: float) -> Number:
    return round(value) if value >= 10 or value == int(value) else round(value, 1)


def _short(text: str, most: int = _LABEL) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _shown(value: Number, kind: Kind, lang: str) -> str:
    return str(getattr(Formats(lang), kind)(value))


def _figure(title: str, unit: str, draw: Any, same: Markup) -> Markup:
    drawing = svg(draw, f"{title} ({unit})")
    caption = Markup("<figcaption><b>{}</b> {}</figcaption>").format(title, unit)
    return Markup('<figure class="chart">{}\n{}{}</figure>').format(caption, drawing, same)


def _table(
    title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], lang: str
) -> Markup:
    def cell(row: Mapping[str, Any], column: Column) -> Markup:
        value = row[column.key]
        if column.numeric:
            return Markup('<td class="num">{}</td>').format(_shown(value, column.kind, lang))
        return Markup('<td dir="auto">{}</td>').format(value)

    heads = Markup().join(Markup('<th scope="col">{}</th>').format(c.title) for c in columns)
    lines = Markup().join(
        Markup("<tr>{}</tr>\n").format(Markup().join(cell(row, c) for c in columns)) for row in rows
    )
    return Markup(
        '<details><summary>{}</summary><div class="scroll"><table><caption class="unseen">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>"
    ).format(words(lang)("page.figures"), title, heads, lines)
