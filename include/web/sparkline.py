"""24 hours as a small drawing: paths only, coloured by the stylesheet."""

from collections.abc import Sequence

from markupsafe import Markup

STEP, HEIGHT = 5, 22
_SVG = Markup(
    '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><path class="{}" d="{}"/></svg>'
)


def bars(values: Sequence[int], label: str) -> Markup:
    """One bar an hour; the highest fills the height."""
    high = max(values, default=0) or 1
    parts = [
        f"M{hour * STEP} {HEIGHT}v-{max(1.0, HEIGHT * value / high):.1f}h{STEP - 1}V{HEIGHT}z"
        for hour, value in enumerate(values)
        if value
    ]
    return _drawn("bars", len(values), [f"M0 {HEIGHT}h{len(values) * STEP}", *parts], label)


def line(values: Sequence[float | None], high: float, label: str) -> Markup:
    """A line from 0 to ``high``, broken where nothing is known."""
    parts, pen = [], "M"
    for hour, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x, y = hour * STEP, HEIGHT - 1 - (HEIGHT - 2) * min(value, high) / high
        parts.append(f"{pen}{x} {y:.1f}h{STEP - 1}")
        pen = "L"
    return _drawn("line", len(values), parts, label)


def _drawn(css_class: str, count: int, parts: Sequence[str], label: str) -> Markup:
    return _SVG.format(count * STEP, HEIGHT, label, css_class, "".join(parts))
