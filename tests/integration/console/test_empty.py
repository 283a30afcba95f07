"""The pages of a new installation: nothing is there yet, and each says so."""

import pytest

from tests.integration.console.browser import Browser, Serve

PAGES = (
    *(
        "/",
        "/messages",
        "/messages?q=x",
        "/messages?cursor=nonsense",
        "/messages?batch=b&cursor=x",
        "/messages?limit=x",
        "/messages?since=0001-01-01&until=9999-12-31",
    ),
    *(
        "/decisions",
        "/incoming",
        "/mailboxes",
        "/webhooks",
        "/webhooks?before=0-0",
        "/webhooks?before=99999999999999999999-1",
        "/rejected",
        "/workers",
        "/redis",
        "/audit",
        "/users",
        "/me",
    ),
)


@pytest.mark.parametrize("accounts", [True, False], ids=["with an account", "without"])
def test_each_page_of_a_new_installation_shows_itself(serve: Serve, people: None, accounts: bool) -> None:
    browser = Browser(serve() if accounts else serve(accounts={}))
    browser.log_in("admin")

    assert {path: code for path in PAGES if (code := browser.get(path).status_code) != 200} == {}


def test_a_value_that_can_t_be_read_is_said_in_words(serve: Serve, people: None) -> None:
    browser = Browser(serve())
    browser.log_in("admin")

    answer = browser.get("/audit?limit=many")

    assert answer.status_code == 400
    assert "<h1>" in answer.text
