"""Slow, large and malformed requests cost the gateway little, and others nothing."""

import json
import time

from redis import Redis

from pec.store.store import Store
from tests.integration.producers.gateway.calls import answer, connected, head, jobs, pec
from tests.integration.producers.gateway.serving import DEADLINE_SECONDS, Served, a_token


def test_a_body_that_says_it_is_too_large_is_refused_unread(gateway: Served) -> None:
    with connected(gateway) as connection:
        connection.sendall(head(gateway, 10**9))

        assert answer(connection).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_turns_out_too_large_is_refused_on_the_way(gateway: Served, redis: Redis) -> None:
    def endless() -> bytes:
        return b"x" * 1_000_000

    answered = gateway.call("POST", "/send", data=(endless() for _ in range(61)))

    assert answered.status_code == 413
    assert jobs(redis) == []


def test_a_head_that_has_not_ended_after_32_kib_is_refused(gateway: Served) -> None:
    with connected(gateway) as connection:
        connection.sendall(head(gateway, 0, f"X-Long: {'x' * 40_000}").removesuffix(b"\r\n\r\n"))

        assert answer(connection).endswith(b"Invalid HTTP request received.")


def test_no_token_no_reading(gateway: Served) -> None:
    with connected(gateway) as connection:
        connection.sendall(b"POST /send HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000\r\n\r\n")

        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_a_client_that_dawdles_is_cut_off_and_others_are_served_meanwhile(
    gateway: Served, redis: Redis
) -> None:
    with connected(gateway) as silent, connected(gateway) as slow_head, connected(gateway) as slow_body:
        slow_head.sendall(b"GET /health/live HTTP/1.1\r\nHost:")
        slow_body.sendall(head(gateway, 1000) + b"{")
        began = time.monotonic()
        assert gateway.call("POST", "/send", json=pec()).status_code == 201

        assert (answer(silent), answer(slow_head)) == (b"", b"")
        assert answer(slow_body).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < DEADLINE_SECONDS
    assert len(jobs(redis)) == 1


def test_a_client_that_sends_nothing_holds_up_no_other_token(gateway: Served, store: Store) -> None:
    other = a_token(store, "other")
    with connected(gateway) as large, connected(gateway) as rest:
        large.sendall(head(gateway, 60_000_000))
        rest.sendall(head(gateway, 3_999_950))
        gateway.call("GET", "/health/live")
        began = time.monotonic()
        assert gateway.call("POST", "/send", json=pec(), token=other).status_code == 201
        assert time.monotonic() - began < 9


def test_a_client_that_leaves_in_the_middle_has_sent_nothing(gateway: Served, redis: Redis) -> None:
    body = json.dumps(pec()).encode()
    with connected(gateway) as connection:
        connection.sendall(head(gateway, len(body)) + body[:-1])
    assert gateway.call("POST", "/send", json=pec(subject="Altro")).status_code == 201

    assert [job["subject"] for job in jobs(redis)] == ["Altro"]
