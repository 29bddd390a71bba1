"""What an invoice says: lines rounded to cents, VAT by rate on their sum (EN 16931). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]
CENT = Decimal("0.01")
PAYMENT_DAYS = 30
CURRENCY = "EUR"


def cents(amount: Decimal) -> Decimal:
    """To two decimals, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Line:
    """SMS of a campaign at one price, or the calls of a cost centre, in one month at one VAT rate.

    ``quantity`` counts SMS or calls, ``times`` messages or calls; ``unit_price`` is that of an SMS,
    none where calls differ in price. ``exact`` is the amount before it is rounded to ``net``.
    """

    kind: str
    month: date
    item: str
    unit_price: Decimal | None
    quantity: Decimal
    times: int
    seconds: int
    exact: Decimal
    vat_percent: Decimal

    @property
    def net(self) -> Decimal:
        """Rounded to cents, without VAT."""
        return cents(self.exact)

    def document(self, position: int) -> dict[str, Any]:
        """For JSON: amounts as text."""
        return {
            "position": position,
            "kind": self.kind,
            "month": f"{self.month:%Y-%m}",
            "item": self.item,
            "unit_price": None if self.unit_price is None else f"{self.unit_price:f}",
            "quantity": f"{self.quantity:f}",
            "times": self.times,
            "seconds": self.seconds,
            "exact": f"{self.exact:f}",
            "vat_percent": f"{self.vat_percent:f}",
            "net": f"{self.net:f}",
        }


@dataclass(frozen=True)
class Totals:
    """The sums under the lines. ``vat`` holds (percent, base, amount) by rate."""

    net: Decimal
    vat: tuple[tuple[Decimal, Decimal, Decimal], ...]
    prepaid: Decimal

    @property
    def tax(self) -> Decimal:
        """All VAT."""
        return sum((amount for _, _, amount in self.vat), Decimal(0))

    @property
    def gross(self) -> Decimal:
        """With VAT."""
        return self.net + self.tax

    @property
    def payable(self) -> Decimal:
        """What is left to pay: the prepaid credit has paid the SMS, net."""
        return self.gross - self.prepaid


def totals(lines: Sequence[Line]) -> Totals:
    """Sums of rounded lines; VAT by rate, rounded once each."""
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        bases[line.vat_percent] = bases.get(line.vat_percent, Decimal(0)) + line.net
    vat = tuple(
        (percent, base, cents(base * percent / 100)) for percent, base in sorted(bases.items())
    )
    net = sum((line.net for line in lines), Decimal(0))
    prepaid = sum((line.net for line in lines if line.kind == "sms"), Decimal(0))
    return Totals(net, vat, prepaid)


def document(
    seller: Row, buyer: Row, month: date, lines: Sequence[Line], *, issued_on: date, language: str
) -> dict[str, Any]:
    """An invoice without its number: what PDF and XML are made from, amounts as text."""
    sums = totals(lines)
    due = issued_on + timedelta(days=int(seller.get("payment_days", PAYMENT_DAYS)))
    return {
        "schema": "invoice/1",
        "number": None,
        "kind": "invoice",
        "period": f"{month:%Y-%m}",
        "issued_on": issued_on.isoformat(),
        "due_on": due.isoformat(),
        "language": language,
        "currency": CURRENCY,
        "seller": dict(seller),
        "buyer": dict(buyer),
        "corrects": None,
        "reason": None,
        "lines": [line.document(position) for position, line in enumerate(lines, 1)],
        "vat": [
            {"percent": f"{percent:f}", "base": f"{base:f}", "amount": f"{amount:f}"}
            for percent, base, amount in sums.vat
        ],
        "net": f"{sums.net:f}",
        "vat_total": f"{sums.tax:f}",
        "gross": f"{sums.gross:f}",
        "prepaid": f"{sums.prepaid:f}",
        "payable": f"{sums.payable:f}",
    }


def credit_document(invoiced: Row, reason: str, issued_on: date) -> dict[str, Any]:
    """The credit note that cancels an invoice, whole, without its number: the same lines and sums."""
    return {
        **invoiced,
        "number": None,
        "kind": "credit_note",
        "issued_on": issued_on.isoformat(),
        "due_on": issued_on.isoformat(),
        "corrects": {"number": invoiced["number"], "issued_on": invoiced["issued_on"]},
        "reason": reason,
    }
