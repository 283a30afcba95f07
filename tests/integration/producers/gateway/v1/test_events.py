"""Events by cursor and as a stream: each once, in order, of the token's accounts only, also after a break."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import requests

from pec.names import State
from pec.store import event_log
from pec.store.event_log import ordered
from pec.store.store import Store
from producers import Producer
from producers.gateway.event_hub import MAX_LISTENERS_OF_TOKEN
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.serving import Served, a_token, serving
from tests.integration.producing import SEND, Settle, TakeJobs, to


def send(gateway: Served, take_jobs: TakeJobs, *names: str) -> None:
    messages = [{**SEND, "id": name} for name in names]
    assert gateway.call("POST", "/v1/messages/batch", json={"messages": messages}).status_code == 202
    take_jobs()


class Stream:
    """A stream that is read event by event."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self._lines = response.iter_lines(chunk_size=1)
        assert next(self._lines).startswith(b":")
        self.begins_at = next(self._lines).decode().removeprefix("id: ")

    def next(self) -> tuple[str, dict[str, Any]]:
        """Return the cursor and the event."""
        found: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.decode().partition(": ")
            if name:
                found[name] = value
            if not line and "data" in found:
                event: dict[str, Any] = json.loads(found["data"])
                assert found["event"] == event["type"]
                return found["id"], event
        raise AssertionError("the stream ended")


@contextmanager
def following(gateway: Served, query: str = "", **headers: str) -> Iterator[Stream]:
    with requests.Session() as session:
        session.trust_env = False
        sent = {"Authorization": f"Bearer {gateway.token}", **headers}
        with session.get(
            f"{gateway.url}/v1/events/stream{query}", headers=sent, stream=True, timeout=30
        ) as answer:
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            yield Stream(answer)


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [one["data"]["id"] for one in events]


def test_pages_follow_each_other_by_cursor(
    gateway: Served, store: Store, take_jobs: TakeJobs, change: Settle
) -> None:
    send(gateway, take_jobs, "a", "b", "c")

    first = gateway.call("GET", "/v1/events?limit=2").json()
    second = gateway.call("GET", f"/v1/events?after={first['next']}").json()
    change("acme:b", to(State.SENT))
    third = gateway.call("GET", f"/v1/events?after={second['next']}").json()
    last = gateway.call("GET", f"/v1/events?after={third['next']}").json()

    assert ids(first["events"] + second["events"]) == ["acme:a", "acme:b", "acme:c"]
    assert {one["type"] for one in first["events"]} == {"message.queued"}
    assert first["events"][0]["id"].startswith("evt_")
    assert (last["events"], last["gap"]) == ([], False)
    assert ordered(last["next"]) >= ordered(third["next"])
    every = a_token(store, "all", accounts=["*"])
    assert (
        gateway.call("GET", f"/v1/events?after={third['next']}", token=every).json()["next"] == third["next"]
    )


def test_no_cursor_shows_when_others_had_an_event(
    gateway: Served, other_tenant: Served, store: Store, take_jobs: TakeJobs
) -> None:
    send(gateway, take_jobs, "a")
    of_acme = {one.position for one in event_log.page_after(store, event_log.START, 100)}

    seen = other_tenant.call("GET", "/v1/events").json()["next"]
    with following(other_tenant) as stream:
        assert not {seen, stream.begins_at} & of_acme
    job = {**SEND, "account": "globex", "id": "x"}
    assert other_tenant.call("POST", "/v1/messages", json=job).status_code == 202
    take_jobs()  # no worker serves `globex`: the job is rejected
    for cursor in (seen, stream.begins_at):
        assert ids(other_tenant.call("GET", f"/v1/events?after={cursor}").json()["events"]) == ["globex:x"]


def test_a_cursor_older_than_what_is_kept_is_said_to_have_a_gap(
    gateway: Served, take_jobs: TakeJobs, store: Store
) -> None:
    send(gateway, take_jobs, "a", "b", "c")
    first = gateway.call("GET", "/v1/events?limit=1").json()
    store.client.xtrim(store.keys.events, maxlen=1, approximate=False)

    after = gateway.call("GET", f"/v1/events?after={first['next']}").json()

    assert (ids(after["events"]), after["gap"]) == (["acme:c"], True)
    assert gateway.call("GET", f"/v1/events?after={after['next']}").json()["gap"] is False


def test_a_stream_shows_events_as_they_are_published(
    gateway: Served, take_jobs: TakeJobs, change: Settle
) -> None:
    send(gateway, take_jobs, "before")
    with following(gateway) as stream:
        send(gateway, take_jobs, "inv-1")
        _, queued = stream.next()
        assert (queued["type"], queued["data"]["id"]) == ("message.queued", "acme:inv-1")


def test_a_stream_resumes_after_the_last_event_that_came(gateway: Served, take_jobs: TakeJobs) -> None:
    send(gateway, take_jobs, "a", "b", "c")
    with following(gateway, "?after=0-0") as stream:
        cursor, first = stream.next()
    with following(gateway, **{"Last-Event-ID": cursor}) as stream:
        send(gateway, take_jobs, "d")
        rest = [stream.next()[1]["data"]["id"] for _ in range(3)]

    assert [first["data"]["id"], *rest] == ["acme:a", "acme:b", "acme:c", "acme:d"]


def test_a_stream_says_where_it_begins_so_that_a_break_before_its_first_event_loses_none(
    gateway: Served, take_jobs: TakeJobs
) -> None:
    send(gateway, take_jobs, "before")
    with following(gateway) as stream:
        begins_at = stream.begins_at
    send(gateway, take_jobs, "meanwhile")
    with following(gateway, **{"Last-Event-ID": begins_at}) as stream:
        assert stream.begins_at == begins_at
        assert stream.next()[1]["data"]["id"] == "acme:meanwhile"


def test_a_token_gets_events_of_its_accounts_only(
    gateway: Served, other_tenant: Served, store: Store, producer: Producer, take_jobs: TakeJobs
) -> None:
    every = a_token(store, "all", accounts=["*"])
    producer.batch("acme:november", 1)
    send(gateway, take_jobs, "inv-1")
    job = {**SEND, "account": "globex", "id": "x"}
    assert other_tenant.call("POST", "/v1/messages", json=job).status_code == 202
    take_jobs()  # no worker serves `globex`: the job is rejected

    mine = gateway.call("GET", "/v1/events").json()["events"]
    theirs = other_tenant.call("GET", "/v1/events")
    both = gateway.call("GET", "/v1/events?type=job.rejected&type=message.queued", token=every).json()

    assert ids(mine) == ["acme:inv-1"]
    assert ids(theirs.json()["events"]) == ["globex:x"]
    assert "acme" not in theirs.text
    assert len(both["events"]) == 2
    with following(other_tenant, "?after=0-0") as stream:
        assert stream.next()[1] == theirs.json()["events"][0]


def test_a_token_has_some_listeners_and_others_have_theirs(gateway: Served, other_tenant: Served) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(following(gateway)) for _ in range(MAX_LISTENERS_OF_TOKEN)]
        refused = gateway.call("GET", "/v1/events/stream", stream=True)
        streams.append(stack.enter_context(following(other_tenant)))

    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)


def test_many_idle_listeners_get_the_same_event(gateway: Served, store: Store, take_jobs: TakeJobs) -> None:
    with ExitStack() as stack:
        tokens = [a_token(store, f"listener-{number}") for number in range(3)]
        streams = [
            stack.enter_context(following(replace(gateway, token=tokens[number % 3]))) for number in range(50)
        ]
        send(gateway, take_jobs, "inv-1")
        assert {stream.next()[1]["data"]["id"] for stream in streams} == {"acme:inv-1"}


def test_streams_do_not_hold_up_a_gateway_that_stops(server: EmbeddedServer, store: Store) -> None:
    with serving(store, server.url) as own, following(own) as stream:
        own.process.terminate()
        ended = threading.Event()

        def read() -> None:
            for _ in stream.response.iter_lines():
                pass
            ended.set()

        threading.Thread(target=read, daemon=True).start()
        assert ended.wait(15), "the stream goes on"
        assert own.process.wait(15) == -signal.SIGTERM


def test_what_is_no_cursor_is_refused(gateway: Served) -> None:
    for path in ("/v1/events?after=x", "/v1/events/stream?after=x"):
        assert gateway.call("GET", path).status_code == 422
