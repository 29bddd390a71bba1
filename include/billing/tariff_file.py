"""Tariff files: YAML against the schema, then what a schema cannot say. Errors name their place."""

import re
from datetime import date
from fractions import Fraction
from functools import cache
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from include.billing import yaml_values
from include.billing.model import ANY, Calendar, Rate, Step, Tariff
from include.billing.overlaps import find_gaps, find_overlaps
from include.errors import InputError, Place

SCHEMA = Path(__file__).with_name("tariff.schema.yaml")
DEFAULT_ROUNDING = {"method": "half_up", "decimals": 4}
MAX_SHOWN = 5


class TariffError(InputError):
    """A tariff file that cannot be used; every fault with its place."""

    def __init__(self, faults: list[tuple[str, int | None, str]], file: str | None) -> None:
        self.faults = faults
        shown = "; ".join(
            f"{place}{f' (line {line})' if line else ''}: {what}"
            for place, line, what in faults[:MAX_SHOWN]
        )
        more = f" (and {len(faults) - MAX_SHOWN} more)" if len(faults) > MAX_SHOWN else ""
        place, line, _ = faults[0]
        super().__init__("bad_tariff", shown + more, place=Place(file=file, line=line, field=place))


def read_file(path: Path, *, complete: bool = True) -> Tariff:
    """The tariff in a file. Raises ``InputError`` if it is not there, ``TariffError`` if it is bad."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("no_such_file", f"{path} cannot be read: {error}") from None
    return parse(text, str(path), complete=complete)


def parse(text: str, file: str | None = None, *, complete: bool = True) -> Tariff:
    """The tariff in a YAML text.

    ``complete`` also refuses gaps in time, which ``billing price`` reports per call instead.
    """
    document, lines = yaml_values.read(text, file)
    faults = document_faults(document, complete=complete)
    if faults:
        named = [(_place(path), _line(path, lines), what) for what, path in faults]
        raise TariffError(named, file)
    return build(document)


def from_document(document: dict[str, Any], *, complete: bool = False) -> Tariff:
    """The tariff of a document that was loaded before. Raises ``TariffError``."""
    faults = document_faults(document, complete=complete)
    if faults:
        raise TariffError([(_place(path), None, what) for what, path in faults], None)
    return build(document)


def digest(document: dict[str, Any]) -> str:
    """The identity of a tariff's content."""
    return sha256(dumps(document, sort_keys=True).encode()).hexdigest()


Fault = tuple[str, yaml_values.Path]


def document_faults(document: Any, *, complete: bool) -> list[Fault]:
    """What is wrong with a document, each with the path to it; nothing if it is a tariff."""
    faults: list[Fault] = [
        (error.message[:200], tuple(error.absolute_path))
        for error in sorted(
            _validator().iter_errors(document), key=lambda e: list(map(str, e.path))
        )
    ]
    faults = faults or _meaning_faults(document)
    if faults:
        return faults
    tariff = build(document)
    faults = [
        (f"can be in force together with {tariff.rates[b].name!r} at the same weight", ("rates", a))
        for a, b in find_overlaps(tariff)
    ]
    if complete:
        faults += [(what, ("rates", index)) for index, what in find_gaps(tariff)]
    return faults


@cache
def _validator() -> Draft202012Validator:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _meaning_faults(document: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    if document.get("timezone", "Europe/Paris") not in available_timezones():
        faults.append((f"{document['timezone']!r} is not a time zone", ("timezone",)))
    for name, calendar in document.get("calendars", {}).items():
        for key in ("holidays", "exclude_holidays"):
            if key in calendar and not _is_country(calendar[key]):
                what = f"{calendar[key]!r} is not a country of the holidays package"
                faults.append((what, ("calendars", name, key)))
        faults += [
            (f"{day!r} is not a day of any year", ("calendars", name, "dates", index))
            for index, day in enumerate(calendar.get("dates", []))
            if not _is_day(day)
        ]
    for index, rate in enumerate(document["rates"]):
        faults += [(what, ("rates", index, *path)) for what, path in _rate_faults(rate, document)]
    for name in document.get("sms", {}).get("by_destination", {}):
        if name not in document.get("destinations", {}):
            faults.append((f"unknown destination {name!r}", ("sms", "by_destination", name)))
    if document.get("vat") and min(v["from"] for v in document["vat"]) > document["valid_from"]:
        faults.append((f"no VAT on {document['valid_from']}, when the tariff starts", ("vat",)))
    return faults


def _rate_faults(rate: dict[str, Any], document: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    if rate.get("destination", ANY) not in (ANY, *document.get("destinations", {})):
        faults.append((f"unknown destination {rate['destination']!r}", ("destination",)))
    if "calendar" in rate and rate["calendar"] not in document.get("calendars", {}):
        faults.append((f"unknown calendar {rate['calendar']!r}", ("calendar",)))
    if rate.get("from", "00:00") == rate.get("to", "24:00"):
        faults.append(("from and to are the same: it is never in force", ("from",)))
    if "steps" in rate and "pulse_price" in rate:
        faults.append(("pulse_price comes instead of steps, not beside them", ("pulse_price",)))
    starts = [step["from"] for step in rate.get("steps", [])]
    if starts != sorted(set(starts)):
        faults.append(("steps must start one after the other", ("steps",)))
    bounds = [Fraction(rate[key]) for key in ("minimum", "maximum") if key in rate]
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        faults.append(("minimum is more than maximum", ("minimum",)))
    return faults


def _is_country(code: str) -> bool:
    import holidays

    return code in holidays.list_supported_countries()


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text if len(text) == 10 else f"2024-{text}")
    except ValueError:
        return False
    return True


def build(document: dict[str, Any]) -> Tariff:
    """The tariff of a document without faults."""
    rounding = {**DEFAULT_ROUNDING, **document.get("rounding", {})}
    calendars = {name: _calendar(value) for name, value in document.get("calendars", {}).items()}
    prefixes: dict[str, list[str]] = {}
    for name, listed in document.get("destinations", {}).items():
        for prefix in listed:
            prefixes.setdefault(prefix, []).append(name)
    return Tariff(
        code=document["tariff"],
        currency=document["currency"],
        valid_from=date.fromisoformat(document["valid_from"]),
        timezone=ZoneInfo(document.get("timezone", "Europe/Paris")),
        rounding=rounding["method"],
        decimals=rounding["decimals"],
        prefixes={prefix: tuple(names) for prefix, names in prefixes.items()},
        rates=tuple(_rate(i, rate, calendars) for i, rate in enumerate(document["rates"])),
        document=document,
    )


def _calendar(value: dict[str, Any]) -> Calendar:
    return Calendar(
        frozenset(value.get("days", ())),
        frozenset(value.get("dates", ())),
        value.get("holidays"),
        value.get("exclude_holidays"),
    )


def _rate(index: int, rate: dict[str, Any], calendars: dict[str, Calendar]) -> Rate:
    adjustment = rate.get("adjustment", {})
    return Rate(
        index=index,
        name=rate.get("name", f"rates[{index}]"),
        destination=rate.get("destination", ANY),
        direction=rate.get("direction", "outgoing"),
        calendar=calendars[rate["calendar"]] if "calendar" in rate else None,
        start=_clock(rate.get("from", "00:00")),
        end=_clock(rate.get("to", "24:00")),
        weight=rate.get("weight", 10),
        connect_fee=Fraction(rate.get("connect_fee", 0)),
        included_seconds=rate.get("included_seconds", 0),
        steps=tuple(
            Step(step["from"], Fraction(step["price"]), step["per"], step["increment"])
            for step in rate.get("steps", ())
        ),
        completed_only=rate.get("increments", "up") == "down",
        pulse_price=_amount(rate.get("pulse_price")),
        unanswered_fee=Fraction(rate.get("unanswered_fee", 0)),
        minimum=_amount(rate.get("minimum")),
        maximum=_amount(rate.get("maximum")),
        factor=Fraction(adjustment.get("a", 1)),
        offset=Fraction(adjustment.get("b", 0)),
        percent=Fraction(adjustment.get("percent", 0)),
    )


def _amount(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _place(path: yaml_values.Path) -> str:
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return re.sub(r"^\.", "", shown) or "the file"


def _line(path: yaml_values.Path, lines: dict[yaml_values.Path, int]) -> int | None:
    known = (lines[path[:size]] for size in range(len(path), -1, -1) if path[:size] in lines)
    return next(known, None)
