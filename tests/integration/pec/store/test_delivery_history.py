"""Tries at an endpoint are kept with the result that counted, bounded in number and in time."""

from datetime import timedelta

import pytest

from pec.store import delivery_history
from pec.store.delivery_history import KEPT_SECONDS, Note
from pec.store.outbox import Delivery, DeliveryResult
from pec.store.store import Store
from pec.webhooks.answers import Answer
from pec.webhooks.failures import failed
from pec.webhooks.outcomes import Delivered, Gone, Outcome
from tests.integration.pec.store.deliveries import end, make_due, publish_one, take

GOOD = Delivered(Answer(0.035, 204, "thanks"))
SERVER_ERROR = failed("status", status=500)


def note(
    store: Store, outcome: Outcome = GOOD, event_id: str = "evt_1", tries: int = 1, step: str = ""
) -> str:
    return Note(store.now(), event_id, "message.sent", outcome, tries, step).to_json()


def deliver(store: Store, taken: Delivery) -> None:
    end(store, DeliveryResult.delivered(taken, note(store)))


def test_a_try_is_kept_with_status_duration_and_answer(store: Store) -> None:
    publish_one(store)
    deliver(store, take(store))

    (tried,) = delivery_history.newest(store, "shop", 10)
    assert (tried.event_id, tried.type, tried.outcome, tried.tries) == (
        "evt_1",
        "message.sent",
        "delivered",
        1,
    )
    assert tried.answer == Answer(0.035, 204, "thanks")
    assert tried.is_delivered


def test_a_failure_is_kept_with_why(store: Store) -> None:
    publish_one(store)
    retried = note(store, SERVER_ERROR, step="retry")
    end(store, DeliveryResult.retry(take(store), timedelta(0), retried))
    make_due(store)
    end(store, DeliveryResult.gone(take(store), note(store, Gone(Answer(0.1, 410)), tries=2)))

    found = delivery_history.newest(store, "shop", 10, failed_only=True)
    assert [(one.outcome, one.why, one.tries) for one in found] == [
        ("gone", "answered 410", 2),
        ("retry", "answered 500", 1),
    ]
    assert delivery_history.newest(store, "other", 10) == []


def test_a_result_that_does_not_count_is_not_kept(store: Store) -> None:
    publish_one(store)
    taken = take(store)
    deliver(store, taken)
    deliver(store, taken)
    end(store, DeliveryResult.retry(taken, timedelta(0), note(store, SERVER_ERROR, step="retry")))

    assert [one.outcome for one in delivery_history.newest(store, "shop", 10)] == ["delivered"]


def test_successes_do_not_push_failures_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_history, "MAX_KEPT", 3)
    delivery_history.add(store, "shop", Note(1.0, "evt_0", "message.sent", SERVER_ERROR, 1, "retry"))
    for number in range(5):
        delivery_history.add(store, "shop", Note(2.0 + number, f"evt_{number}", "message.sent", GOOD, 1))

    found = delivery_history.newest(store, "shop", 10)
    assert [one.event_id for one in found] == ["evt_4", "evt_3", "evt_2", "evt_0"]


def test_tries_expire(store: Store) -> None:
    publish_one(store)
    deliver(store, take(store))

    left = store.client.ttl(store.keys.good_tries("shop"))
    assert KEPT_SECONDS - 60 < int(str(left)) <= KEPT_SECONDS


def test_the_tries_of_an_event_are_found_at_each_endpoint(store: Store) -> None:
    publish_one(store, "shop", "crm")
    for name in ("shop", "crm"):
        deliver(store, take(store, name))
    delivery_history.add(store, "crm", Note(1.0, "evt_2", "message.sent", GOOD, 1))

    found = delivery_history.of_events(store, ["shop", "crm"], {"evt_1"})
    assert sorted(found) == [("crm", "evt_1"), ("shop", "evt_1")]


def test_a_script_keeps_no_more_than_the_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pec.store.outbox.MAX_KEPT", 1)
    publish_one(store, "shop")
    taken = take(store)
    for tries in (1, 2):
        end(
            store,
            DeliveryResult.retry(taken, timedelta(0), note(store, SERVER_ERROR, tries=tries, step="retry")),
        )
        make_due(store)
        taken = take(store)

    assert [one.tries for one in delivery_history.newest(store, "shop", 10)] == [2]
