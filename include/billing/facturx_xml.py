"""The XML inside an invoice's PDF: Factur-X, profile EN 16931, with what France wants (BR-FR)."""

from collections.abc import Mapping
from typing import Any

from include.billing.invoice_words import (
    legal_form,
    line_details,
    line_name,
    price_and_quantity,
    terms,
)
from include.pages import Words

Row = Mapping[str, Any]
LEVEL = "en16931"
INVOICE, CREDIT_NOTE = "380", "381"
SERVICES = "S1"  # BT-23: services, not paid or paid in part
SIREN_SCHEME, ADDRESS_SCHEME, MAIL_SCHEME = "0002", "0225", "EM"
PIECE = "C62"
TRANSFER = "30"


def xml(invoice: Row) -> bytes:
    """The XML of an invoice document (``include.billing.invoice_document``), checked by its XSD."""
    from facturx import generate_xml

    made: bytes = generate_xml(
        fields(invoice), flavor="factur-x", level=LEVEL, check_xsd=True, check_schematron=None
    )
    return made


def fields(invoice: Row) -> dict[str, Any]:
    """The business terms (BT-…) of EN 16931."""
    t = Words(invoice["language"])
    credit_note = invoice["kind"] == "credit_note"
    months = sorted(line["month"] for line in invoice["lines"])
    first, last = min(months[0], invoice["period"]), invoice["period"]
    found: dict[str, Any] = {
        "BT-1": invoice["number"],
        "BT-2": invoice["issued_on"],
        "BT-3": CREDIT_NOTE if credit_note else INVOICE,
        "BT-5": invoice["currency"],
        "BT-9": invoice["due_on"],
        "BT-23": SERVICES,
        "BT-72": _last_day(last),
        "BT-73": f"{first}-01",
        "BT-74": _last_day(last),
        "BT-106": invoice["net"],
        "BT-109": invoice["net"],
        "BT-110": invoice["vat_total"],
        "BT-112": invoice["gross"],
        "BT-113": invoice["prepaid"],
        "BT-115": invoice["payable"],
        "BG-1": [{"BT-21": code, "BT-22": text} for code, text in terms(t, invoice)],
        "BG-4": _seller(t, invoice["seller"]),
        "BG-7": _buyer(invoice["buyer"]),
        "BG-23": [_tax(row) for row in invoice["vat"]],
        "BG-25": [_line(t, line, invoice["period"]) for line in invoice["lines"]],
    }
    if invoice["corrects"]:
        before = invoice["corrects"]
        found["BG-3"] = [{"BT-25": before["number"], "BT-26": before["issued_on"]}]
    iban = invoice["seller"].get("iban")
    if iban and not credit_note:
        found |= {"BT-81": TRANSFER, "BT-84": iban, "BT-85": invoice["seller"]["name"]}
        if invoice["seller"].get("bic"):
            found["BT-86"] = invoice["seller"]["bic"]
    return found


def _line(t: Words, line: Row, period: str) -> dict[str, Any]:
    price, quantity = price_and_quantity(line)
    return {
        "BT-126": str(line["position"]),
        "BT-129": f"{quantity:f}",
        "BT-130": PIECE,
        "BT-131": line["net"],
        "BT-134": f"{line['month']}-01",
        "BT-135": _last_day(line["month"]),
        "BT-146": f"{price:f}",
        "BT-151": _category(line["vat_percent"]),
        "BT-152": line["vat_percent"],
        "BT-153": line_name(t, line),
        "BT-154": line_details(t, line, period),
    }


def _tax(row: Row) -> dict[str, str]:
    return {
        "BT-116": row["base"],
        "BT-117": row["amount"],
        "BT-118": _category(row["percent"]),
        "BT-119": row["percent"],
    }


def _category(percent: str) -> str:
    return "Z" if float(percent) == 0 else "S"


def _seller(t: Words, seller: Row) -> dict[str, Any]:
    return {
        "name": seller["name"],
        "legal_identifier": seller["siren"],
        "legal_identifier_schemeid": SIREN_SCHEME,
        "vat_identifier": seller["vat_number"],
        "legal_info": ", ".join(filter(None, (legal_form(t, seller), seller.get("rcs")))),
        "einvoicing_addr": seller["siren"],
        "einvoicing_addr_schemeid": ADDRESS_SCHEME,
        **_address(seller, seller["street"]),
    }


def _buyer(buyer: Row) -> dict[str, Any]:
    found = {
        "name": buyer["legal_name"],
        "vat_identifier": buyer["vat_number"],
        **_address(buyer, buyer["address"]),
    }
    if buyer["siren"]:
        found |= {
            "legal_identifier": buyer["siren"],
            "legal_identifier_schemeid": SIREN_SCHEME,
            "einvoicing_addr": buyer["siren"],
            "einvoicing_addr_schemeid": ADDRESS_SCHEME,
        }
    elif buyer["email"]:
        found |= {"einvoicing_addr": buyer["email"], "einvoicing_addr_schemeid": MAIL_SCHEME}
    return found


def _address(party: Row, street: str) -> dict[str, str]:
    return {
        "addr_l1": street,
        "postcode": party["postcode"],
        "city": party["city"],
        "country_code": party["country"],
    }


def _last_day(month: str) -> str:
    from calendar import monthrange

    year, number = map(int, month.split("-"))
    return f"{month}-{monthrange(year, number)[1]:02d}"
