"""The PDF of an invoice: what people read, the XML inside, and the marks of PDF/A-3.

veraPDF is no package of any registry we may use; checked here is what PDF/A-3b asks for and pypdf can
see: the claim in XMP, output intent, embedded fonts, no script, no encryption, associated file.
"""

import io
import re
from typing import Any

import pypdf
import pypdfium2
import pytest
from facturx import get_facturx_xml_from_pdf

from include.billing.facturx_xml import xml
from include.billing.invoice_pdf import pdf
from tests.unit.billing.einvoices import credit_note, invoice


def _text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    pages = [page.get_textpage().get_text_range() for page in document]
    return re.sub(r"[\s\u00a0\u202f]+", " ", " ".join(pages))


@pytest.fixture(scope="module")
def long() -> bytes:
    return pdf(invoice(40))


def test_everything_the_law_wants_is_there(long: bytes) -> None:
    text = _text(long)
    document = invoice(40)
    for wanted in (
        "Facture", "F000001", "Exemple Télécom", "SARL au capital de 10 000 €", "SIREN 732 829 320",
        "TVA FR44732829320", "SIREN 552 100 554", "TVA FR96552100554", "1 déc. 2026", "31 déc. 2026",
        "Échéance", "nov. 2026", "indemnité forfaitaire pour frais de recouvrement", "40 €",
        "pénalités exigibles", "prestations de services", "escompte", "Régularisation de oct. 2026",
        "IBAN FR76 3000 6000", "TVA 19,6 %", "TVA 20 %", "Net à payer", "Appels sans centre de coûts",
    ):  # fmt: skip
        assert wanted.lower() in text.lower(), wanted
    for name in ("net", "gross", "payable"):
        whole, fraction = document[name].split(".")
        shown = f"{int(whole):,}".replace(",", " ") + f",{fraction} €"
        assert shown in text, name
    assert all(f"SMS de la campagne campagne-{n} " in text for n in range(40))


def test_a_long_invoice_has_several_pages_with_heads_and_numbers(long: bytes) -> None:
    document = pypdfium2.PdfDocument(long)
    count = len(document)
    assert count >= 5
    for number, page in enumerate(document, 1):
        text = page.get_textpage().get_text_range()
        assert f"page {number} sur {count}" in text
        if "campagne-" in text or "centre de coûts" in text:
            assert "Prestation" in text
        image = page.render(scale=0.5).to_pil().convert("L")
        ink = image.point(lambda level: 255 if level < 128 else 0).getbbox()
        assert ink and ink[0] > 15 and ink[2] < image.width - 15, "something runs over the margin"


def test_the_xml_inside_is_ours(long: bytes) -> None:
    name, data = get_facturx_xml_from_pdf(long, check_xsd=True)
    assert name == "factur-x.xml"
    assert data == xml(invoice(40))


@pytest.mark.parametrize("document", [invoice(), invoice(language="en"), credit_note()])
def test_the_marks_of_pdf_a_3(document: dict[str, Any]) -> None:
    data = pdf(document)
    reader = pypdf.PdfReader(io.BytesIO(data))
    root: Any = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    for mark in ("pdfaid:part>3<", "pdfaid:conformance>B<", "EN 16931", "factur-x.xml"):
        assert mark in xmp, mark
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert root["/OutputIntents"][0]["/DestOutputProfile"].get_data()
    attached: list[Any] = [reference.get_object() for reference in root["/AF"]]
    assert [file["/AFRelationship"] for file in attached] == ["/Alternative"]
    assert not reader.is_encrypted
    assert "/JavaScript" not in root.get("/Names", {})
    assert isinstance(root.get("/OpenAction", []), list), "an action, not a place to open at"
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    fonts = [font.get_object() for found in resources for font in found["/Font"].values()]
    assert fonts
    for font in fonts:
        (descendant,) = font["/DescendantFonts"]
        assert descendant.get_object()["/FontDescriptor"]["/FontFile2"].get_data()
        assert b"begincmap" in font["/ToUnicode"].get_data()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_that_we_word_is_cut_off(language: str) -> None:
    plain = {"legal_name": "Dupont", "address": "12 avenue du Parc"}
    document = invoice(language=language)
    assert "…" not in _text(pdf({**document, "buyer": {**document["buyer"], **plain}}))


def test_a_draft_says_so_and_has_no_xml() -> None:
    data = pdf(invoice() | {"number": None})
    text = _text(data)
    assert "Projet de facture" in text and "essai à blanc" in text
    assert get_facturx_xml_from_pdf(data) == (False, False)


def test_a_credit_note_names_what_it_cancels() -> None:
    text = _text(pdf(credit_note()))
    assert "Avoir" in text and "A000001" in text and "Facture" not in text
    assert "Annule la facture F000001 du 1 déc. 2026. Motif : Tarif erroné" in text
    assert "IBAN" not in text
