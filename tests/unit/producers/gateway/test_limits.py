"""More requests than a process takes at once are refused, and those whose answer is not read take no place."""

import asyncio
from typing import Any

import pytest

from producers.gateway import limits
from producers.gateway.limits import Limits


def test_requests_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REQUESTS", 2)

    async def scenario() -> list[int]:
        ends, statuses = asyncio.Event(), list[int]()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await ends.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        limited = Limits(app, min_bytes_per_second=1)
        scope = {"type": "http", "path": "/send", "method": "GET", "headers": [], "query_string": b""}
        running = [asyncio.create_task(limited(dict(scope), receive, send)) for _ in range(3)]
        await asyncio.wait([running[2]])
        ends.set()
        await asyncio.gather(*running)
        return statuses

    assert asyncio.run(scenario()) == [503, 200, 200]


def scope_of(path: str) -> dict[str, Any]:
    return {"type": "http", "path": path, "method": "GET", "headers": [], "query_string": b""}


async def _receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_an_answer_that_is_not_read_is_given_up_and_its_place_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_REQUESTS", 1)
    monkeypatch.setattr(limits, "READ_SECONDS", 0.05)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def scenario() -> list[int]:
        statuses, sent = list[int](), 0

        async def unread(message: Any) -> None:
            nonlocal sent
            sent += 1
            if sent > 2:
                await asyncio.Event().wait()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        limited = Limits(app, min_bytes_per_second=1000)
        async with asyncio.timeout(5):
            await limited(scope_of("/send"), _receive, unread)
        await limited(scope_of("/send"), _receive, send)
        return statuses

    assert asyncio.run(scenario()) == [200]


def test_a_long_answer_that_is_read_slowly_but_steadily_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READ_SECONDS", 0.2)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(10):
            await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})

    async def scenario() -> int:
        bytes_read = 0

        async def slow(message: Any) -> None:
            nonlocal bytes_read
            await asyncio.sleep(0.05)
            bytes_read += len(message.get("body", b""))

        await Limits(app, min_bytes_per_second=1000)(scope_of("/send"), _receive, slow)
        return bytes_read

    assert asyncio.run(scenario()) == 1000


def test_pages_without_a_token_take_no_place_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_REQUESTS", 1)
    monkeypatch.setattr(limits, "MAX_DOCUMENTS", 2)

    async def scenario() -> list[int]:
        ends, statuses = asyncio.Event(), list[int]()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] != "/send":
                await ends.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        limited = Limits(app, min_bytes_per_second=1)
        paths = ("/v1/docs", "/v1/docs/assets/swagger-ui-bundle.js", "/v1/openapi.json", "/send")
        running = [asyncio.create_task(limited(scope_of(path), _receive, send)) for path in paths]
        await asyncio.wait(running[2:])
        ends.set()
        await asyncio.gather(*running)
        return statuses

    assert asyncio.run(scenario()) == [503, 200, 200, 200]
