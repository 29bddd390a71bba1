"""The figures as pages that people read, in French or English."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from include.pages import LANGUAGES, render, words
from include.pages.alerts import alert_advice, alert_sentence
from include.pages.rendering import stylesheet
from include.settings import settings
from include.web import sparkline
from include.web.figures import Row
from include.web.visitor import Visitor

HIGHEST_RSSI = 31
REFRESH_SECONDS = 20


def language(accepted: str | None) -> str:
    """Of French and English the one that an Accept-Language header likes better; French if neither."""
    liked: list[tuple[float, str]] = []
    for part in (accepted or "")[:500].split(","):
        tag, _, rest = part.strip().partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest)
        lang = tag.strip().lower().split("-")[0]
        quality = float(weight[1]) if weight else 1.0
        if lang in LANGUAGES and quality > 0:
            liked.append((quality, lang))
    return max(liked, key=lambda one: one[0], default=(0, "fr"))[1]


def overview_page(
    document: Row, alerts: Sequence[Row], lang: str, visitor: Visitor, **page: str
) -> str:
    """Tiles, the open alerts and the table of groups."""
    t = words(lang)
    said = [
        {**alert, "what": alert_sentence(t, alert), "advice": alert_advice(t, alert)}
        for alert in alerts
    ]
    untold = sum(alert["untold"] for alert in alerts)
    error = next((alert["last_error"] for alert in alerts if alert["last_error"]), None)
    states = [group["state"] for group in document["groups"]]
    return _page(
        "monitoring",
        lang,
        visitor,
        page,
        at=document["at"],
        tiles=document["tiles"],
        questions=", ".join(
            t(f"monitoring.question.{kind}", n=n)
            for kind, n in document["tiles"]["questions"].items()
            if n
        ),
        groups=document["groups"],
        alerts=said,
        untold=t("monitoring.alerts_untold", n=untold, error=error) if error else None,
        started=states.count("started"),
        lost=[group["alias"] for group in document["groups"] if group["state"] == "lost"],
    )


def group_page(document: Row, lang: str, visitor: Visitor, **page: str) -> str:
    """One group with its modems."""
    t = words(lang)
    group, modems = document["group"], document["modems"]
    sent = group["sent_24h"]
    group |= {"spark": sparkline.bars(sent, t("monitoring.spark_sent", n=sum(sent)))}
    for modem in modems:
        hours, rssi = modem["sent_24h"], modem["rssi_24h"]
        modem["spark"] = sparkline.bars(hours, t("monitoring.spark_sent", n=sum(hours)))
        modem["signal_spark"] = sparkline.line(rssi, HIGHEST_RSSI, _signal_label(t, rssi))
    return _page(
        "monitoring_group", lang, visitor, page, at=document["at"], group=group, modems=modems
    )


def _page(template: str, lang: str, visitor: Visitor, page: dict[str, str], **context: Any) -> str:
    return render(
        template,
        lang,
        zone=settings().timezone,
        may_act=visitor.may_act,
        refresh=REFRESH_SECONDS,
        **page,
        **context,
    )


def _signal_label(t: Any, rssi: Iterable[float | None]) -> str:
    known = [value for value in rssi if value is not None]
    if not known:
        return str(t("monitoring.spark_no_signal"))
    low, high = (round(2 * value - 113) for value in (min(known), max(known)))
    return str(t("monitoring.spark_signal", low=low, high=high))


@cache
def script() -> str:
    """The one script of ours."""
    return _static("monitoring.js")


@cache
def style() -> str:
    """The stylesheet of all pages, what this one adds, and both palettes for who chose one in Airflow."""
    light, dark = re.findall(r":root\{([^}]*)\}", stylesheet())[:2]
    chosen = (
        f':root[data-theme="{name}"]{{{colours.replace("light dark", name, 1)}}}'
        for name, colours in (("light", light), ("dark", f"color-scheme:light dark;{dark}"))
    )
    return f"{stylesheet()}@media screen{{{''.join(chosen)}}}\n{_static('monitoring.css')}"


def _static(name: str) -> str:
    return (resources.files("include.web") / "static" / name).read_text("utf-8")
