"""Fixtures of the pages."""

from tests.integration.client_files import add_client

__all__ = ["add_client"]
