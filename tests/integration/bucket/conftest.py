"""Fixtures of the bucket."""

from tests.integration.client_files import add_client, inbox

__all__ = ["add_client", "inbox"]
