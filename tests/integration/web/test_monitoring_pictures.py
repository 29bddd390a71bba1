"""The monitoring page while a real sender works, as docs/users shows it.

`make docs-pictures` keeps the pictures: it names the folder in DOCS_PICTURES.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from include.demo.hosts import Host, start_host
from include.fleet.groups import add_group, set_state
from include.stack.processes import free_ports
from tests.integration.campaigns.scene import Scene
from tests.integration.pages.browser import CHROMIUM, browser
from tests.integration.web.conftest import Site

PATIENCE = 180.0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
PICTURES = {
    "monitoring": ("/", 1280),
    "monitoring-phone": ("/", 390),
    "monitoring-group": ("/groups/1", 1280),
}


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.2)


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(site.app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for("the server", lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def sender(scene: Scene, tmp_path: Path) -> Iterator[Host]:
    """One group of four modems at work; one that is stopped, one that was never heard of."""
    scene.contacts(1500)
    group = add_group("64:31:50:1b:e9:e9", "machine 1", 4)
    add_group("e8:11:32:c9:ab:36", "notebook", 2)
    add_group("00:15:c5:b4:1c:8a", "porta_tony", 2)
    set_state("notebook", "stopped")
    scene.apply()
    host = start_host(tmp_path / "host", group, 4, latency_ms=100, seed=1)
    try:
        heard = "select count(*) from modem where in_service"
        wait_for("its modems", lambda: scene.db.one(heard) == 4)
        scene.expand()
        yield host
    finally:
        host.kill()


def test_the_pages_of_a_sender_at_work(
    scene: Scene, sender: Host, url: str, tmp_path: Path
) -> None:
    taken = "select count(*) from segment where state in ('sent', 'delivered')"
    wait_for("sent messages", lambda: int(str(scene.db.one(taken))) > 40)
    folder = Path(os.environ.get("DOCS_PICTURES") or tmp_path)
    with browser() as chromium:
        for name, (path, width) in PICTURES.items():
            scene.rollup()  # totals as of now
            page = chromium.new_page(locale="en-GB", viewport={"width": width, "height": 900})
            page.goto(url + path)
            assert "machine 1" in page.inner_text("main")
            assert page.get_by_text("delivered").count() > 0
            page.screenshot(path=folder / f"{name}.png", full_page=True)
            assert (folder / f"{name}.png").stat().st_size > 10_000
            page.close()
    sender.check()
