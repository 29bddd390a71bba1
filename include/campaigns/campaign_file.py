"""A campaign file: read, checked as a whole, every complaint with its line and its field."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from include.campaigns.compliance import Profile, names_a_way_out
from include.campaigns.faults import Fault, RefusedError
from include.campaigns.spec import Spec, clock, instant
from include.campaigns.template import BadPlaceholderError, literals, parse
from include.campaigns.yaml_document import Document, Path, dotted, read
from sms_sender.pdu.alphabet import outside_gsm7
from sms_sender.pdu.segments import count_segments

INTEGERS = (
    "version",
    "max_segments",
    "message.variants.*.weight",
    "rate.per_minute",
    "rate.per_day",
    "budget.max_messages",
)
MOST_SEGMENTS = 8


@dataclass(frozen=True)
class CampaignFile:
    """A valid file: what it asks for, the state it wants, the quote it accepts."""

    spec: Spec
    state: str
    quote_id: str | None
    document: Document

    def line(self, *path: str | int) -> int | None:
        """Where a field stands in the file."""
        return self.document.line(path)


def parse_campaign(raw: bytes, profile: Profile) -> CampaignFile:
    """Read and check a campaign file by itself, without a look at the database.

    Raises ``RefusedError`` with every fault found, in the order of the file.
    """
    document = read(raw, INTEGERS)
    faults = [*_shape(document), *_instants(document)]
    if not faults:
        faults = [*_texts(document), *_duty(document, profile)]
    if faults:
        raise RefusedError(sorted(faults, key=lambda fault: fault.line or 0))
    data = document.data
    return CampaignFile(Spec(data), data.get("state", "draft"), data.get("quote_id"), document)


def name_in(raw: bytes) -> str | None:
    """The campaign that a file speaks of, where that much of it can be read."""
    try:
        name = read(raw, INTEGERS).data.get("campaign")
    except RefusedError:
        return None
    return name if isinstance(name, str) else None


@cache
def schema() -> dict[str, Any]:
    """The schema of campaign files, as published to clients."""
    text = (resources.files("include.campaigns") / "campaign.schema.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _shape(document: Document) -> Iterator[Fault]:
    for error in _validator().iter_errors(document.data):
        meant = _meant(error) if error.validator == "oneOf" else error
        yield from _complaints(meant, document)


def _meant(error: ValidationError) -> ValidationError:
    """Of the two forms of a message, the complaint about the one that was tried."""
    branch = 0 if isinstance(error.instance, str) else 1
    inside = [e for e in error.context or () if e.schema_path and e.schema_path[0] == branch]
    return best_match(inside) or error


def _complaints(error: ValidationError, document: Document) -> Iterator[Fault]:
    path: Path = tuple(error.absolute_path)
    rule: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        for missing in sorted(set(rule) - set(instance)):
            yield Fault("missing_field", document.line(path) or 1, dotted((*path, missing)))
        return
    if error.validator == "additionalProperties":
        outer: Any = error.schema
        known = outer["properties"]
        for extra in [key for key in instance if key not in known]:
            yield _named("unknown_field", extra, known, (*path, extra), document)
        return
    if error.validator == "enum":
        yield _named("not_in_list", str(instance), rule, path, document)
        return
    if error.validator == "maxLength" and path[:1] == ("message",):
        values = {"parts": count_segments(instance), "n": MOST_SEGMENTS}
        yield Fault("too_many_parts", document.line(path), dotted(path), values)
        return
    code = _CODES.get(str(error.validator), "bad_value")
    yield Fault(code, document.line(path) or 1, dotted(path) or None, {"wanted": str(rule)})


_CODES = {
    "type": "wrong_type",
    "const": "wrong_value",
    "pattern": "bad_name",
    "minLength": "empty_text",
    "maxLength": "too_long",
    "minimum": "out_of_range",
    "maximum": "out_of_range",
    "minItems": "bad_count",
    "maxItems": "bad_count",
    "uniqueItems": "twice_in_list",
}


def _named(code: str, word: str, known: Any, path: Path, document: Document) -> Fault:
    words = [str(item) for item in known]
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    says = f"{code}_close" if close else code
    values = {"word": word, "close": close[0] if close else "", "known": ", ".join(words)}
    return Fault(code, document.line(path), dotted(path), values, says)


def _instants(document: Document) -> Iterator[Fault]:
    schedule = document.data.get("schedule")
    if not isinstance(schedule, dict):
        return
    zone = schedule.get("timezone", "Europe/Paris")
    try:
        ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield _at(document, "unknown_timezone", "schedule", "timezone", word=str(zone))
        zone = "Europe/Paris"
    found = {}
    for field in ("start_at", "expire_at"):
        try:
            if field in schedule:
                found[field] = instant(str(schedule[field]), str(zone))
        except (ValueError, OverflowError):
            yield _at(document, "bad_datetime", "schedule", field, word=str(schedule[field]))
    if len(found) == 2 and found["expire_at"] <= found["start_at"]:
        yield _at(document, "expires_before_start", "schedule", "expire_at")
    for written in schedule.get("window", []):
        try:
            clock(str(written))
        except ValueError:
            yield _at(document, "bad_time", "schedule", "window", word=str(written))


def _at(document: Document, code: str, *path: str | int, **values: Any) -> Fault:
    return Fault(code, document.line(path), dotted(path), values)


def _texts(document: Document) -> Iterator[Fault]:
    found = _written(document.data["message"])
    for path, text in found:
        try:
            parse(text)
        except BadPlaceholderError as error:
            line = document.line(path, text[: error.at])
            yield Fault("bad_placeholder", line, dotted(path), {"found": error.found})
            return
    ids = [v["id"] for v in document.data["message"]["variants"]] if len(found) > 1 else []
    if len(set(ids)) < len(ids):
        yield _at(document, "twice_in_list", "message", "variants")
    spec = Spec(document.data)
    for (path, _text), final in zip(found, spec.texts, strict=True):
        yield from _length(document, path, spec, literals(final.parts))


def _written(message: Any) -> list[tuple[Path, str]]:
    if isinstance(message, str):
        return [(("message",), message)]
    return [
        (("message", "variants", i, "text"), v["text"]) for i, v in enumerate(message["variants"])
    ]


def _length(document: Document, path: Path, spec: Spec, fixed: str) -> Iterator[Fault]:
    foreign = outside_gsm7(fixed) if spec.encoding == "gsm7" else ()
    if foreign:
        yield Fault("not_gsm7", document.line(path), dotted(path), {"found": " ".join(foreign)})
        return
    parts = count_segments(fixed, spec.encoding)
    if parts > spec.max_segments:
        values = {"parts": parts, "n": spec.max_segments}
        yield Fault("too_many_parts", document.line(path), dotted(path), values)
    if not fixed.strip() and not spec.texts[0].parts:
        yield Fault("empty_text", document.line(path), dotted(path), {"wanted": "1"})


def _duty(document: Document, profile: Profile) -> Iterator[Fault]:
    """Who speaks and how to object: asked of marketing, counted in its segments."""
    data = document.data
    if data["purpose"] != "marketing" or not profile.marketing_needs_stop:
        return
    mention = data.get("stop_mention", "")
    if not names_a_way_out(mention):
        line = document.line(("stop_mention",)) or document.line(("purpose",))
        yield Fault("stop_mention_required", line, "stop_mention")
    sender = data.get("sender_name", "").strip()
    texts = [text for _path, text in _written(data["message"])]
    if not sender or not all(sender.casefold() in text.casefold() for text in texts):
        line = document.line(("sender_name",)) or document.line(("purpose",))
        says = "sender_name_in_text" if sender else "sender_name_required"
        yield Fault("stop_mention_required", line, "sender_name", says=says)
