"""More requests than a process takes at once are refused, and those in progress go on."""

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
