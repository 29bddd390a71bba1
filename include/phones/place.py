"""Where the owner of a number lives, as far as the number tells: a country and its time zones."""

from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import timezone

#: How much of a number, its + included, decides about its place.
BEGINNING = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A country (ISO 3166) and every time zone that the owner may live in.

    Its text is short enough for a column and is read again by `read`.
    """

    country: str
    zones: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.country}:{','.join(self.zones)}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place that ``str`` wrote."""
        country, _, zones = text.partition(":")
        return cls(country, tuple(zones.split(",")))


def place_of(msisdn: str) -> Place:
    """The place of an E.164 number; of one in no known plan, the whole of its country's.

    A number that may be in several zones (Russia, Australia) has them all. Raises ``ValueError``
    for what is no E.164 number.
    """
    try:
        number = phonenumbers.parse(msisdn)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"no E.164 number: {msisdn!r}") from error
    country = phonenumbers.region_code_for_number(
        number
    ) or phonenumbers.region_code_for_country_code(number.country_code or 0)
    if country == "RE" and _national(number).startswith("639"):
        country = "YT"  # Mayotte's mobiles since 2006, which libphonenumber's zones know
    return _known(country, timezone.time_zones_for_geographical_number(number))


def _national(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.national_significant_number(number))


@cache
def _known(country: str, zones: tuple[str, ...]) -> Place:
    return Place(country, tuple(zone for zone in zones if zone != "Etc/Unknown") or ("UTC",))
