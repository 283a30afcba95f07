"""`pec deliveries` and `pec test-event`: what an endpoint answered, and a test event to it."""

from collections.abc import Iterator

import pytest

from pec.store.store import Store
from tests.integration.commands import Pec
from tests.receiver import Answer, Receiver


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The endpoint `crm` of the settings."""
    with Receiver() as made:
        stated = f'[{{"name": "crm", "url": "{made.url}", "secret": "{made.secret}"}}]'
        monkeypatch.setenv("PEC_WEBHOOKS__ENDPOINTS", stated)
        monkeypatch.setenv("PEC_WEBHOOKS__ALLOW_PRIVATE", "true")
        yield made


def test_a_test_event_arrives_and_is_listed_with_its_answer(
    pec: Pec, store: Store, receiver: Receiver
) -> None:
    done = pec("test-event", "--endpoint", "crm")

    assert done.code == 0
    assert "took the test event" in done.err
    assert [one.body["type"] for one in receiver.received] == ["test"]
    [tried] = pec("deliveries", "--endpoint", "crm", "--json").lines
    assert (tried["type"], tried["outcome"], tried["why"]) == ("test", "test", "")
    assert pec("deliveries", "--endpoint", "crm", "--failed", "--json").lines == []


def test_a_refused_test_event_says_why(pec: Pec, store: Store, receiver: Receiver) -> None:
    receiver.then = Answer(503)

    done = pec("test-event", "--endpoint", "crm")

    assert done.code == 3
    assert "503" in done.err
    assert "503" in pec("deliveries", "--endpoint", "crm", "--failed").out


def test_an_endpoint_that_the_settings_lack_gets_no_test_event(pec: Pec, store: Store) -> None:
    done = pec("test-event", "--endpoint", "crm")

    assert done.code == 3
    assert "PEC_WEBHOOKS__ENDPOINTS" in done.err
