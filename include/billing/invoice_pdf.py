"""An invoice as people read it: A4, PDF/A-3, with its XML inside (Factur-X)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from include.billing.facturx_xml import LEVEL, xml
from include.billing.invoice_words import (
    legal_form,
    line_details,
    line_name,
    month,
    price_and_quantity,
    terms,
)
from include.pages import Words

Row = Mapping[str, Any]
LEFT, RIGHT, TOP, BOTTOM = 18.0, 18.0, 16.0, 20.0
WIDTH = 210 - LEFT - RIGHT
COLUMNS = (86.0, 22.0, 26.0, 14.0, 26.0)
INK, QUIET, RULE, SHADE = (22, 28, 36), (92, 100, 112), (198, 204, 212), (241, 244, 247)
ROW, SMALL = 4.6, 3.8


def pdf(invoice: Row) -> bytes:
    """The PDF of an invoice document, its XML embedded; without a number it is a draft, and bare."""
    painter = _Painter(invoice)
    painter.paint()
    bare = bytes(painter.output())
    if invoice["number"] is None:
        return bare
    from facturx import generate_from_binary

    made: bytes = generate_from_binary(
        bare,
        xml(invoice),
        flavor="factur-x",
        level=LEVEL,
        check_xsd=False,
        check_schematron=False,
        pdf_metadata={
            "author": invoice["seller"]["name"],
            "title": f"{painter.title} {invoice['number']}",
            "subject": f"{painter.title} {invoice['number']}, {invoice['buyer']['legal_name']}",
            "keywords": "Factur-X",
        },
        lang=invoice["language"],
        afrelationship="alternative",
    )
    return made


@cache
def _fonts() -> dict[str, Path]:
    """DejaVu Sans, which comes with matplotlib."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return {"": folder / "DejaVuSans.ttf", "B": folder / "DejaVuSans-Bold.ttf"}


def _grouped(digits: str, size: int) -> str:
    """Digits in groups: 732 829 320; the rest of a SIRET stays together."""
    if size == 3:
        return " ".join(filter(None, (digits[:3], digits[3:6], digits[6:9], digits[9:])))
    return " ".join(digits[at : at + size] for at in range(0, len(digits), size))


class _Painter(FPDF):
    def __init__(self, invoice: Row) -> None:
        super().__init__(format="A4", enforce_compliance="PDF/A-3B")
        self.invoice = invoice
        self.t = Words(invoice["language"])
        self.f = self.t.formats
        draft = invoice["number"] is None
        kind = "title_draft" if draft else "title"
        if invoice["kind"] == "credit_note":
            kind = "title_credit_note"
        self.heading = self.t(f"invoice.{kind}")
        self.name = invoice["number"] or self.t("invoice.no_number")
        for style, path in _fonts().items():
            self.add_font("DejaVu", style, path)
        font = self.fonts["dejavu"]
        assert isinstance(font, TTFFont)
        self.known = set(font.cmap)
        self.set_margins(LEFT, TOP, RIGHT)
        self.set_auto_page_break(False)
        self.set_title(f"{self.heading} {self.name}")
        self.set_author(self.clean(invoice["seller"]["name"]))
        self.set_creator("smsswitch")
        self.set_lang("fr-FR" if invoice["language"] == "fr" else "en-GB")
        issued = date.fromisoformat(invoice["issued_on"])
        self.set_creation_date(datetime(issued.year, issued.month, issued.day, tzinfo=UTC))

    def clean(self, text: str) -> str:
        """Only what the font can draw: a missing glyph is not PDF/A."""
        return "".join(c if ord(c) in self.known else "?" for c in " ".join(str(text).split()))

    def footer(self) -> None:
        """The number and the page, on each."""
        self.set_y(-14)
        self._ink(8, colour=QUIET)
        said = self.t("invoice.page", number=self.name, page=self.page_no(), pages="{nb}")
        self.cell(WIDTH, 5, said, align="C")

    def paint(self) -> None:
        """Every page."""
        self.add_page()
        self._head()
        self._parties()
        self._facts()
        self._table_head()
        for line in self.invoice["lines"]:
            self._line(line)
        self._totals()
        self._mentions()

    def _ink(self, size: float, style: str = "", colour: tuple[int, int, int] = INK) -> None:
        self.set_font("DejaVu", style, size)
        self.set_text_color(*colour)

    def _text(self, width: float, text: str, *, height: float = ROW, align: str = "L") -> None:
        """One line of text, cut where it does not fit; the cursor stays right of it."""
        shown = self.clean(text)
        while shown and self.get_string_width(shown) > width - 2:
            shown = shown[:-2].rstrip() + "…"
        self.cell(width, height, shown, align=align, new_x=XPos.RIGHT, new_y=YPos.TOP)

    def _row(self, width: float, text: str, *, height: float = ROW, align: str = "L") -> None:
        """Text in as many lines as it needs; the cursor goes below, at the same left."""
        self.multi_cell(
            width, height, self.clean(text), align=align, new_x=XPos.LEFT, new_y=YPos.NEXT
        )

    def _head(self) -> None:
        seller = self.invoice["seller"]
        self._ink(15, "B")
        self._text(WIDTH * 0.6, seller["name"], height=8)
        self._text(WIDTH * 0.4, self.heading, height=8, align="R")
        self.ln(8)
        self._ink(9, colour=QUIET)
        self._text(WIDTH * 0.6, legal_form(self.t, seller))
        self._ink(11)
        self._text(WIDTH * 0.4, self.name, align="R")
        self.ln(9)

    def _parties(self) -> None:
        top, half = self.get_y(), WIDTH / 2 - 4
        below = []
        for left, head, rows in (
            (LEFT, "invoice.seller", self._seller_rows()),
            (LEFT + WIDTH / 2 + 4, "invoice.buyer", self._buyer_rows()),
        ):
            self.set_xy(left, top)
            self._ink(8, colour=QUIET)
            self._row(half, self.t(head))
            for number, text in enumerate(rows):
                self._ink(9.5, "B" if number == 0 else "")
                self._row(half, text)
            below.append(self.get_y())
        self.set_xy(LEFT, max(below) + 6)

    def _seller_rows(self) -> list[str]:
        seller, t = self.invoice["seller"], self.t
        rows = [
            seller["name"],
            seller["street"],
            f"{seller['postcode']} {seller['city']}",
            " · ".join(filter(None, (self._siren(seller), seller.get("rcs", "")))),
            t("invoice.vat_number", value=seller["vat_number"]),
            " · ".join(filter(None, (seller.get("phone"), seller.get("email")))),
        ]
        return [row for row in rows if row]

    def _siren(self, seller: Row) -> str:
        if seller.get("siret"):
            return self.t("invoice.siret", value=_grouped(seller["siret"], 3))
        return self.t("invoice.siren", value=_grouped(seller["siren"], 3))

    def _buyer_rows(self) -> list[str]:
        buyer, t = self.invoice["buyer"], self.t
        abroad = buyer["country"] if buyer["country"] != "FR" else ""
        rows = [
            buyer["legal_name"],
            buyer["address"],
            f"{buyer['postcode']} {buyer['city']} {abroad}".strip(),
            t("invoice.siren", value=_grouped(buyer["siren"], 3)) if buyer["siren"] else "",
            t("invoice.vat_number", value=buyer["vat_number"]) if buyer["vat_number"] else "",
        ]
        return [row for row in rows if row]

    def _facts(self) -> None:
        invoice, t = self.invoice, self.t
        facts = [
            ("issued_on", self.f.day(date.fromisoformat(invoice["issued_on"]))),
            ("due_on", self.f.day(date.fromisoformat(invoice["due_on"]))),
            ("period", month(t, invoice["period"])),
        ]
        top = self.get_y()
        for number, (name, value) in enumerate(facts):
            self.set_xy(LEFT + number * WIDTH / 3, top)
            self._ink(8, colour=QUIET)
            self._row(WIDTH / 3, t(f"invoice.{name}"))
            self._ink(10.5)
            self._row(WIDTH / 3, value)
        self.set_xy(LEFT, self.get_y() + 3)
        if invoice["corrects"]:
            before = invoice["corrects"]
            day = self.f.day(date.fromisoformat(before["issued_on"]))
            said = {"number": before["number"], "day": day, "reason": invoice["reason"]}
            self._ink(9.5, "B")
            self._row(WIDTH, t("invoice.corrects", **said))
            self.ln(2)

    def _table_head(self) -> None:
        self.set_fill_color(*SHADE)
        self.rect(LEFT, self.get_y(), WIDTH, 7, style="F")
        self._ink(8, colour=QUIET)
        for width, key in zip(
            COLUMNS, ("line", "quantity", "unit_price", "vat", "amount"), strict=True
        ):
            self._text(
                width, self.t(f"invoice.{key}"), height=7, align="L" if key == "line" else "R"
            )
        self.ln(8.5)

    def _line(self, line: Row) -> None:
        name = self._lines_of(line_name(self.t, line), 9.5, COLUMNS[0])
        height = len(name) * ROW + SMALL + 3
        self._make_room(height, table=True)
        top = self.get_y()
        price, quantity = price_and_quantity(line)
        values = (
            self.f.number(quantity),
            self.f.number(price, max(2, -int(price.as_tuple().exponent))),
            self.f.percent(float(line["vat_percent"])),
            self.f.number(line["net"], 2),
        )
        self._ink(9.5)
        for number, text in enumerate(name):
            self.set_xy(LEFT, top + number * ROW)
            self._text(COLUMNS[0], text)
        self.set_xy(LEFT + COLUMNS[0], top)
        for width, value in zip(COLUMNS[1:], values, strict=True):
            self._text(width, value, align="R")
        self.set_xy(LEFT, top + len(name) * ROW)
        self._ink(8, colour=QUIET)
        self._text(WIDTH, line_details(self.t, line, self.invoice["period"]), height=SMALL)
        self.set_xy(LEFT, top + height - 1.5)
        self._rule()
        self.set_xy(LEFT, top + height)

    def _lines_of(self, text: str, size: float, width: float) -> list[str]:
        self._ink(size)
        split = self.multi_cell(width, ROW, self.clean(text), dry_run=True, output="LINES")
        assert isinstance(split, list)
        return split[:4]

    def _rule(self) -> None:
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(LEFT, self.get_y(), LEFT + WIDTH, self.get_y())

    def _make_room(self, height: float, *, table: bool = False) -> None:
        if self.get_y() + height <= 297 - BOTTOM:
            return
        self.add_page()
        if table:
            self._table_head()

    def _totals(self) -> None:
        invoice, t = self.invoice, self.t
        rows = [(t("invoice.net"), invoice["net"], "")]
        for row in invoice["vat"]:
            percent = self.f.percent(float(row["percent"]))
            said = t("invoice.vat_of", percent=percent, base=self.f.money(row["base"]))
            rows.append((said, row["amount"], ""))
        rows.append((t("invoice.gross"), invoice["gross"], "B"))
        if float(invoice["prepaid"]):
            rows.append((t("invoice.prepaid"), f"-{invoice['prepaid']}", ""))
        payable = "payable_credit_note" if invoice["kind"] == "credit_note" else "payable"
        rows.append((t(f"invoice.{payable}"), invoice["payable"], "B"))
        self._make_room(len(rows) * 6 + 6)
        self.ln(3)
        for text, amount, style in rows:
            self.set_x(LEFT)
            self._ink(9.5, style)
            self._text(WIDTH - 34, text, height=6, align="R")
            self._text(34, self.f.money(amount), height=6, align="R")
            self.ln(6)

    def _mentions(self) -> None:
        seller, t = self.invoice["seller"], self.t
        said = [text for _, text in terms(t, self.invoice)]
        if seller.get("iban") and self.invoice["kind"] == "invoice":
            said.insert(0, t("invoice.transfer", iban=_grouped(seller["iban"], 4)))
        self._make_room(len(said) * 2 * SMALL + 8)
        self.ln(5)
        self._rule()
        self.ln(2.5)
        for text in said:
            self.set_x(LEFT)
            self._ink(8, colour=QUIET)
            self._row(WIDTH, text, height=SMALL)
