"""Charts: the figures given are the figures drawn; light, dark and colour-blind readers see them."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest
from markupsafe import Markup

from include.pages import chart
from include.pages.drawing import palette, stylesheet_palettes

BARS = [("machine 1", 4812), ("<script>x</script>", 310), ("a" * 80, 0)]
PARTS = [("reçus", "series-1"), ("échoués", "series-2")]


def _all() -> dict[str, Markup]:
    return {
        "bar": chart.bar("Groupes", BARS, "fr", unit="SMS"),
        "stacked": chart.stacked("Sort", [("m", [3, 1]), ("n", [0, 0])], PARTS, "fr", unit="SMS"),
        "funnel": chart.funnel("Entonnoir", [("a", 200), ("b", 50)], "fr", unit="messages"),
        "line": chart.line(
            "Débit", {"m": [1, None, 9], "n": [2, 2, 3]}, list("abc"), "fr", unit="/min"
        ),
        "heatmap": chart.heatmap(
            "Trafic", ["lun", "mar"], ["00", "01"], [[1, None], [0, 7]], "fr", unit="appels"
        ),
        "sparkline": chart.sparkline([1, 4, None, 2], "de 1 à 4"),
        "empty": chart.bar("Rien", [], "fr", unit="SMS"),
    }


@pytest.mark.parametrize("name", sorted(_all()))
def test_a_chart_is_well_formed_and_refers_to_nothing(name: str) -> None:
    html = str(_all()[name])
    ET.fromstring(f"<div>{html}</div>")
    assert not re.search(r' id="|href|url\(|<script|<style|<\?xml|<metadata', html)
    assert "font-family" not in html
    for svg in re.findall(r"<svg[^>]*>", html):
        assert 'role="img"' in svg
        assert re.search(r'aria-label="[^"]+"', svg)


def test_the_same_figures_draw_the_same_bytes() -> None:
    assert _all() == _all()


def test_bars_are_as_long_as_their_values() -> None:
    wide = str(chart.bar("x", [("a", 100), ("b", 50), ("c", 0)], "fr", unit="u")).split("<svg")[1]
    lengths = []
    for path in re.findall(r'd="([^"]+)" style="fill:var\(--series-1', wide):
        xs = [float(x) for x in re.findall(r"[MH]([\d.]+)", path)]
        lengths.append(max(xs) - min(xs))
    assert lengths[1] / lengths[0] == pytest.approx(0.5, abs=0.001)
    assert lengths[2] == 0


def test_values_are_written_beside_the_bars_and_in_the_table() -> None:
    html = str(chart.bar("Groupes", BARS, "fr", unit="SMS"))
    assert html.count("4\u202f812") == 3
    assert "&lt;script&gt;x&lt;/script&gt;" in html


def test_dollars_are_not_mathematics() -> None:
    assert "$a^2$" in str(chart.bar("x", [("$a^2$", 1)], "fr", unit="u"))


def test_a_map_of_fifty_modems_stays_small() -> None:
    values = [[(h * m) % 31 for h in range(24)] for m in range(50)]
    html = chart.heatmap(
        "x", [f"modem {m}" for m in range(50)], [f"{h:02d}" for h in range(24)], values, "fr",
        unit="min", table=False,
    )  # fmt: skip
    assert len(html) < 100_000


def test_every_colour_comes_from_the_stylesheet() -> None:
    for html in _all().values():
        for value in re.findall(r"(?:fill|stroke):([^;\"]+)", str(html)):
            assert re.match(r"var\(--|currentColor|none", value), value


def _linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(weights @ _linear(c)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


#: Machado, Oliveira and Fernandes 2009, severity 1.0.
_BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def _lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    ratio = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_series_stand_out_from_the_paper(mode: str) -> None:
    colours = stylesheet_palettes()[mode]
    for name, colour in colours.items():
        if name.startswith(("series", "signal")):
            assert _contrast(colour, colours["paper"]) >= 3, name


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_texts_have_contrast(mode: str) -> None:
    colours = stylesheet_palettes()[mode]
    for name in ("ink", "soft", "link", "good", "bad", "warn"):
        assert _contrast(colours[name], colours["paper"]) >= 4.5, name


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("sight", sorted(_BLIND))
def test_colour_blind_readers_tell_the_series_apart(mode: str, sight: str) -> None:
    colours = stylesheet_palettes()[mode]
    seen = {
        n: _lab(np.array(_BLIND[sight]) @ _linear(c))
        for n, c in colours.items()
        if n.startswith("series")
    }
    assert len(seen) == 6
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > (14 if sight != "tritan" else 10), (
            one,
            other,
        )


def test_the_palette_is_the_stylesheets() -> None:
    light = stylesheet_palettes()["light"]
    assert palette() == {
        n: c for n, c in light.items() if n.startswith(("series", "signal", "heat"))
    }
