"""A client with credit, a contact list, groups that were never seen; everything in a real database."""

from tests.integration.campaigns.scene import scene

__all__ = ["scene"]
