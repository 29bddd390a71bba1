"""Fixtures of the bucket."""

from collections.abc import Iterator

import pytest

from tests.integration.bucket.seaweed import Seaweed
from tests.integration.client_files import add_client, inbox

__all__ = ["add_client", "inbox"]


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """An S3 and SFTP server, with a bucket and the logins of two clients."""
    server = Seaweed(tmp_path_factory.mktemp("seaweed"))
    try:
        server.issue("acme", "root")
        server.start()
        yield server
    finally:
        server.end()
