"""Every route, also of pages still to come: none answers without a login, none acts without this browser's token."""

from collections.abc import Callable

import pytest
import requests

from tests.integration.console.browser import Browser
from tests.integration.console.routes import samples

PAGES = samples("GET")
ACTS = samples("POST")


def test_there_are_pages_and_acts() -> None:
    assert len(PAGES) > 20
    assert len(ACTS) > 10


def test_no_page_shows_itself_without_a_login(console: str) -> None:
    shown = {}
    for path in PAGES:
        answer = requests.get(console + path, timeout=20, allow_redirects=False)
        if not answer.headers.get("location", "").startswith("/login?next="):
            shown[path] = answer.status_code

    assert shown == {}


def test_no_act_is_done_without_a_login(console: str) -> None:
    done = {
        path: requests.post(console + path, timeout=20, allow_redirects=False).status_code for path in ACTS
    }

    assert {path: status for path, status in done.items() if status != 403} == {}


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_no_act_is_done_without_the_token_of_this_browser(
    log_in: Callable[[str], Browser], token: str
) -> None:
    browser = log_in("admin")
    done = {path: browser.post(path, csrf=token).status_code for path in ACTS}

    assert {path: status for path, status in done.items() if status != 403} == {}
    assert browser.get("/me").status_code == 200
