"""A button pressed in the monitoring page once the session is over."""

import pytest

from tests.integration.campaigns.scene import Scene
from tests.integration.pages.browser import CHROMIUM, browser
from tests.integration.web.conftest import Site
from tests.integration.web.test_monitoring_pictures import url

__all__ = ["url"]


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_whoever_presses_a_button_sees_where_to_log_in(site: Site, busy: Scene, url: str) -> None:
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 800, "height": 250}, locale="fr-FR")
        page.goto(url)
        button = page.locator("button[data-action]:enabled").last
        button.scroll_into_view_if_needed()
        site.visitor = None
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            button.click()
        page.wait_for_selector("button[aria-busy]", state="detached")
        said = page.locator("#said")
        wanted = page.locator('meta[name="logged-out"]').get_attribute("content")
        assert said.inner_text() == wanted
        box = said.bounding_box()
        assert box is not None and 0 <= box["y"] < 250, "in sight, however far one has scrolled"
