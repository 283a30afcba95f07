"""A person's way through a campaign over HTTP, step by step, and lists to upload."""

import re
import time
from dataclasses import dataclass
from typing import Any

import requests

from tests.integration.console.browser import Browser

LIST = "PEC;nome;numero\nrossi@pec.example;Rossi;101\nverdi@pec.example;Verdi;102\n"
PATIENCE_SECONDS = 30


@dataclass
class Clerk:
    """The browser of a person who prepares campaigns."""

    browser: Browser

    def begin(self, content: str | bytes = LIST, name: str = "avvisi.csv") -> str:
        """Upload a list, and return the path of the campaign."""
        answer = self.upload("/campaigns", "sheet", content, name)
        found = re.fullmatch(r"(/campaigns/[0-9a-f]{16})/list", answer.headers.get("location", ""))
        assert found, answer.headers
        return found[1]

    def upload(
        self, path: str, field: str, content: str | bytes, name: str, **fields: str
    ) -> requests.Response:
        data = content if isinstance(content, bytes) else content.encode()
        return self.browser.upload(path, [(field, (name, data))], **fields)

    def write(self, campaign: str, **fields: Any) -> requests.Response:
        """Fill in the letter, with these fields in place of usual ones."""
        name = re.search(r'name="name" value="([^"]*)"', self.done(f"{campaign}/letter"))
        usual = {
            "name": name[1] if name else "",
            "account": "acme",
            "subject": "Avviso {numero}",
            "text": "Gentile {nome},\n\necco l'avviso.",
            "step": "check",
        }
        return self.browser.upload(f"{campaign}/letter", [("letter", ("", b""))], **{**usual, **fields})

    def done(self, path: str) -> str:
        """Return the page once no work goes on beside it."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            page = self.browser.get(path).text
            if 'hx-trigger="every 1s"' not in page:
                return page
            time.sleep(0.05)
        raise AssertionError(f"{path} is never done")

    def ready(self, content: str | bytes = LIST, name: str = "avvisi.csv", **fields: Any) -> str:
        """Return the path of a campaign that is checked."""
        campaign = self.begin(content, name)
        self.done(f"{campaign}/list")
        self.write(campaign, **fields)
        self.done(f"{campaign}/check")
        return campaign

    def start(self, campaign: str, **fields: str) -> requests.Response:
        """Press the button of the second question."""
        question = self.browser.get(f"{campaign}/start").text
        revision = re.search(r'name="revision" value="(\d+)"', question)
        return self.browser.post(
            f"{campaign}/start", **{"revision": revision[1] if revision else "0", "when": "", **fields}
        )

    def sent(self, campaign: str) -> str:
        """Return the page of a started campaign once all of it is in line."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            page = self.browser.get(f"{campaign}/progress").text
            if "in coda. Si può chiudere" not in page:
                return page
            time.sleep(0.05)
        raise AssertionError("it is never in line")
