"""Spools for these tests: as a PBX leaves them."""

from collections.abc import Callable
from pathlib import Path

import ncompress
import pytest

from tests.conftest import Database
from tests.integration.taxation.exchange import Exchanges, two_exchanges


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes bytes as compress(1) data under a name; gives the path."""

    def _write(name: str, text: bytes) -> Path:
        path = tmp_path / "drop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ncompress.compress(text))
        return path

    return _write


@pytest.fixture
def exchanges(db: Database, tmp_path: Path) -> Exchanges:
    return two_exchanges(tmp_path)
