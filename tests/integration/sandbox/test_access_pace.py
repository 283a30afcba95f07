"""One token may make so many sends a second, judged by when each request's first byte came."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise

import pytest

from tests.integration.sandbox.schemas import check, failure
from tests.integration.sandbox.serving import AT_ONCE, Served, pec, serving, wait_until

TOO_FAST = failure("Too many requests")


@pytest.fixture(scope="module")
def slow() -> Iterator[Served]:
    tokens = [f"--token={name}" for name in ("first", "second", "third", "fourth", "fifth")]
    with serving(*tokens, "--rate", "0.01") as served:
        yield served


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_an_excess_send_is_429_says_when_to_come_back_and_is_recorded(slow: Served) -> None:
    assert slow.send("a@pec.example", headers=bearer("first")).status_code == 201
    answer = slow.send("a@pec.example", headers=bearer("first"), subject="excess")

    check(answer, 429, TOO_FAST)
    assert 60 <= int(answer.headers["retry-after"]) <= 100
    assert slow.sent_with("excess") == []
    assert slow.requests()[-1]["status"] == 429


def test_each_token_has_a_pace_of_its_own(slow: Served) -> None:
    assert slow.send("a@pec.example", headers=bearer("second")).status_code == 201
    assert slow.send("a@pec.example", headers=bearer("third")).status_code == 201


def test_other_operations_have_no_pace(slow: Served) -> None:
    for _ in range(5):
        assert slow.call("GET", "/inbox", headers=bearer("first")).status_code == 200


def test_a_send_that_is_invalid_takes_its_slot_all_the_same(slow: Served) -> None:
    assert slow.call("POST", "/send", data=b"{", headers=bearer("fourth")).status_code == 400
    assert slow.send("a@pec.example", headers=bearer("fourth")).status_code == 429


def test_the_turn_belongs_to_whose_first_byte_came_first_not_to_whose_last(slow: Served) -> None:
    body = json.dumps(pec("a@pec.example", subject="slow upload")).encode()
    head = f"POST /send HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer fifth\r\nContent-Length: {len(body)}"
    before = len(slow.requests())
    with closing(slow.connect()) as early:
        early.sendall(f"{head}\r\n\r\n".encode() + body[:10])
        wait_until(lambda: len(slow.requests()) > before)

        check(slow.send("a@pec.example", headers=bearer("fifth")), 429, TOO_FAST)
        early.sendall(body[10:])
        assert early.recv(12) == b"HTTP/1.1 201"

    assert len(slow.sent_with("slow upload")) == 1


def test_however_many_call_at_once_the_sends_that_pass_are_spaced() -> None:
    rate = 5.0
    with serving(*AT_ONCE, "--rate", str(rate)) as api, ThreadPoolExecutor(4) as callers:
        statuses = list(callers.map(lambda _: api.send("a@pec.example").status_code, range(100)))
        times = [sent["received_at"] for sent in api.sent()]

    assert set(statuses) == {201, 429}
    assert len(times) == statuses.count(201)
    assert all(later - earlier >= 1 / rate - 1e-5 for earlier, later in pairwise(sorted(times)))
