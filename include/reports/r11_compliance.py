"""R11: whether law and duty were kept: sending hours, wishes to be left alone, exemptions."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from include.campaigns.compliance import Profile, profile
from include.campaigns.windows import Interval, next_open
from include.phones.place import place_of
from include.reports.page import Desk, Page, Report, Row, Table, total
from include.settings import settings


def make(desk: Desk) -> Page:
    """The duties over the period."""
    t, f = desk.t, desk.f
    sends, stops = _sends(desk), desk.rows("r11_stops")
    outside = sum(row["outside"] for row in sends)
    late = sum(row["late"] for row in stops)
    unheard = sum(row["seconds"] is None for row in stops)
    slowest = max((row["seconds"] for row in stops if row["seconds"] is not None), default=None)
    exemptions = desk.rows("r11_exemptions")
    broken = outside + late + unheard
    return Page(
        outcome=t("r11.outcome", n=broken, outside=t("r11.outside", n=outside), late=t("r11.late", n=late)),
        next_step=(t("r11.broken"), t("r11.broken_text")) if broken else None,
        tiles=(
            (t("r11.marketing"), f.number(sum(row["segments"] for row in sends))),
            (t("column.outside"), f.number(outside)),
            (t("r11.stops"), f.number(len(stops)), t("r11.unheard", n=unheard)),
            (t("r11.slowest"), f.duration(slowest)),
            (t("column.late"), f.number(late)),
            (t("r11.exempted"), f.number(len(exemptions))),
        ),
        sections=[
            _sends_table(desk, sends),
            Table(
                t("r11.stops_table"),
                desk.columns(
                    ("sender", "phone"), ("received_at", "when"), ("seconds_to_apply", "decimal"),
                    ("late", "number"),
                ),
                [{**row, "seconds_to_apply": row["seconds"]} for row in stops],
                t("r11.no_stops"),
            ),
            Table(
                t("r11.exemptions"),
                desk.columns(
                    ("client", "code"), ("campaign", "code"), ("ground", "code"), ("granted_by", "text"),
                    ("granted_at", "when"),
                ),
                exemptions,
                t("r11.no_exemptions"),
            ),
            Table(
                t("r11.opt_outs"),
                desk.columns(
                    ("source", "code"), ("for_all", "number"), ("for_one", "number"), ("recent", "number")
                ),
                desk.rows("r11_opt_outs"),
                t("r11.no_opt_outs"),
            ),
        ],
        notes=(t("r11.note", profile=settings().compliance_profile),),
    )  # fmt: skip


def _sends_table(desk: Desk, sends: list[dict[str, Any]]) -> Table:
    columns = desk.columns(
        ("client", "code"), ("campaign", "code"), ("segments", "number"), ("outside", "number"),
        ("first_outside", "when"), ("exempted", "text"),
    )  # fmt: skip
    summed = total(sends, "segments", "outside")
    return Table(desk.t("r11.table"), columns, sends, desk.t("r11.empty"), summed)


def _sends(desk: Desk) -> list[dict[str, Any]]:
    """Marketing campaigns with what each submitted, and how much of it outside the hours of the law."""
    hours, found = _Hours(), defaultdict[tuple[str, str], list[Row]](list)
    home = profile(settings().compliance_profile).home
    for row in desk.rows("r11_sends", home=home):
        found[row["client"], row["campaign"]].append(row)
    told = []
    for (client, campaign), rows in sorted(found.items()):
        wrong = [row for row in rows if not hours.open(row)]
        told.append({
            "client": client, "campaign": campaign,
            "segments": sum(row["segments"] for row in rows),
            "outside": sum(row["segments"] for row in wrong),
            "first_outside": min((row["minute"] for row in wrong), default=None),
            "exempted": (rows[0]["exemption"] or {}).get("ground"),
        })  # fmt: skip
    return told


class _Hours:
    """The hours of the profile, where each recipient lives; each interval is looked up once."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.intervals: dict[tuple[str, str | None], Interval | None] = {}

    def open(self, row: Row) -> bool:
        """Whether the whole minute lies in the hours that the law allows."""
        minute: datetime = row["minute"]
        key = (row["holidays"], row["abroad"])
        known = self.intervals.get(key)
        if known is None or not known[0] <= minute < known[1]:
            rules = self._rules(row["holidays"])
            windows = rules.windows_at(place_of(row["abroad"]) if row["abroad"] else None)
            if not windows:
                return True
            known = self.intervals[key] = next_open(windows, minute)
        return (
            known is not None and known[0] <= minute and minute + timedelta(minutes=1) <= known[1]
        )

    def _rules(self, holidays: str) -> Profile:
        if holidays not in self.profiles:
            self.profiles[holidays] = profile(settings().compliance_profile, holidays)
        return self.profiles[holidays]


REPORT = Report("R11", "compliance", make)
