"""An error that no page foresaw: a page in the person's language, with a reference that stands in the log."""

import re

import pytest
from structlog.testing import capture_logs

from console.pages import overview
from pec.store.store import Store
from tests.integration.console.browser import Browser, Serve
from tests.integration.producing import TakeJobs


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The overview's figures can't be reckoned."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(overview, "_figures", fail)


@pytest.mark.usefixtures("broken", "people")
@pytest.mark.parametrize(
    ("language", "said"), [("it", "Qualcosa è andato storto"), ("en", "Something went wrong")]
)
def test_its_page_names_a_reference_that_stands_in_the_log(serve: Serve, language: str, said: str) -> None:
    browser = Browser(serve())
    browser.log_in("viewer")
    browser.session.headers["Accept-Language"] = language
    with capture_logs() as logs:
        answer = browser.get("/?password=x")

    assert answer.status_code == 500
    assert said in answer.text
    assert "a secret of ours" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    reference = re.search("<code>([0-9a-f]{8})</code>", answer.text)
    assert reference
    [entry] = [one for one in logs if one["event"] == "page_failed"]
    assert (entry["reference"], entry["path"], entry["method"]) == (reference[1], "/", "GET")
    assert browser.get("/me").status_code == 200


HALF = "\\ud800"  # of a character
SEND = '{"type": "send", "account": "acme", "recipient": "a@pec.example", '
JOBS = (
    "no JSON",
    "[1]",
    '"x"',
    "null",
    '{"type": ["send"], "id": {"a": 1}, "account": 5, "batch": [1]}',
    f'{SEND} "id": "{HALF}", "subject": "{HALF}", "body": "x"}}',
    f'{SEND} "batch": "{HALF}", "subject": "\\u0000", "body": "", "metadata": {{"{HALF}": "{HALF}"}}}}',
    f'{SEND} "id": "half", "subject": "s{HALF}", "body": "x", "metadata": {{"row": {{"k{HALF}": "v", "items": 1}}}}}}',
    '{"a":' * 200 + "1" + "}" * 200,
)


@pytest.mark.usefixtures("people")
def test_jobs_that_no_program_of_ours_would_write_are_shown(
    serve: Serve, store: Store, take_jobs: TakeJobs
) -> None:
    for job in JOBS:
        store.client.xadd(store.keys.jobs, {"job": job})
    take_jobs()
    browser = Browser(serve())
    browser.log_in("viewer")

    for path in ("/", "/rejected", "/messages", "/messages/half", "/messages?q=half", "/audit"):
        assert browser.get(path).status_code in (200, 303, 404), path
    assert store.client.xlen(store.keys.rejected) >= 6
