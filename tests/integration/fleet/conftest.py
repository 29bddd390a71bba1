"""The scene of the campaigns' tests, for groups and their results."""

from tests.integration.campaigns.scene import scene

__all__ = ["scene"]
