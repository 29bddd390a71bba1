"""Whether a commercial text may go out at an instant, told another way than the product tells it.

Local time comes from pandas, public holidays from the calendar's own rules (the computus of Meeus,
the dates of the Code du travail, article L3133-1, and of the decrees for overseas): nothing here reads
the product's windows, profiles or calendars.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd

#: profile -> weekdays (Monday is 0), first and last minute of the day.
LAWFUL = {
    "fr": ({0, 1, 2, 3, 4, 5}, 8 * 60, 20 * 60),
    "fr_charter": ({0, 1, 2, 3, 4}, 8 * 60, 22 * 60),
    "fr_strict": ({0, 1, 2, 3, 4, 5}, 10 * 60, 20 * 60),
}
_FRENCH = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER = (1, 39, 50)
_OVERSEAS = {
    "GP": ((5, 27), (5, 28), (10, 9)),
    "MQ": ((5, 22),),
    "GF": ((6, 10),),
    "RE": ((12, 20),),
    "YT": ((4, 27),),
    "NC": ((9, 24),),
    "WF": ((4, 28), (7, 29)),
    "PF": ((3, 5),),
}
_ABROAD = {
    "CH": ((1, 1), (8, 1), (12, 25)),
    "GB": ((12, 25),),
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25)),
    "US": ((7, 4), (12, 25)),
}
FRENCH = frozenset({"FR", "PM", *_OVERSEAS})


@cache
def easter(year: int) -> date:
    """Easter Sunday (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    ell = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * ell) // 451
    month, day = divmod(h + ell - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def closed_days(country: str, alsace_moselle: bool) -> frozenset[date]:
    """Public holidays of 2024 to 2036 that everybody there has."""
    days: set[date] = set()
    for year in range(2024, 2037):
        fixed = _FRENCH + _OVERSEAS.get(country, ()) if country in FRENCH else _ABROAD[country]
        days |= {date(year, month, day) for month, day in fixed}
        if country in FRENCH:
            days |= {easter(year) + timedelta(days=n) for n in _AFTER_EASTER}
        if alsace_moselle:
            days |= {easter(year) - timedelta(days=2), date(year, 12, 26)}
    return frozenset(days)


def lawful(
    instants: "pd.DatetimeIndex", zone: str, profile: str, country: str, *, alsace: bool
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """For each instant (UTC) whether the law lets a text go to somebody of that zone."""
    days, first, last = LAWFUL[profile]
    local = instants.tz_convert(zone)
    minutes = local.hour * 60 + local.minute
    closed = (
        local.normalize().tz_localize(None).isin(pd.to_datetime(list(closed_days(country, alsace))))
    )
    return np.asarray(
        local.day_of_week.isin(days) & (minutes >= first) & (minutes < last) & ~closed
    )


def own(
    instants: "pd.DatetimeIndex", zone: str, days: frozenset[int], first: int, last: int
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """For each instant whether a campaign's own hours hold; over midnight where first >= last."""
    local = instants.tz_convert(zone)
    minutes = local.hour * 60 + local.minute
    today = local.day_of_week.isin(days)
    yesterday = ((local.day_of_week - 1) % 7).isin(days)
    if first < last:
        return np.asarray(today & (minutes >= first) & (minutes < last))
    return np.asarray((today & (minutes >= first)) | (yesterday & (minutes < last)))
