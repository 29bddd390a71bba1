"""One month of a switch, and its reports as people get them."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from include.settings import settings
from include.storage import Storage
from tests.conftest import Database
from tests.integration.reports.world import World

Book = dict[str, list[dict[str, Any]]]


@pytest.fixture
def world(db: Database) -> World:
    """The database with everything in it."""
    world = World(db)
    world.everything()
    return world


@pytest.fixture
def page() -> Callable[[str], str]:
    """Reads a report's page by its key."""
    return lambda key: Storage(settings().reports_url).read_bytes(key).decode()


@pytest.fixture
def book() -> Callable[[str], Book]:
    """Reads a report's workbook by its key: sheet -> rows by column title."""

    def read(key: str) -> Book:
        return sheets_of(Storage(settings().reports_url).read_bytes(key))

    return read


def sheets_of(data: bytes) -> Book:
    """Sheet -> rows by column title."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    found: Book = {}
    for sheet in workbook.worksheets:
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(map(str, head), row, strict=True)) for row in rows]
    return found
