"""An endpoint's page: what it answered, a test event that is posted at once, one dead letter again, another secret."""

import re
from collections.abc import Callable, Iterator

import pytest

from pec.store import audit, dead_letters, delivery_history
from pec.store.store import Store
from producers import Producer
from tests.integration.console.browser import Browser, Serve
from tests.integration.console.scene import Words, build
from tests.integration.producing import Settle, TakeJobs
from tests.receiver import Answer, Receiver, a_secret

Open = Callable[..., Browser]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def browser(
    serve: Serve,
    people: None,
    receiver: Receiver,
    store: Store,
    producer: Producer,
    take_jobs: TakeJobs,
    change: Settle,
) -> Browser:
    """An operator's, whose console knows the endpoint `crm` with two secrets: the receiver has the older one."""
    build(store, producer, take_jobs, change, Words())
    endpoint = {"name": "crm", "url": receiver.url, "secret": f"{a_secret()} {receiver.secret}"}
    made = Browser(serve(webhooks={"endpoints": [endpoint], "allow_private": True}))
    made.log_in("operator")
    return made


def test_deliveries_are_shown_with_status_duration_and_answer(browser: Browser) -> None:
    shown = browser.get("/webhooks/crm").text

    assert "database in manutenzione" in shown
    assert ">204<" in shown
    assert ">500<" in shown
    assert "1.042 ms" in shown
    failed = browser.get("/webhooks/crm?only=failed").text
    assert ">204<" not in failed
    assert ">500<" in failed


def test_a_test_event_is_signed_by_both_secrets_and_kept(
    browser: Browser, receiver: Receiver, store: Store
) -> None:
    browser.post("/webhooks/crm/test")

    assert [one.body["type"] for one in receiver.received] == ["test"]
    assert "ha accettato l'evento di prova" in browser.notice("/webhooks/crm")
    assert delivery_history.newest(store, "crm", 1)[0].outcome == "test"
    assert ("endpoint.test", "endpoint:crm") in [
        (one["action"], one["object"]) for one in audit.entries(store)
    ]


def test_a_test_event_that_fails_says_why(browser: Browser, receiver: Receiver) -> None:
    receiver.then = Answer(503)
    browser.post("/webhooks/crm/test")

    assert "503" in browser.notice("/webhooks/crm")


def test_an_endpoint_that_only_workers_have_gets_no_test_event(serve: Serve, browser: Browser) -> None:
    other = Browser(serve())
    other.log_in("operator")
    other.post("/webhooks/crm/test")

    assert "PEC_WEBHOOKS__ENDPOINTS" in other.notice("/webhooks")


@pytest.mark.parametrize("page", ["/webhooks", "/webhooks/crm"])
def test_what_waits_for_a_retry_is_tried_now_though_the_endpoint_is_back(
    browser: Browser, store: Store, page: str
) -> None:
    store.client.hdel(store.keys.endpoint("crm"), "failures", "disabled")
    store.client.zadd(store.keys.deliveries("crm"), {"1-0": store.now() + 86_400})
    assert 'action="/webhooks/crm/enable"' in browser.get(page).text

    browser.post("/webhooks/crm/enable")

    assert float(store.client.zscore(store.keys.deliveries("crm"), "1-0") or "inf") <= store.now()


def test_one_dead_letter_is_delivered_again(browser: Browser, store: Store) -> None:
    (letter,) = dead_letters.newest(store)
    browser.post("/webhooks/crm/replay", letter="1-1")
    assert not dead_letters.newest(store)[0].replayed
    browser.post("/webhooks/crm/replay", letter=letter.id)

    assert dead_letters.newest(store)[0].replayed


def test_a_new_secret_is_shown_once_and_never_the_present_ones(browser: Browser, receiver: Receiver) -> None:
    made = [
        re.findall(r"whsec_[A-Za-z0-9+/=]{44}", browser.get("/webhooks/crm/secret").text) for _ in range(2)
    ]

    assert [len(one) for one in made] == [1, 1]
    assert made[0] != made[1]
    for path in ("/webhooks/crm", "/webhooks/crm/secret", "/webhooks"):
        assert receiver.secret.removeprefix("whsec_") not in browser.get(path).text


@pytest.mark.parametrize("path", ["/webhooks/none", "/webhooks/none/secret"])
def test_an_endpoint_that_does_not_exist_has_no_page(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404
