"""A real browser: Debian's chromium, driven by Playwright. What a page logs as an error is a failure of its test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, ViewportSize, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
_SERIOUS = ("serious", "critical")
SHOTS = os.environ.get("CONSOLE_PICTURES")  # a folder for pictures of each page
WIDE: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def chromium_program() -> str:
    """Return the browser's path. Skip the test if there is none; in CI, fail."""
    if found := next(filter(None, map(shutil.which, PROGRAMS)), None):
        return found
    if os.environ.get("CI") or os.environ.get("BROWSER_REQUIRED"):
        pytest.fail("these tests need a browser: apt-get install chromium")
    pytest.skip("no browser: `apt-get install chromium` brings one")


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a browser without a window."""
    program = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@dataclass
class Tab:
    """A tab in a browser of its own. `faults` are its errors, refusals by the policy and dialogs among them."""

    url: str
    page: Page
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self._asked)
        self.page.set_default_timeout(20_000)

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def _asked(self, dialog: Dialog) -> None:
        self.faults.append(dialog.message)
        dialog.dismiss()

    def open(self, path: str) -> None:
        """Go to a page of the console."""
        self.page.goto(self.url + path)

    def log_in(self, name: str, password: str) -> None:
        """Type name and password, as a person does."""
        self.open("/login")
        self.page.fill("input[name=name]", name)
        self.page.fill("input[name=password]", password)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_selector("main#content")

    def serious(self) -> list[str]:
        """Return what axe finds that keeps a person with a screen reader or a keyboard out."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: Any = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for one in found["violations"]
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]

    def overflows(self) -> bool:
        """Return whether the page is wider than the window."""
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        )


def picture(one: Tab, path: str, kind: str) -> None:
    """Keep a picture of the page, if a folder for pictures is named."""
    if SHOTS:
        name = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "overview"
        one.page.screenshot(path=Path(SHOTS) / f"{name}-{kind}.png", full_page=True)
