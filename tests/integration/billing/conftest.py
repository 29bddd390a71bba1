"""A month that can be invoiced."""

import pytest

from tests.conftest import Database
from tests.integration.billing.month import Month


@pytest.fixture
def month(db: Database) -> Month:
    """November 2026 of two clients: `dupont` with SMS and calls, `clinic` with SMS."""
    made = Month(db)
    made.consume()
    return made
