"""Numbers, money, dates and durations as a reader of French or English writes them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

LANGUAGES = ("fr", "en")
DEFAULT_ZONE = "Europe/Paris"
NOTHING = "–"

_THIN = "\u202f"
_SPACE = "\u00a0"
_MONTHS = {
    "fr": "janv.|févr.|mars|avr.|mai|juin|juil.|août|sept.|oct.|nov.|déc.",
    "en": "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec",
}
_UNITS = {"fr": ("j", "h", "min", "s"), "en": ("d", "h", "min", "s")}
_BYTES = {"fr": ("o", "ko", "Mo", "Go"), "en": ("B", "kB", "MB", "GB")}
_CURRENCIES = {"EUR": "€", "GBP": "£", "USD": "$"}

Amount = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Formats:
    """Writes values in `lang`; instants are shown in `zone`. `None` is always an en dash."""

    lang: str
    zone: str = DEFAULT_ZONE

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise ValueError(f"no such language: {self.lang!r} (there are {', '.join(LANGUAGES)})")

    def number(self, value: Amount | None, digits: int = 0) -> str:
        """4 812 or 4,812; a minus sign, never a hyphen."""
        if value is None:
            return NOTHING
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        text = f"{exact:,f}".replace("-", "\u2212")
        return text if self.lang == "en" else text.replace(",", _THIN).replace(".", ",")

    def decimal(self, value: Amount | None) -> str:
        """One digit after the point."""
        return self.number(value, 1)

    def percent(self, value: Amount | None) -> str:
        """98,3 % of a value from 0 to 100; whole numbers without a decimal."""
        if value is None:
            return NOTHING
        digits = 0 if value == int(value) else 1
        return self.number(value, digits) + ("%" if self.lang == "en" else f"{_SPACE}%")

    def money(self, value: Amount | None, currency: str = "EUR") -> str:
        """12,30 € or €12.30, with the decimals of `amount`."""
        if value is None:
            return NOTHING
        sign = _CURRENCIES.get(currency, currency)
        if self.lang == "fr":
            return f"{self.amount(value)}{_SPACE}{sign}"
        exact, gap = Decimal(str(value)), "" if len(sign) == 1 else _SPACE
        minus = "\u2212" if exact < 0 else ""
        return f"{minus}{sign}{gap}{self.amount(abs(exact))}"

    def amount(self, value: Amount | None) -> str:
        """Money without its sign: cents; below one, as of a unit price, up to four decimals."""
        if value is None:
            return NOTHING
        exact = Decimal(str(value)).normalize()
        exponent = exact.as_tuple().exponent
        if abs(exact) >= 1 or not isinstance(exponent, int):
            return self.number(exact, 2)
        return self.number(exact, min(4, max(2, -exponent)))

    def day(self, value: date | datetime | None) -> str:
        """22 nov. 2026."""
        if value is None:
            return NOTHING
        if isinstance(value, datetime):
            value = self.local(value)
        return f"{value.day}{_SPACE}{self.month(value)}"

    def when(self, value: datetime | None) -> str:
        """22 nov. 2026 14:05, in the page's zone."""
        if value is None:
            return NOTHING
        value = self.local(value)
        return f"{self.day(value)} {value:%H:%M}"

    def month(self, value: date) -> str:
        """The month and its year: nov. 2026."""
        return f"{_MONTHS[self.lang].split('|')[value.month - 1]}{_SPACE}{value.year}"

    def local(self, value: datetime) -> datetime:
        """The same instant in the page's zone; a naive time is taken as local already."""
        return value if value.tzinfo is None else value.astimezone(ZoneInfo(self.zone))

    def duration(self, seconds: Amount | None) -> str:
        """The two largest units: 1 min 35 s, 2 h 05 min, 3 j 4 h."""
        if seconds is None:
            return NOTHING
        total = int(Decimal(str(seconds)).quantize(Decimal(1), ROUND_HALF_UP))
        sizes = (86400, 3600, 60, 1)
        names = _UNITS[self.lang]
        first = next((i for i, size in enumerate(sizes) if total >= size), 3)
        head, rest = divmod(total, sizes[first])
        text = f"{self.number(head)}{_SPACE}{names[first]}"
        if first == 3 or rest < sizes[first + 1]:
            return text
        tail = rest // sizes[first + 1]
        padded = f"{tail:02d}" if first > 0 else str(tail)
        return f"{text}{_SPACE}{padded}{_SPACE}{names[first + 1]}"

    def bytes(self, value: int | None) -> str:
        """1,4 Mo; thousands, not 1024."""
        if value is None:
            return NOTHING
        size, unit = Decimal(value), 0
        while size >= 1000 and unit < 3:
            size, unit = size / 1000, unit + 1
        return (
            f"{self.number(size, 1 if unit and size < 100 else 0)}{_SPACE}{_BYTES[self.lang][unit]}"
        )
