"""The one family of pages and workbooks: what clients and administrators open.

`render` fills a template of `templates/`, whose words come from `catalogue/`; `include.pages.chart`
draws, `include.pages.workbook` writes spreadsheets. Everything here is pure: values in, text out.
"""

from include.pages.columns import Column, Kind
from include.pages.formats import LANGUAGES, Formats
from include.pages.rendering import render
from include.pages.words import Words, words

__all__ = ["LANGUAGES", "Column", "Formats", "Kind", "Words", "render", "words"]
