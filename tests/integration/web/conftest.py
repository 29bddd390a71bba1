"""The monitoring application on a real database, with a visitor of the test's choice."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient

from include.web.app import TOKEN_HEADER, create_app
from include.web.visitor import Visitor
from tests.integration.campaigns.scene import Scene, scene

__all__ = ["scene"]


@dataclass
class Site:
    """The page as one browser sees it; ``visitor`` None: nobody is logged in."""

    visitor: Visitor | None = field(default_factory=lambda: Visitor("ops:jane", True))

    def __post_init__(self) -> None:
        self.app = create_app(self._who, b"secret of the test")
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def _who(self) -> Visitor:
        if self.visitor is None:
            raise HTTPException(401, "Not authenticated")
        return self.visitor

    def get(self, path: str, lang: str = "fr") -> Any:
        return self.client.get(path, headers={"Accept-Language": lang})

    def token(self) -> str:
        return str(self.get("/api/groups").headers[TOKEN_HEADER])

    def post(self, path: str, token: str | None = None, lang: str = "fr") -> Any:
        """With the page's own token, unless another is given."""
        sent = self.token() if token is None else token
        return self.client.post(path, headers={TOKEN_HEADER: sent, "Accept-Language": lang})


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def busy(scene: Scene) -> Scene:
    """Three groups; the first has sent 4 messages of 10, 3 of them delivered, and was counted."""
    from tests.integration.fleet.host import Host

    scene.contacts(10)
    first = scene.group(0, modems=2)
    host = Host(first["database_url"], first["mac"])
    host.register()
    host.heartbeat(2)
    scene.apply()
    scene.expand()
    batch = host.claim()
    host.report(batch, "sent", only=slice(0, 4))
    host.report(batch, "delivered", only=slice(0, 3))
    scene.group(1, modems=2, alias="porta_tony")
    scene.group(2, modems=2, alias="notebook")
    scene.rollup()
    return scene
