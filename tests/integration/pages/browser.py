"""Pages in a real browser, before axe-core, and before html-validate."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium")
NPM = shutil.which("npm")
#: What WCAG 2.2 AA asks for, and what Deque calls good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Sight:
    """A way of looking at a page."""

    scheme: Literal["light", "dark"]
    width: int

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def faults(
    chromium: Browser, pages: dict[str, Path], sight: Sight, shots: Path | None
) -> list[str]:
    """What axe-core, or a phone's narrow window, finds wrong with pages."""
    axe = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    context = chromium.new_context(
        color_scheme=sight.scheme, viewport={"width": sight.width, "height": 900}
    )
    found: list[str] = []
    page = context.new_page()
    page.set_default_timeout(120_000)
    for name, path in pages.items():
        page.goto(path.as_uri())
        page.evaluate(axe)
        said: dict[str, Any] = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
        )
        for violation in said["violations"]:
            where = violation["nodes"][0]["html"][:160]
            found.append(f"{name} {sight}: {violation['id']}: {violation['help']}: {where}")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            found.append(f"{name} {sight}: {wide} pixels wider than the window")
        if shots is not None:
            shots.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=shots / f"{name}-{sight}.png", full_page=True)
    context.close()
    return found


def invalid(folder: Path, tools: Path) -> list[str]:
    """What html-validate finds wrong with the pages of a folder."""
    tools.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, tools)
    subprocess.run(
        [str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
        cwd=tools,
        check=True,
        timeout=240,
    )
    done = subprocess.run(
        [
            *(str(tools / "node_modules/.bin/html-validate"), "--formatter", "json"),
            *("--config", str(HERE / "htmlvalidate.json"), str(folder / "*.html")),
        ],
        check=False,  # 1: it found something
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ,
    )
    return [
        f"{Path(file['filePath']).name}:{one['line']}: {one['ruleId']}: {one['message']}"
        for file in json.loads(done.stdout)
        for one in file["messages"]
    ]
