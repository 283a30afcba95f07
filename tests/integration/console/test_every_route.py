"""Every route, also of pages still to come: none answers without a login, none acts without this browser's token."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from fastapi.routing import APIRoute

from console.pages import ROUTERS
from tests.integration.console.browser import Browser

OPEN = {"/login", "/preferences", "/health"}
SAMPLES = {"number": "0"}


def routes(method: str) -> Iterator[str]:
    """Yield a path of each route that takes this method."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and method in (route.methods or ()):
                yield re.sub(r"\{(\w+)(:\w+)?\}", lambda part: SAMPLES.get(part[1], "x"), route.path)


PAGES = sorted(set(routes("GET")) - OPEN)
ACTS = sorted(set(routes("POST")) - OPEN)


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
