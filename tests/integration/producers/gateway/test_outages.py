"""A gateway or a Redis that dies: each accepted request is one job, and the others can be repeated."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from redis import Redis

from config.redis_connection import connect
from pec.content import sha256
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.calls import answer, connected, head, jobs, pec
from tests.integration.producers.gateway.serving import Served, a_token, serving


@pytest.fixture
def own() -> Iterator[EmbeddedServer]:
    """A server of this test's own, to stop and to fill."""
    with EmbeddedServer() as server:
        yield server


def test_a_gateway_killed_in_the_middle_and_repeats_after_it_make_each_request_one_pec(
    own: EmbeddedServer,
) -> None:
    keys = [f"order-{number}" for number in range(60)]

    def send(served: Served, key: str) -> str:
        try:
            given = served.call(
                "POST", "/send", json=pec(subject=f"Diffida {key}"), headers={"Idempotency-Key": key}
            )
        except requests.RequestException:
            return ""
        return str(given.json()["message_id"]) if given.status_code == 201 else ""

    with connect(own.url) as client, ThreadPoolExecutor(8) as pool:
        with serving(Store(client, "pec"), own.url) as first:
            sent = []
            for number, key in enumerate(keys):
                sent.append(pool.submit(send, first, key))
                if number == 30:
                    sent[5].result()
                    first.process.kill()
            before = [one.result() for one in sent]
        assert any(before)
        assert not all(before)
        with serving(Store(client, "pec2"), own.url) as second:
            again = list(pool.map(lambda key: send(replace(second, token=first.token), key), keys))

        assert len(set(again)) == len(keys)
        assert all(one in ("", later) for one, later in zip(before, again, strict=True))
        assert sorted(job["subject"] for job in jobs(client)) == sorted(f"Diffida {key}" for key in keys)


def test_the_processes_of_a_killed_supervisor_free_the_port(own: EmbeddedServer) -> None:
    with connect(own.url) as client, serving(Store(client, "pec"), own.url, "--workers", "2") as served:
        assert served.call("GET", "/health/live").status_code == 200
        address = urlsplit(served.url)
        served.process.kill()
        served.process.wait()
        while True:
            try:
                socket.create_server((address.hostname or "", address.port or 0)).close()
                break
            except OSError:
                pass


def test_a_request_in_hand_is_finished_before_the_end(own: EmbeddedServer) -> None:
    body = json.dumps(pec()).encode()
    with connect(own.url) as client, serving(Store(client, "pec"), own.url) as served:
        with connected(served) as connection:
            connection.sendall(head(served, len(body)) + body[:-1])
            served.call("GET", "/health/live")
            served.process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                served.process.wait(1)
            connection.sendall(body[-1:])
            assert answer(connection).startswith(b"HTTP/1.1 201 ")
        assert served.process.wait(10) in (0, -signal.SIGTERM)
        assert len(jobs(client)) == 1


def test_a_redis_that_is_away_is_a_503_and_the_repeat_is_taken(own: EmbeddedServer) -> None:
    with connect(own.url) as client, serving(Store(client, "pec"), own.url) as served:
        assert served.call("GET", "/health/ready").status_code == 200
        own.stop()
        away = served.call("POST", "/send", json=pec())

        assert away.status_code == 503
        assert int(away.headers["Retry-After"]) >= 1
        assert away.json()["success"] is False
        assert served.call("GET", "/health/ready").status_code == 503
        assert served.call("GET", "/health/live").status_code == 200


def test_a_full_redis_is_a_503_and_nothing_is_half_done(own: EmbeddedServer) -> None:
    body = "<p>" + "x" * 5000 + "</p>"
    with connect(own.url) as client, serving(Store(client, "pec"), own.url) as served:
        client.config_set("maxmemory", "1mb")
        full = served.call("POST", "/send", json=pec(body=body))
        assert (full.status_code, "Retry-After" in full.headers) == (503, True)
        assert list(client.scan_iter("pec:upload:*")) == []
        assert jobs(client) == []

        client.config_set("maxmemory", "0")
        assert served.call("POST", "/send", json=pec(body=body)).status_code == 201
        assert len(jobs(client)) == 1


def _fill_to(client: Redis, share: float) -> None:
    for number in range(1000):  # pieces, since Redis holds a long command a second time for a while
        client.set(f"filling:{number}", "x" * 10_000)
    client.config_set("maxmemory", int(client.info("memory")["used_memory"] / share))


def test_from_the_share_where_workers_stop_new_messages_are_a_503_and_repeats_are_answered(
    own: EmbeddedServer,
) -> None:
    with connect(own.url) as client, serving(Store(client, "pec"), own.url) as served:
        v1 = {"account": "acme", "recipient": "a@pec.example", "subject": "x", "body": "y"}
        first = served.call("POST", "/send", json=pec())
        assert served.call("POST", "/v1/messages", json={**v1, "id": "a"}).status_code == 202
        _fill_to(client, 0.87)
        new = _refused(served, "/send", lambda number: pec(subject=f"Altro {number}"))
        under_v1 = _refused(served, "/v1/messages", lambda number: {**v1, "id": f"b-{number}"})

        assert new.json()["success"] is False
        assert under_v1.json()["type"] == "urn:pec:problem:unavailable"
        assert served.call("POST", "/send", json=pec()).json() == first.json()
        again = served.call("POST", "/v1/messages", json={**v1, "id": "a"})
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")


def test_files_are_refused_earlier_so_that_they_do_not_stop_the_workers(own: EmbeddedServer) -> None:
    text = "<p>" + "x" * 5000 + "</p>"
    with connect(own.url) as client, serving(Store(client, "pec"), own.url) as served:
        _fill_to(client, 0.7)

        _refused(served, "/send", lambda number: pec(subject=f"Con file {number}", body=text))
        assert served.call("POST", "/send", json=pec()).status_code == 201


def _refused(served: Served, path: str, body: Callable[[int], dict[str, Any]]) -> requests.Response:
    """Return the first refusal: room that was found is relied on for a second."""
    ends = time.monotonic() + 30
    for number in count():
        answered = served.call("POST", path, json=body(number))
        if answered.status_code == 503:
            assert int(answered.headers["Retry-After"]) >= 1
            return answered
        assert time.monotonic() < ends, "it goes on accepting"
    raise AssertionError


def test_a_job_on_too_few_replicas_is_not_acknowledged_and_repeats_make_no_second(
    own: EmbeddedServer,
) -> None:
    wanted = {"PEC_REDIS_REPLICAS": "1"}
    with connect(own.url) as client, serving(Store(client, "pec"), own.url, environment=wanted) as served:
        statuses = [served.call("POST", "/send", json=pec()).status_code for _ in range(2)]

        assert statuses == [503, 503]
        assert len(jobs(client)) == 1


def test_the_same_request_after_the_window_is_another_pec(own: EmbeddedServer) -> None:
    window = {"PEC_GATEWAY__REPEAT_WINDOW_SECONDS": "1"}
    with connect(own.url) as client, serving(Store(client, "pec"), own.url, environment=window) as served:
        first = served.call("POST", "/send", json=pec()).json()["message_id"]
        while list(client.scan_iter("pec:once:*")):
            pass
        second = served.call("POST", "/send", json=pec()).json()["message_id"]

        assert first != second
        assert len({job["id"] for job in jobs(client)}) == 2


def test_a_request_without_an_answer_is_one_pec_however_long_it_is_repeated(own: EmbeddedServer) -> None:
    environment = {"PEC_REDIS_REPLICAS": "1", "PEC_GATEWAY__REPEAT_WINDOW_SECONDS": "1"}
    with connect(own.url) as client:
        with serving(Store(client, "pec"), own.url, environment=environment) as served:
            answers = [served.call("POST", "/send", json=pec()) for _ in range(2)]  # 3 seconds each

        assert [one.status_code for one in answers] == [503, 503]
        assert "within a day" in answers[0].json()["message"]
        assert len(jobs(client)) == 1


def test_without_a_window_and_a_key_a_503_promises_nothing(own: EmbeddedServer) -> None:
    environment = {"PEC_REDIS_REPLICAS": "1", "PEC_GATEWAY__REPEAT_WINDOW_SECONDS": "0"}
    with (
        connect(own.url) as client,
        serving(Store(client, "pec"), own.url, environment=environment) as served,
    ):
        without = served.call("POST", "/send", json=pec())
        with_key = served.call("POST", "/send", json=pec(), headers={"Idempotency-Key": "k"})

    assert [one.status_code for one in (without, with_key)] == [503, 503]
    assert "may send it twice" in without.json()["message"]
    assert "sends nothing twice" in with_key.json()["message"]


def test_a_token_that_holds_its_share_of_redis_is_a_429_and_others_go_on(own: EmbeddedServer) -> None:
    small = {"PEC_API__MAX_BYTES": "10000", "PEC_GATEWAY__TOKEN_SHARE": "0.0001"}
    files = [str(number) * 4500 for number in range(5)]
    with connect(own.url) as client, serving(Store(client, "pec"), own.url, environment=small) as served:
        client.config_set("maxmemory", "100mb")
        other = a_token(Store(client, "pec"), "other")
        v1 = {"account": "acme", "recipient": "a@pec.example", "subject": "x", "id": "m"}
        accepted = [served.call("POST", "/send", json=pec(body=file)).status_code for file in files[:3]]

        vendor = served.call("POST", "/send", json=pec(body=files[3]))
        under_v1 = served.call("POST", "/v1/messages", json={**v1, "body": files[3]})
        upload = served.call("PUT", f"/v1/uploads/{sha256(files[3].encode())}", data=files[3].encode())

        assert accepted == [201, 201, 201]
        assert [one.status_code for one in (vendor, under_v1, upload)] == [429, 429, 429]
        assert under_v1.json()["type"] == "urn:pec:problem:too_much_held"
        assert vendor.headers["Retry-After"] == "30"
        assert served.call("POST", "/send", json=pec(body=files[0])).status_code == 201  # a repeat
        assert served.call("POST", "/send", token=other, json=pec(body=files[4])).status_code == 201
        assert len(jobs(client)) == 4
        for held in client.scan_iter("pec:holding:*:bytes"):
            client.set(held, 20_000)  # to the last byte
        client.hset("pec:batch:acme:b", "queued", 1)
        batch = served.call("POST", "/v1/batches", json={"account": "acme", "name": "c", "size": 1})
        cancels = [
            served.call("POST", f"/v1/{name}/cancel").status_code
            for name in ("messages/acme:m", "batches/acme:b")
        ]
        assert (batch.status_code, cancels) == (429, [202, 202])
