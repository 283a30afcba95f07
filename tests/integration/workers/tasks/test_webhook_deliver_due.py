"""Events in the stream reach a real receiver, whatever it answers and whichever worker dies."""

import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from structlog.testing import capture_logs

from config.settings import Endpoint, Webhooks
from pec.names import Queue
from pec.store import dead_letters, delivery_history, outbox
from pec.store.outbox import DeliveryLease
from pec.store.store import Store
from tests.integration.pec.store.deliveries import fan_out
from tests.receiver import Answer, Receiver, a_secret
from tests.wire import Peer, Wire, answering, eventually
from workers.tasks import webhook
from workers.tasks.webhook import deliver_due

REFUSED = Answer(500)


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis, "pec")


def publish(store: Store, *event_ids: str) -> None:
    for event_id in event_ids:
        body = json.dumps({"type": "message.sent", "data": {"id": event_id}})
        store.client.xadd(store.keys.events, {"id": event_id, "type": "message.sent", "event": body})


def settings(backoff: Sequence[float] = (0.001,)) -> Webhooks:
    return Webhooks(allow_private=True, backoff_seconds=list(backoff), timeout_seconds=20)


def work(store: Store, endpoint: Endpoint, webhooks: Webhooks | None = None) -> int:
    chosen = webhooks or settings()
    return deliver_due(store, endpoint, chosen, time.time, lambda: 0.5)


def work_until_idle(store: Store, endpoint: Endpoint, webhooks: Webhooks) -> None:
    """Deliver until nothing of the endpoint is due any more, like the scheduler."""

    def idle() -> bool:
        work(store, endpoint, webhooks)
        return store.client.zscore(store.keys.due(Queue.WEBHOOK), endpoint.name) is None

    eventually(idle)


def test_an_operator_sees_what_the_endpoint_answered(store: Store) -> None:
    with Receiver(REFUSED) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")
        work_until_idle(store, receiver.endpoint(), settings())

    found = delivery_history.newest(store, "shop", 10)
    assert [(one.answer.status, one.outcome, one.tries) for one in found] == [
        (200, "delivered", 2),
        (500, "retry", 1),
    ]
    assert all(one.answer.seconds > 0 for one in found)


def test_events_arrive_once_each_with_their_ids(store: Store) -> None:
    with Receiver() as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1", "evt_2")

        assert work(store, receiver.endpoint()) == 2
        assert work(store, receiver.endpoint()) == 0

        assert sorted(receiver.ids) == ["evt_1", "evt_2"]
        assert receiver.received[0].body["data"] == {"id": receiver.received[0].id}


def test_a_failure_is_tried_again_with_the_same_id_until_it_is_taken(store: Store) -> None:
    with Receiver(REFUSED, Answer(429), Answer(503)) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")

        work_until_idle(store, receiver.endpoint(), settings([0.001, 0.001, 0.001]))

        assert receiver.ids == ["evt_1"] * 4
    assert dead_letters.newest(store) == []


def test_each_retry_waits_as_the_schedule_says(store: Store) -> None:
    with Receiver(then=REFUSED) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")

        for schedule_seconds in (50, 400):
            assert work(store, receiver.endpoint(), settings([50, 400])) == 1
            (at,) = scores(store)
            assert schedule_seconds - 10 < at - store.now() <= schedule_seconds
            store.client.zadd(store.keys.deliveries("shop"), {delivery(store): 1})


def scores(store: Store) -> list[float]:
    found: Any = store.client.zrange(store.keys.deliveries("shop"), 0, -1, withscores=True)
    return [score for _, score in found]


def delivery(store: Store) -> bytes:
    found: Any = store.client.zrange(store.keys.deliveries("shop"), 0, 0)
    return bytes(found[0])


def test_retry_after_makes_the_wait_longer(store: Store) -> None:
    with Receiver(Answer(429, {"Retry-After": "1000"})) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")

        work(store, receiver.endpoint(), settings([5]))

    (at,) = scores(store)
    assert 990 < at - store.now() <= 1000


def test_after_the_last_retry_it_is_dead_and_a_replay_delivers_it(store: Store) -> None:
    with Receiver(*[REFUSED] * 3) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")
        webhooks = settings([0.001, 0.001])

        work_until_idle(store, receiver.endpoint(), webhooks)

        assert receiver.ids == ["evt_1"] * 3
        (letter,) = dead_letters.newest(store, "shop")
        assert (letter.tries, letter.status) == (3, 500)

        dead_letters.replay(store, "shop", [letter.id])
        work_until_idle(store, receiver.endpoint(), webhooks)

        assert receiver.ids == ["evt_1"] * 4
    assert dead_letters.newest(store) == []


def test_410_stops_deliveries_until_the_endpoint_is_enabled(store: Store) -> None:
    with Receiver(Answer(410)) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1", "evt_2")

        assert work(store, receiver.endpoint()) == 1
        assert work(store, receiver.endpoint()) == 0

        outbox.enable(store, "shop")
        assert work(store, receiver.endpoint()) == 2
        assert set(receiver.ids) == {"evt_1", "evt_2"}


def test_a_dead_endpoint_gets_five_tries_and_then_a_probe_at_a_time(store: Store) -> None:
    with Receiver(then=REFUSED) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, *(f"evt_{number}" for number in range(10)))

        assert work(store, receiver.endpoint(), settings([3600])) == 5

        receiver.then = Answer(200)
        store.client.hset(store.keys.endpoint("shop"), "probe_at", "1")
        assert work(store, receiver.endpoint(), settings([3600])) == 5
        assert outbox.status(store, ["shop"])[0].waiting == 5  # those that failed wait for their own time


def test_workers_share_an_endpoint_and_none_delivers_what_another_has(store: Store) -> None:
    ids = [f"evt_{number}" for number in range(40)]
    with Receiver(then=Answer(200, delay_seconds=0.01)) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, *ids)
        endpoint = receiver.endpoint()

        threads = [threading.Thread(target=work, args=[store, endpoint]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(receiver.ids) == sorted(ids)


def test_what_a_worker_had_when_it_died_is_delivered_by_another(store: Store) -> None:
    with Receiver() as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")
        fan_out(store, [receiver.endpoint()])
        outbox.lease(store, DeliveryLease("shop", lease_seconds=0.05), 1)

        work_until_idle(store, receiver.endpoint(), settings())

        assert receiver.ids == ["evt_1"]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is."""
    monkeypatch.setattr(webhook, "MAX_SECONDS", 60)
    monkeypatch.setattr(webhook, "HANDFUL_SECONDS", 60)


@pytest.mark.usefixtures("unhurried")
def test_one_lease_is_bounded_and_the_rest_is_due_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_DELIVERIES", 7)
    with Receiver() as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, *(f"evt_{number}" for number in range(8)))

        assert work(store, receiver.endpoint()) == 7

        due: Any = store.client.zscore(store.keys.due(Queue.WEBHOOK), "shop")
        assert due <= store.now()


def test_a_slow_receiver_has_its_lease_for_a_while_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MAX_SECONDS", 0.05)
    with Receiver(then=Answer(200, delay_seconds=0.1)) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1", "evt_2", "evt_3")

        assert work(store, receiver.endpoint()) < 3
        assert work(store, receiver.endpoint()) > 0  # no worker holds the rest of the handful


def test_a_slow_receiver_is_given_one_at_a_time_so_that_others_can_help(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "HANDFUL_SECONDS", 0.01)
    held: list[int] = []

    def slow(peer: Peer) -> None:
        while True:
            peer.read()
            held.append(sum(score > store.now() + 5 for score in scores(store)))
            time.sleep(0.02)
            peer.answer(200, {})

    with Wire(slow) as wire:
        outbox.ensure(store, ["shop"])
        publish(store, *(f"evt_{number}" for number in range(6)))
        endpoint = Endpoint(name="shop", url=wire.url, secret=SecretStr(a_secret()))

        assert work(store, endpoint) == 6

    assert held == [5, 1, 1, 1, 1, 1]


def test_a_failure_ends_a_handful_and_the_rest_of_it_uses_up_no_attempt(store: Store) -> None:
    with Receiver(REFUSED, Answer(410)) as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, *(f"evt_{number}" for number in range(5)))

        assert work(store, receiver.endpoint(), settings([3600])) == 2
        assert store.client.hlen(store.keys.tries("shop")) == 1

        outbox.enable(store, "shop")
        assert work(store, receiver.endpoint(), settings([3600])) == 5
        assert sorted(set(receiver.ids)) == [f"evt_{number}" for number in range(5)]


@pytest.mark.usefixtures("unhurried")
def test_a_lease_costs_few_round_trips_and_one_connection(store: Store) -> None:
    with Wire(answering(200, {})) as wire:
        outbox.ensure(store, ["shop"])
        publish(store, *(f"evt_{number}" for number in range(20)))
        endpoint = Endpoint(name="shop", url=wire.url, secret=SecretStr(a_secret()))
        before = scripts_run(store)

        assert work(store, endpoint) == 20

        assert wire.connections == 1
    assert scripts_run(store) - before <= 6  # three handfuls, a last look, what loads


def scripts_run(store: Store) -> int:
    stats: Any = store.client.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


def test_what_happens_during_a_lease_belongs_to_it(store: Store) -> None:
    with Receiver() as receiver:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1")
        fan_out(store, [receiver.endpoint()])
        publish(store, "evt_2")

        assert work(store, receiver.endpoint()) == 2


def test_no_log_line_holds_a_secret(store: Store) -> None:
    with Receiver(Answer(410), REFUSED, Answer(200)) as receiver, capture_logs() as lines:
        outbox.ensure(store, ["shop"])
        publish(store, "evt_1", "evt_2")
        url = receiver.url.replace("127.0.0.1", "me:s3cret@127.0.0.1")
        endpoint = receiver.endpoint().model_copy(update={"url": url})

        for _ in range(2):
            work(store, endpoint, settings([3600]))
            outbox.enable(store, "shop")

    logged = {line["event"] for line in lines}
    assert logged == {"webhook_endpoint_disabled", "webhook_failed", "webhook_delivered"}
    assert "s3cret" not in repr(lines)
    assert receiver.secret not in repr(lines)
    assert "s3cret" not in repr(everything(store))


def everything(store: Store) -> list[Any]:
    """Every value in Redis."""
    return [store.client.dump(key) for key in store.client.scan_iter()]
