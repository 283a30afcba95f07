"""Redis full or away: 503 with Retry-After, nothing half done, and the same request goes through afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pec.content import sha256
from pec.store.store import Store
from producers import Producer
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.serving import Served, a_token, serving
from tests.integration.producing import SEND, jobs_in

KEY = {"Idempotency-Key": "k-1"}
DATA = b"x" * 600_000


@contextmanager
def full(store: Store) -> Iterator[None]:
    store.client.config_set("maxmemory", "1")
    try:
        yield
    finally:
        store.client.config_set("maxmemory", "0")


def test_a_full_redis_takes_nothing_and_reads_go_on(
    gateway: Served, store: Store, producer: Producer
) -> None:
    batch = {"account": "acme", "name": "november", "size": 1}
    with full(store):
        refused = [
            gateway.call("POST", "/v1/messages", json=SEND, headers=KEY),
            gateway.call("POST", "/v1/messages/batch", json={"messages": [{**SEND, "id": "a"}]}),
            gateway.call("PUT", f"/v1/uploads/{sha256(DATA)}", data=DATA),
            gateway.call("POST", "/v1/batches", json=batch),
        ]
        listed = gateway.call("GET", "/v1/messages")
    assert [answer.status_code for answer in refused] == [503] * 4
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert listed.status_code == 200
    assert jobs_in(producer) == []
    assert store.client.keys("pec:upload*") == []

    assert gateway.call("POST", "/v1/messages", json=SEND, headers=KEY).status_code == 202
    assert len(jobs_in(producer)) == 1


def test_a_redis_that_comes_back_has_the_message_once() -> None:
    with EmbeddedServer() as own, Producer(own.url) as producer:
        with serving(producer.store, own.url) as served:
            gateway = replace(served, token=a_token(producer.store, "after"))
            assert gateway.call("POST", "/v1/messages", json=SEND, headers=KEY).status_code == 202
            own.stop()
            away = [
                gateway.call("POST", "/v1/messages", json=SEND, headers=KEY),
                gateway.call("GET", "/v1/events"),
            ]
            assert [answer.status_code for answer in away] == [503, 503]
            assert all(int(answer.headers["Retry-After"]) > 0 for answer in away)
            own.start()
            again = gateway.call("POST", "/v1/messages", json=SEND, headers=KEY)

        assert again.status_code == 202
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(jobs_in(producer)) == 1
